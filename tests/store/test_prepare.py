"""A database is made fit for Patchring: again and again, by less than a superuser, beside another installation."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from patchring.store.catalogue import read_catalogue
from patchring.store.errors import BrokenSecrets, DatabaseUnavailable, LockTimeout, MissingPrivilege, UnsafeRole
from patchring.store.prepare import prepare_database
from patchring.store.roles import TIME_OUTS, Role, RoleNames
from patchring.store.rules import violations
from patchring.store.schema import render_schema
from patchring.store.secrets import (
    load_or_make_secrets,
    new_secrets,
    read_secrets,
    secrets_from_document,
    write_secrets,
)
from tests.databases import Cluster, FreshDatabase

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clean(cluster: Cluster) -> Iterator[FreshDatabase]:
    """A database without our schemas; the server has our roles already."""
    with cluster.fresh(template="template1") as database:
        yield database


def test_a_second_preparation_changes_nothing(cluster: Cluster, fresh: FreshDatabase) -> None:
    """Every start prepares; the schema and the rights stay as they were."""
    with cluster.connected(fresh.name) as connection:
        before = render_schema(connection, fresh.secrets.names)
        prepare_database(fresh.admin, fresh.secrets, NOON)
        assert render_schema(connection, fresh.secrets.names) == before


def test_preparations_at_the_same_time_all_succeed(clean: FreshDatabase) -> None:
    """Several machines may start at once."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare_database(clean.admin, clean.secrets, NOON), range(4)))


def test_each_role_has_its_time_outs(fresh: FreshDatabase) -> None:
    """The server itself ends what takes too long, whatever became of the client."""
    for role in Role:
        address = make_conninfo(fresh.admin, user=fresh.secrets.names.of(role), password=fresh.secrets.passwords[role])
        with psycopg.connect(address) as session:
            found = [
                session.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [name]).fetchone()
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            ]
        limits = TIME_OUTS[role]
        assert found == [(limits.statement,), (limits.lock,), (limits.idle_in_transaction,)]


def test_the_signer_joins_in_the_order_that_is_written(fresh: FreshDatabase) -> None:
    """A halt waits for permits under way: none spends its time on finding another order."""
    found = {}
    for role in Role:
        address = make_conninfo(fresh.admin, user=fresh.secrets.names.of(role), password=fresh.secrets.passwords[role])
        with psycopg.connect(address) as session:
            found[role] = session.execute("SHOW join_collapse_limit").fetchone()
    assert {role for role, value in found.items() if value == ("1",)} == {Role.SIGNER}


def test_no_password_is_sent_to_the_server(cluster: Cluster) -> None:
    """The server's log of statements would keep it; it gets the SCRAM verifier alone."""
    with cluster.connected() as connection:
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'patchring_web'").fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION"])
def test_a_role_with_powers_is_refused(cluster: Cluster, fresh: FreshDatabase, power: str) -> None:
    """A role that somebody made before us is not trusted to be harmless."""
    with cluster.connected() as connection:
        connection.execute(f"ALTER ROLE patchring_web {power}".encode())
        try:
            with pytest.raises(UnsafeRole, match=f"patchring_web must have no special powers and has: {power}"):
                prepare_database(fresh.admin, fresh.secrets, NOON)
        finally:
            connection.execute(f"ALTER ROLE patchring_web NO{power}".encode())


def test_a_user_who_may_make_roles_is_enough(cluster: Cluster) -> None:
    """An external server's administrator gives a database and CREATEROLE, and no superuser."""
    secrets = new_secrets("hosted")
    with cluster.connected() as connection:
        connection.execute("CREATE ROLE tenant_admin LOGIN CREATEROLE PASSWORD 'x'")
        connection.execute("CREATE DATABASE hosted OWNER tenant_admin")
    try:
        admin = make_conninfo(cluster.address("hosted"), user="tenant_admin", password="x")
        for _ in range(2):
            prepare_database(admin, secrets, NOON)
        with cluster.connected("hosted") as connection:
            assert violations(read_catalogue(connection, secrets.names)) == []
    finally:
        drop_installation(cluster, "hosted", secrets.names)
        with cluster.connected() as connection:
            connection.execute("DROP ROLE tenant_admin")


def test_a_user_who_may_not_is_told_what_is_missing(cluster: Cluster, clean: FreshDatabase) -> None:
    """The message names the user and the statement that helps."""
    with cluster.connected() as connection:
        connection.execute("CREATE ROLE nobody_special LOGIN PASSWORD 'x'")
        connection.execute(f"GRANT CONNECT ON DATABASE {clean.name} TO nobody_special".encode())
    try:
        address = make_conninfo(clean.admin, user="nobody_special", password="x")
        with pytest.raises(MissingPrivilege, match=r"'nobody_special' .* CREATEROLE"):
            prepare_database(address, new_secrets("other"), NOON)
    finally:
        with cluster.connected(clean.name) as connection:
            connection.execute("DROP OWNED BY nobody_special")
            connection.execute("DROP ROLE nobody_special")


def test_two_installations_live_on_one_server(cluster: Cluster, fresh: FreshDatabase) -> None:
    """Each has a prefix and passwords of its own; the roles of one cannot enter the other's database."""
    second = new_secrets("second")
    with cluster.connected() as connection:
        connection.execute("CREATE DATABASE second")
    try:
        prepare_database(cluster.address("second"), second, NOON)
        with cluster.connected("second") as connection:
            assert violations(read_catalogue(connection, second.names)) == []
        first_web = make_conninfo(fresh.admin, user="patchring_web", password=fresh.secrets.passwords[Role.WEB])
        with psycopg.connect(first_web), pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(first_web, dbname="second")
    finally:
        drop_installation(cluster, "second", second.names)


def test_a_server_that_is_away_is_said_so() -> None:
    """An operating error, not a driver's traceback."""
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        prepare_database("host=/nonexistent dbname=x", new_secrets(), NOON)


def test_a_preparation_that_meets_a_lock_gives_up(cluster: Cluster, fresh: FreshDatabase) -> None:
    """What is in the way is said, and a second try is not harmful."""
    with cluster.connected(fresh.name) as holder, holder.transaction(force_rollback=True):
        holder.execute("LOCK TABLE patchring_private.migration IN ACCESS EXCLUSIVE MODE")
        impatient = make_conninfo(fresh.admin, options="-c lock_timeout=50ms")
        with pytest.raises(LockTimeout, match="Try again"):
            prepare_database(impatient, fresh.secrets, NOON)
    prepare_database(impatient, fresh.secrets, NOON)


def drop_installation(cluster: Cluster, database: str, names: RoleNames) -> None:
    with cluster.connected() as connection:
        connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())
        for name in (*names.logins, names.owner):
            connection.execute(f"DROP ROLE {name}".encode())


def test_secrets_are_made_once_and_read_again(tmp_path: Path) -> None:
    """The file is ours alone, and what is in it comes back whole."""
    path = tmp_path / "store.secrets"
    made = load_or_make_secrets(path)
    assert load_or_make_secrets(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(made.passwords) == set(Role)


def test_a_new_role_gets_its_password_on_the_next_start(tmp_path: Path) -> None:
    """A version that brings a role must not lose the passwords that there are."""
    path = tmp_path / "store.secrets"
    old = new_secrets().only([Role.WEB])
    write_secrets(path, old)
    found = load_or_make_secrets(path)
    assert found.passwords[Role.WEB] == old.passwords[Role.WEB]
    assert set(found.passwords) == set(Role)
    assert read_secrets(path) == found


def test_a_process_is_given_its_own_role_alone() -> None:
    """What a child is handed has no other role's password in it."""
    whole = new_secrets()
    handed = secrets_from_document(whole.only([Role.SIGNER]).document())
    assert handed.passwords == {Role.SIGNER: whole.passwords[Role.SIGNER]}
    assert handed.scope_key == whole.scope_key


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", 0o600),
        ("{}", 0o600),
        ('{"prefix": "p", "scope_key": "00", "passwords": {}}', 0o600),
        ('{"prefix": "p", "scope_key": "zz", "passwords": {}}', 0o600),
        ('{"prefix": "p", "scope_key": "00", "passwords": {"root": "x"}}', 0o600),
        ("{}", 0o644),
    ],
)
def test_a_damaged_secrets_file_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    """It is never replaced by a new one: that would lock the old database's doors."""
    path = tmp_path / "store.secrets"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(BrokenSecrets, match="Restore it from the backup"):
        load_or_make_secrets(path)
    assert path.read_text() == text


def test_secrets_are_not_printed() -> None:
    """Neither key nor password stands in what a log or a traceback would show."""
    held = new_secrets()
    shown = repr(held)
    assert held.scope_key.hex() not in shown
    assert not any(password in shown for password in held.passwords.values())
