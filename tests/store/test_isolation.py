"""Tenants are kept apart by the database, whatever the programs do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from patchring.core.ids import TenantId
from patchring.store.catalogue import read_catalogue
from patchring.store.roles import Role
from patchring.store.rules import tenant_tables
from patchring.store.scope import SETTING, Scope
from tests.databases import Cluster, FreshDatabase

OURS, THEIRS = (TenantId(UUID(int=n)) for n in (1, 2))
EXAMPLE = """
    CREATE TABLE patchring.example (tenant_id uuid NOT NULL, id uuid NOT NULL, note text, PRIMARY KEY (tenant_id, id));
    GRANT SELECT, INSERT, UPDATE, DELETE ON patchring.example TO
      patchring_web, patchring_staff, patchring_dispatcher, patchring_signer, patchring_ingest, patchring_pooler,
      patchring_feeder;
    SELECT patchring_private.protect('patchring.example');
"""


@pytest.fixture(params=list(Role))
def role(request: pytest.FixtureRequest) -> Role:
    return Role(request.param)


@pytest.fixture(scope="module")
def example(cluster: Cluster) -> Iterator[FreshDatabase]:
    """A database with one more tenant table that every role may use, and two tenants' rows in every table.

    The tests share it: what they change is refused or rolled back.
    """
    with cluster.fresh() as made, cluster.connected(made.name) as connection:
        connection.execute("SET ROLE patchring_owner")
        connection.execute(EXAMPLE)
        connection.execute("RESET ROLE")
        for tenant in (OURS, THEIRS):
            plant_rows(connection, made, tenant)
        yield made


def plant_rows(connection: psycopg.Connection, database: FreshDatabase, tenant: TenantId) -> None:
    """One row of the tenant in every tenant table, with any value of its type in each column that needs one."""
    catalogue = read_catalogue(connection, database.secrets.names)
    connection.execute("SET session_replication_role = replica")  # no foreign keys
    for table in tenant_tables(catalogue):
        checks = connection.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conislocal AND conrelid = %s::regclass",
            [table.name],
        )
        for (name,) in checks.fetchall():
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            connection.execute(drop.format(name_of(table.name), sql.Identifier(name)))
        if table.name == "patchring.event_rest":
            continue  # its row comes through its parent
        needed = [column for column in catalogue.columns_of[table.name].values() if column.required]
        values = {column.name: ANY_VALUE[column.type] for column in needed} | {"tenant_id": str(tenant)}
        columns = sql.SQL(", ").join(map(sql.Identifier, values))
        places = sql.SQL(", ").join(map(sql.Placeholder, values))
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name_of(table.name), columns, places)
        connection.execute(insert, values)
    connection.execute("RESET session_replication_role")


def name_of(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


ANY_VALUE = {
    "uuid": str(uuid4()),
    "text": "x",
    "text[]": "{}",
    "jsonb": "{}",
    "boolean": "true",
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "xid8": "1",
    "date": "2026-11-23",
    "timestamp with time zone": "2026-11-23T12:00:00Z",
    "bytea": "\\x00",
}


@pytest.fixture
def session(example: FreshDatabase, role: Role) -> Iterator[psycopg.Connection]:
    """A connection of the role, in autocommit."""
    with psycopg.connect(login(example, role), autocommit=True) as connection:
        yield connection


def login(database: FreshDatabase, role: Role) -> str:
    name = database.secrets.names.of(role)
    return make_conninfo(database.admin, user=name, password=database.secrets.passwords[role])


def scope_text(database: FreshDatabase, role: Role, *tenants: TenantId, age: timedelta = timedelta(0)) -> str:
    """A scope as the programs would sign it, some time ago."""
    key, name = database.secrets.scope_key, database.secrets.names.of(role)
    return Scope.over(tenants).signed(name, key, datetime.now(UTC) - age)


def present(session: psycopg.Connection, text: str) -> None:
    session.execute("SELECT set_config(%s, %s, true)", [SETTING, text])


@contextmanager
def scoped(session: psycopg.Connection, database: FreshDatabase, role: Role, *tenants: TenantId) -> Iterator[None]:
    """A transaction with the scope of some tenants; rolled back."""
    with session.transaction(force_rollback=True):
        present(session, scope_text(database, role, *tenants))
        yield


def seen_with(session: psycopg.Connection, text: str) -> list[UUID]:
    """The tenants that a transaction sees which presents this text."""
    with session.transaction():
        present(session, text)
        return tenants_seen(session)


def tenants_seen(session: psycopg.Connection) -> list[UUID]:
    return [tenant for (tenant,) in session.execute("SELECT tenant_id FROM patchring.example ORDER BY tenant_id")]


def test_a_scope_shows_its_tenant_alone(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """A query that forgets its WHERE still sees one tenant."""
    assert seen_with(session, scope_text(example, role, OURS)) == [OURS]


def test_a_scope_over_several_shows_those(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """Staff and ingest carry a set."""
    assert seen_with(session, scope_text(example, role, THEIRS, OURS)) == [OURS, THEIRS]


def test_without_a_scope_every_statement_is_refused(session: psycopg.Connection) -> None:
    """Nothing is shown and nothing is changed; the refusal is loud."""
    for statement in (
        "SELECT FROM patchring.example",
        "UPDATE patchring.example SET note = 'x'",
        "DELETE FROM patchring.example",
        "INSERT INTO patchring.example VALUES (gen_random_uuid(), gen_random_uuid())",
    ):
        with pytest.raises(errors.InsufficientPrivilege, match="no tenant scope"):
            session.execute(statement)


def test_the_scope_ends_with_its_transaction(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """The next user of a pooled connection does not inherit it."""
    with session.transaction():
        present(session, scope_text(example, role, OURS))
    with pytest.raises(errors.InsufficientPrivilege, match="no tenant scope"):
        tenants_seen(session)


def test_a_foreign_row_cannot_be_written(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """Neither by inserting it, nor by moving an own row to the other tenant."""
    for statement in (
        "INSERT INTO patchring.example VALUES (%s, gen_random_uuid())",
        "UPDATE patchring.example SET tenant_id = %s",
    ):
        with scoped(session, example, role, OURS), pytest.raises(errors.InsufficientPrivilege, match="row-level"):
            session.execute(statement, [THEIRS])


def test_a_foreign_row_is_not_there_to_be_changed(
    session: psycopg.Connection, example: FreshDatabase, role: Role
) -> None:
    """Update and delete touch the own rows only, even when they name the other tenant."""
    with scoped(session, example, role, OURS):
        changed = session.execute("UPDATE patchring.example SET note = 'x' WHERE tenant_id = %s", [THEIRS])
        deleted = session.execute("DELETE FROM patchring.example WHERE tenant_id = %s", [THEIRS])
        assert (changed.rowcount, deleted.rowcount) == (0, 0)


def test_an_expired_scope_is_refused(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """A scope that was kept for later is worth nothing."""
    with pytest.raises(errors.InsufficientPrivilege, match="expired"):
        seen_with(session, scope_text(example, role, OURS, age=timedelta(minutes=3)))


def test_the_scope_of_another_role_is_refused(session: psycopg.Connection, example: FreshDatabase, role: Role) -> None:
    """What one process may do cannot be lent to another."""
    other = next(other for other in Role if other is not role)
    with pytest.raises(errors.InsufficientPrivilege, match="tenant scope of role"):
        seen_with(session, scope_text(example, other, OURS))


@pytest.mark.parametrize(
    ("forge", "refusal"),
    [
        (lambda text: text.replace(str(OURS), str(THEIRS)), "forged"),
        (lambda text: text.replace("|", f",{THEIRS}|", 4).replace(f",{THEIRS}|", "|", 3), "forged"),
        (lambda text: "|".join([*text.split("|")[:2], "9999999999", *text.split("|")[3:]]), "forged"),
        (lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"), "forged"),
        (lambda text: text[:-64] + "0" * 64, "forged"),
        (lambda text: text[:-64], "malformed"),
        (lambda text: text + "|x", "malformed"),
        (lambda text: "2" + text[1:], "malformed"),
        (lambda text: str(OURS), "malformed"),
        (lambda text: "{" + str(OURS) + "}", "malformed"),
        (lambda text: "|||||", "malformed"),
    ],
)
def test_a_forged_scope_is_refused(example: FreshDatabase, forge, refusal: str) -> None:  # type: ignore[no-untyped-def]
    """An injected statement can set the setting, but not sign it."""
    with psycopg.connect(login(example, Role.WEB), autocommit=True) as session:
        text = forge(scope_text(example, Role.WEB, OURS))
        with pytest.raises(errors.InsufficientPrivilege, match=refusal):
            seen_with(session, text)


def test_nobody_reads_the_key(session: psycopg.Connection) -> None:
    """The function that checks scopes is the only reader."""
    for statement in ("SELECT * FROM patchring_private.scope_key", "SELECT * FROM patchring_private.migration"):
        with pytest.raises(errors.InsufficientPrivilege, match="patchring_private"):
            session.execute(statement)


def test_nobody_becomes_another(session: psycopg.Connection) -> None:
    """No role can take on the owner, or put a table of its own in front of ours."""
    for statement in (
        "SET ROLE patchring_owner",
        "SET SESSION AUTHORIZATION patchring_owner",
        "SET row_security = off; SELECT * FROM patchring.example",
        "CREATE TEMPORARY TABLE example (id int)",
        "CREATE TABLE patchring.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "TRUNCATE patchring.example",
        "ALTER TABLE patchring.example DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_scope ON patchring.example",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute(statement)


def test_the_owner_is_bound_as_well(cluster: Cluster, example: FreshDatabase) -> None:
    """Row-level security is forced: a migration that reads tenants' rows must lift it knowingly."""
    with cluster.connected(example.name) as connection:
        connection.execute("SET ROLE patchring_owner")
        with pytest.raises(errors.InsufficientPrivilege, match="no tenant scope"):
            tenants_seen(connection)


def test_a_scope_is_not_seen_by_other_sessions(example: FreshDatabase) -> None:
    """Running statements are visible to the same role; the scope is a parameter and not in them."""
    with (
        psycopg.connect(login(example, Role.WEB)) as one,
        psycopg.connect(login(example, Role.WEB), autocommit=True) as other,
    ):
        present(one, scope_text(example, Role.WEB, OURS))
        statements = [text for (text,) in other.execute("SELECT query FROM pg_stat_activity WHERE query <> ''")]
        assert any("set_config" in text for text in statements)
        assert not any(str(OURS) in text for text in statements)


def test_every_tenant_table_is_closed_without_a_scope(
    session: psycopg.Connection, role: Role, readable: list[str]
) -> None:
    """Not the example alone: each table that the migrations made, for each role that may read it."""
    for table in readable:
        with pytest.raises(errors.InsufficientPrivilege, match="no tenant scope"):
            session.execute(sql.SQL("SELECT tenant_id FROM {}").format(name_of(table)))


def test_every_tenant_table_shows_its_tenant_alone(
    session: psycopg.Connection, example: FreshDatabase, role: Role, readable: list[str]
) -> None:
    """Both tenants have a row in each table, and a scope shows one of them."""
    for table in readable:
        with scoped(session, example, role, OURS):
            query = sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(name_of(table))
            found = session.execute(query).fetchall()
        assert (table, found) == (table, [(OURS,)])


@pytest.fixture
def readable(cluster: Cluster, example: FreshDatabase, role: Role) -> list[str]:
    """The tenant tables that the role may read."""
    with cluster.connected(example.name) as connection:
        catalogue = read_catalogue(connection, example.secrets.names)
    name = example.secrets.names.of(role)
    granted = {grant.object for grant in catalogue.grants if (grant.grantee, grant.privilege) == (name, "SELECT")}
    found = [table.name for table in tenant_tables(catalogue) if table.name in granted]
    assert "patchring.example" in found
    return found


def test_one_tenants_rows_are_found_by_the_index(cluster: Cluster, example: FreshDatabase) -> None:
    """The policy does not stand between a query for one tenant and the primary key."""
    with cluster.connected(example.name) as connection:
        connection.execute(
            "INSERT INTO patchring.example SELECT gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 5000)"
        )
        connection.execute("ANALYZE patchring.example")
    with psycopg.connect(login(example, Role.WEB)) as session:
        present(session, scope_text(example, Role.WEB, OURS))
        plan = session.execute("EXPLAIN SELECT * FROM patchring.example WHERE tenant_id = %s", [OURS]).fetchall()
    lines = "\n".join(line for (line,) in plan)
    assert "example_pkey" in lines
    assert "Seq Scan on example" not in lines
