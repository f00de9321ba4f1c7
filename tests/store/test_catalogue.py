"""The rules of the database hold, and the check of each rule catches what breaks it."""

from dataclasses import replace

import psycopg
import pytest

from patchring.store.catalogue import read_catalogue
from patchring.store.rules import OPERATOR_TABLES, RULES, violations
from tests.databases import Cluster, FreshDatabase

# A table that breaks nothing, to be broken in one way at a time.
GOOD = """
    CREATE TABLE patchring.planted (tenant_id uuid NOT NULL, id uuid NOT NULL, n int, PRIMARY KEY (tenant_id, id));
    SELECT patchring_private.protect('patchring.planted');
"""
SCOPE = "tenant_id = ANY ((SELECT patchring.scope())::uuid[])"
DEFINER = "RETURNS int LANGUAGE sql SECURITY DEFINER"

# (rule, what is done to the good table, what is named as broken)
PLANTED = [
    ("has_tenant", "CREATE TABLE patchring.stray (id uuid PRIMARY KEY)", "patchring.stray"),
    ("has_tenant", "CREATE TABLE patchring.stray (tenant_id text NOT NULL)", "patchring.stray"),
    ("has_tenant", "CREATE TABLE patchring.stray (tenant_id uuid)", "patchring.stray"),
    ("operator_tables_are_real", "DROP TABLE patchring.refusal_count", "patchring.refusal_count"),
    ("tenant_leads_keys", "ALTER TABLE patchring.planted DROP CONSTRAINT planted_pkey", "patchring.planted"),
    (
        "tenant_leads_keys",
        "ALTER TABLE patchring.planted DROP CONSTRAINT planted_pkey, ADD PRIMARY KEY (id, tenant_id)",
        "patchring.planted.planted_pkey",
    ),
    (
        "tenant_leads_keys",
        "CREATE UNIQUE INDEX across ON patchring.planted (n)",
        "patchring.planted.across",
    ),
    (
        "tenant_leads_keys",
        "CREATE UNIQUE INDEX across ON patchring.planted (abs(n), tenant_id)",
        "patchring.planted.across",
    ),
    (
        "tenant_in_references",
        (
            "ALTER TABLE patchring.planted ADD UNIQUE (tenant_id, n), ADD other uuid,"
            " ADD CONSTRAINT away FOREIGN KEY (other, id) REFERENCES patchring.planted (tenant_id, id)"
        ),
        "patchring.planted.away",
    ),
    ("rows_are_secured", "ALTER TABLE patchring.planted DISABLE ROW LEVEL SECURITY", "patchring.planted"),
    ("rows_are_secured", "ALTER TABLE patchring.planted NO FORCE ROW LEVEL SECURITY", "patchring.planted"),
    ("policies_have_one_form", "DROP POLICY tenant_scope ON patchring.planted", "patchring.planted"),
    ("policies_have_one_form", "CREATE POLICY too ON patchring.planted USING (true)", "patchring.planted"),
    (
        "policies_have_one_form",
        "ALTER POLICY tenant_scope ON patchring.planted USING (tenant_id = ANY (patchring.scope()))",
        "patchring.planted",
    ),
    (
        "policies_have_one_form",
        "ALTER POLICY tenant_scope ON patchring.planted WITH CHECK (true)",
        "patchring.planted",
    ),
    (
        "policies_have_one_form",
        "ALTER POLICY tenant_scope ON patchring.planted TO patchring_web",
        "patchring.planted",
    ),
    (
        "policies_have_one_form",
        (
            "DROP POLICY tenant_scope ON patchring.planted;"
            f"CREATE POLICY tenant_scope ON patchring.planted AS RESTRICTIVE USING ({SCOPE}) WITH CHECK ({SCOPE})"
        ),
        "patchring.planted",
    ),
    (
        "policies_have_one_form",
        (
            "DROP POLICY tenant_scope ON patchring.planted;"
            f"CREATE POLICY tenant_scope ON patchring.planted FOR UPDATE USING ({SCOPE}) WITH CHECK ({SCOPE})"
        ),
        "patchring.planted",
    ),
    ("logins_have_no_powers", "ALTER ROLE patchring_web BYPASSRLS", "patchring_web"),
    ("logins_have_no_powers", "ALTER ROLE patchring_web SUPERUSER", "patchring_web"),
    ("logins_have_no_powers", "ALTER ROLE patchring_web CREATEROLE", "patchring_web"),
    ("logins_have_no_powers", "GRANT patchring_owner TO patchring_web", "patchring_web"),
    ("logins_have_no_powers", "GRANT pg_read_all_data TO patchring_staff", "patchring_staff"),
    ("logins_have_no_powers", "ALTER TABLE patchring.planted OWNER TO patchring_web", "patchring_web"),
    ("logins_have_no_powers", "ALTER ROLE patchring_web RENAME TO patchring_gone", "patchring_web"),
    ("grants_are_about_rows", "GRANT TRUNCATE ON patchring.planted TO patchring_web", "patchring.planted"),
    ("grants_are_about_rows", "GRANT REFERENCES ON patchring.planted TO patchring_web", "patchring.planted"),
    ("grants_are_about_rows", "GRANT TRIGGER ON patchring.planted TO patchring_web", "patchring.planted"),
    ("grants_are_about_rows", "GRANT REFERENCES (n) ON patchring.planted TO patchring_web", "patchring.planted.n"),
    ("grants_are_about_rows", "GRANT SELECT ON patchring.planted TO PUBLIC", "patchring.planted"),
    (
        "grants_are_about_rows",
        "GRANT SELECT ON patchring.planted TO patchring_web WITH GRANT OPTION",
        "patchring.planted",
    ),
    ("grants_are_about_rows", "GRANT CREATE ON SCHEMA patchring TO patchring_web", "patchring"),
    (
        "private_is_private",
        "GRANT SELECT ON patchring_private.scope_key TO patchring_web",
        "patchring_private.scope_key",
    ),
    ("private_is_private", "GRANT USAGE ON SCHEMA patchring_private TO patchring_web", "patchring_private"),
    ("no_way_around_security", "CREATE VIEW patchring.seen AS SELECT * FROM patchring.planted", "patchring.seen"),
    (
        "no_way_around_security",
        "CREATE VIEW patchring.seen WITH (security_invoker = false) AS SELECT * FROM patchring.planted",
        "patchring.seen",
    ),
    ("no_way_around_security", "CREATE MATERIALIZED VIEW patchring.seen AS SELECT 1 AS n", "patchring.seen"),
    ("no_shared_sequences", "CREATE SEQUENCE patchring.counter", "patchring.counter"),
    (
        "keys_are_leakproof",
        (
            "CREATE TYPE patchring.colour AS ENUM ('red'); ALTER TABLE patchring.planted ADD colour patchring.colour;"
            "CREATE INDEX by_colour ON patchring.planted (tenant_id, colour)"
        ),
        "patchring.planted.by_colour",
    ),
    (
        "keys_are_leakproof",
        (
            "ALTER TABLE patchring.planted ADD price numeric(9, 2);"
            "CREATE INDEX by_price ON patchring.planted (tenant_id, price)"
        ),
        "patchring.planted.by_price",
    ),
    ("time_has_its_type", "ALTER TABLE patchring.planted ADD seen_at timestamp", "patchring.planted.seen_at"),
    ("time_has_its_type", "ALTER TABLE patchring.planted ADD seen_at text", "patchring.planted.seen_at"),
    ("time_has_its_type", "ALTER TABLE patchring.planted ADD due_on timestamptz", "patchring.planted.due_on"),
    ("time_has_its_type", "ALTER TABLE patchring.planted ADD lease timestamp", "patchring.planted.lease"),
    (
        "definers_are_listed",
        f"CREATE FUNCTION patchring.sneak() {DEFINER} SET search_path = pg_catalog AS 'SELECT 1'",
        "patchring.sneak()",
    ),
    ("definers_are_listed", "ALTER FUNCTION patchring.scope() RESET search_path", "patchring.scope()"),
    (
        "the_instant_is_a_parameter",
        "ALTER TABLE patchring.planted ADD made_at timestamptz DEFAULT now()",
        "patchring.planted.made_at",
    ),
    (
        "the_instant_is_a_parameter",
        "CREATE FUNCTION patchring.age() RETURNS date LANGUAGE sql AS 'SELECT CURRENT_DATE'",
        "patchring.age()",
    ),
    (
        "ids_come_from_outside",
        "ALTER TABLE patchring.planted ALTER id SET DEFAULT gen_random_uuid()",
        "patchring.planted.id",
    ),
    (
        "ids_come_from_outside",
        "ALTER TABLE patchring.planted ADD place int GENERATED ALWAYS AS IDENTITY",
        "patchring.planted.place",
    ),
]


def test_the_migrated_database_breaks_no_rule(cluster: Cluster, fresh: FreshDatabase) -> None:
    """After the migrations nothing breaks a rule."""
    with cluster.connected(fresh.name) as connection:
        assert violations(read_catalogue(connection, fresh.secrets.names)) == []


@pytest.mark.parametrize(
    ("rule", "planted", "thing"), PLANTED, ids=[f"{rule}-{n}" for n, (rule, *_) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_found(
    cluster: Cluster, template: psycopg.Connection, rule: str, planted: str, thing: str
) -> None:
    """The rule's check names the thing that was planted."""
    template.execute(GOOD)
    assert violations(read_catalogue(template, cluster.secrets.names)) == [], "the good table is no violation"
    template.execute(planted.encode())
    found = [(found.rule, found.thing) for found in violations(read_catalogue(template, cluster.secrets.names))]
    assert (rule, thing) in found


def test_a_partition_needs_a_policy_of_its_own(cluster: Cluster, template: psycopg.Connection) -> None:
    """A partition can be read by its own name, so its parent's policy does not protect it."""
    bounds = "FROM ('2030-01-01') TO ('2030-02-01')"
    template.execute(f"CREATE TABLE patchring.event_later PARTITION OF patchring.event FOR VALUES {bounds}")
    unprotected = [(found.rule, found.thing) for found in violations(read_catalogue(template, cluster.secrets.names))]
    assert unprotected == [
        ("rows_are_secured", "patchring.event_later"),
        ("policies_have_one_form", "patchring.event_later"),
    ]
    template.execute("SELECT patchring_private.protect('patchring.event_later')")
    assert violations(read_catalogue(template, cluster.secrets.names)) == []


def test_a_reference_to_an_operator_table_needs_no_tenant(cluster: Cluster, template: psycopg.Connection) -> None:
    """Operator tables have no tenant that a reference could confuse."""
    template.execute(GOOD)
    template.execute("ALTER TABLE patchring.planted ADD campaign_id uuid REFERENCES patchring.campaign")
    assert violations(read_catalogue(template, cluster.secrets.names)) == []


def test_every_rule_has_a_planted_violation() -> None:
    """A new rule comes with a violation that it catches."""
    assert {rule for rule, *_ in PLANTED} == set(RULES)


def test_a_missing_table_is_no_reason_to_be_quiet(cluster: Cluster, template: psycopg.Connection) -> None:
    """An empty catalogue is reported, not taken for a clean one."""
    whole = read_catalogue(template, cluster.secrets.names)
    empty = replace(whole, relations=[], columns=[], keys=[], policies=[], foreign_keys=[], functions=[])
    assert {found.thing for found in violations(empty)} == set(OPERATOR_TABLES)
