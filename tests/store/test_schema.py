"""The documented schema is the one that the migrations build."""

from patchring.serve.schema import SCHEMA_FILE
from patchring.store.schema import render_schema
from tests.databases import Cluster, FreshDatabase


def test_the_documented_schema_is_what_the_migrations_build(cluster: Cluster, fresh: FreshDatabase) -> None:
    """docs/schema.sql is up to date; renew it with `python -m patchring.serve.schema --write`."""
    with cluster.connected(fresh.name) as connection:
        assert render_schema(connection, fresh.secrets.names) == SCHEMA_FILE.read_text(encoding="utf-8")


def test_the_schema_text_shows_every_kind_of_change(cluster: Cluster, fresh: FreshDatabase) -> None:
    """A table, column, default, constraint, index, grant, policy, trigger, view and function are each in the text."""
    changes = [
        "CREATE TABLE patchring.extra (tenant_id uuid PRIMARY KEY)",
        "ALTER TABLE patchring.extra ADD note text",
        "ALTER TABLE patchring.extra ALTER note SET DEFAULT 'none'",
        "ALTER TABLE patchring.extra ALTER note SET NOT NULL",
        "ALTER TABLE patchring.extra ADD CHECK (note <> '')",
        "CREATE INDEX extra_note ON patchring.extra (tenant_id, note)",
        "GRANT SELECT ON patchring.extra TO patchring_web",
        "GRANT UPDATE (note) ON patchring.extra TO patchring_web",
        "ALTER TABLE patchring.extra ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE patchring.extra FORCE ROW LEVEL SECURITY",
        "CREATE POLICY everything ON patchring.extra USING (true)",
        "ALTER POLICY everything ON patchring.extra TO patchring_web",
        "CREATE VIEW patchring.seen WITH (security_invoker = true) AS SELECT note FROM patchring.extra",
        "CREATE FUNCTION patchring.react() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER react BEFORE INSERT ON patchring.extra FOR EACH ROW EXECUTE FUNCTION patchring.react()",
        "COMMENT ON TABLE patchring.extra IS 'planted'",
        "CREATE TABLE patchring.parted (at_on date NOT NULL) PARTITION BY RANGE (at_on)",
        "CREATE TABLE patchring.part PARTITION OF patchring.parted DEFAULT",
    ]
    with cluster.connected(fresh.name) as connection:
        seen = [render_schema(connection, fresh.secrets.names)]
        for change in changes:
            connection.execute(change)
            seen.append(render_schema(connection, fresh.secrets.names))
    unseen = [change for change, before, after in zip(changes, seen[:-1], seen[1:], strict=True) if before == after]
    assert unseen == []
