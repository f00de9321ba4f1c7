"""Migrations run once, in order, whole or not at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from patchring.store.errors import MigrationError
from patchring.store.migrate import (
    Migration,
    Phase,
    applied_migrations,
    known_migrations,
    migrate,
    ordered_migrations,
    parse_migration,
    pending_migrations,
    refuse_out_of_turn,
)
from patchring.store.prepare import prepare_database
from patchring.store.roles import RoleNames
from patchring.store.schema import render_schema
from tests.databases import Cluster, FreshDatabase

NAMES = RoleNames()
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ONE = Migration(1, Phase.PRE, "one", "CREATE TABLE patchring_private.one (n int)")
TWO = Migration(2, Phase.PRE, "two", "CREATE TABLE patchring_private.two (n int)")
TWO_POST = Migration(2, Phase.POST, "two", "DROP TABLE patchring_private.one")
BROKEN = Migration(3, Phase.PRE, "broken", "CREATE TABLE patchring_private.three (n int); SELECT 1 / 0")


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[FreshDatabase]:
    """A database without our schemas."""
    with cluster.fresh(template="template1") as database:
        yield database


@pytest.fixture
def connection(cluster: Cluster, empty: FreshDatabase) -> Iterator[psycopg.Connection]:
    with cluster.connected(empty.name) as connected:
        yield connected


def tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'patchring_private' ORDER BY 1")
    return [name for (name,) in rows]


def test_what_is_pending_runs_once(connection: psycopg.Connection) -> None:
    """The second run has nothing to do; a later one does the rest."""
    assert migrate(connection, NAMES, NOON, migrations=[ONE]) == [ONE]
    assert migrate(connection, NAMES, NOON, migrations=[ONE]) == []
    assert migrate(connection, NAMES, NOON, migrations=[ONE, TWO, TWO_POST]) == [TWO, TWO_POST]
    assert tables(connection) == ["migration", "two"]


def test_the_phases_run_apart(connection: psycopg.Connection) -> None:
    """Pre before the new programs start, post when the old ones are gone."""
    ships = [ONE, TWO, TWO_POST]
    assert migrate(connection, NAMES, NOON, frozenset({Phase.PRE}), ships) == [ONE, TWO]
    assert migrate(connection, NAMES, NOON, frozenset({Phase.PRE}), ships) == []
    assert migrate(connection, NAMES, NOON, frozenset({Phase.POST}), ships) == [TWO_POST]


def test_a_failing_migration_leaves_nothing(connection: psycopg.Connection) -> None:
    """What it had done is undone, what ran before stays, and a mended file runs."""
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(connection, NAMES, NOON, migrations=[ONE, TWO, BROKEN])
    assert tables(connection) == ["migration", "one", "two"]
    mended = Migration(3, Phase.PRE, "broken", "CREATE TABLE patchring_private.three (n int)")
    assert migrate(connection, NAMES, NOON, migrations=[ONE, TWO, mended]) == [mended]


def test_a_migration_cannot_end_its_transaction(connection: psycopg.Connection) -> None:
    """A COMMIT in a file would let half of it stay."""
    ends = Migration(1, Phase.PRE, "ends", "SELECT 1; COMMIT")
    with pytest.raises(AssertionError, match="ends its transaction itself"):
        migrate(connection, NAMES, NOON, migrations=[ends])


def test_the_owner_owns_what_migrations_make(connection: psycopg.Connection) -> None:
    """Migrations run as the owner, not as the user that started them."""
    migrate(connection, NAMES, NOON, migrations=[ONE])
    rows = connection.execute("SELECT tableowner FROM pg_tables WHERE schemaname = 'patchring_private'").fetchall()
    assert rows == [("patchring_owner",), ("patchring_owner",)]


def test_a_migration_waits_for_no_lock_forever(
    cluster: Cluster, connection: psycopg.Connection, empty: FreshDatabase
) -> None:
    """It gives up after the lock time-out, rather than queue every reader behind it, and can be run again."""
    migrate(connection, NAMES, NOON, migrations=[ONE])
    alter = Migration(
        2, Phase.PRE, "alter", "SET LOCAL lock_timeout = '50ms'; ALTER TABLE patchring_private.one ADD x int"
    )
    with cluster.connected(empty.name) as reader:
        with reader.transaction():
            reader.execute("SELECT * FROM patchring_private.one")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                migrate(connection, NAMES, NOON, migrations=[ONE, alter])
        assert migrate(connection, NAMES, NOON, migrations=[ONE, alter]) == [alter]


def test_migrations_have_time_outs(connection: psycopg.Connection) -> None:
    """The limits are in force while a migration runs, and only then."""
    keep = Migration(
        1,
        Phase.PRE,
        "keep",
        "CREATE TABLE patchring_private.kept AS"
        " SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement",
    )
    migrate(connection, NAMES, NOON, migrations=[keep])
    assert connection.execute("SELECT lock, statement FROM patchring_private.kept").fetchone() == ("5s", "10min")
    assert connection.execute("SELECT current_setting('lock_timeout')").fetchone() == ("0",)


def test_concurrent_runners_share_the_work(cluster: Cluster, empty: FreshDatabase) -> None:
    """Several machines that start at once run each migration once."""
    slow = [
        Migration(n, Phase.PRE, f"slow_{n}", f"CREATE TABLE patchring_private.t{n} (n int); SELECT pg_sleep(0.05)")
        for n in range(1, 5)
    ]

    def run(_: int) -> list[Migration]:
        with cluster.connected(empty.name) as own:
            return migrate(own, NAMES, NOON, migrations=slow)

    with ThreadPoolExecutor(4) as pool:
        done = [migration for ran in pool.map(run, range(4)) for migration in ran]
    assert sorted(done, key=lambda migration: migration.order) == slow


def test_a_changed_file_is_refused(connection: psycopg.Connection) -> None:
    """A database and its files that disagree are never guessed about; the message says what to do."""
    migrate(connection, NAMES, NOON, migrations=[ONE])
    changed = Migration(1, Phase.PRE, "one", "CREATE TABLE patchring_private.one (n bigint)")
    with pytest.raises(MigrationError, match=r"0001_one.pre.sql was changed .* Restore the file"):
        migrate(connection, NAMES, NOON, migrations=[changed])


def test_an_older_program_refuses_a_newer_database(connection: psycopg.Connection) -> None:
    """Going back needs the backup."""
    migrate(connection, NAMES, NOON, migrations=[ONE, TWO])
    with pytest.raises(MigrationError, match=r"has migration 0002_two.pre.* newer version"):
        migrate(connection, NAMES, NOON, migrations=[ONE])


def test_what_ran_is_remembered(connection: psycopg.Connection) -> None:
    """Number, phase, name, checksum, and the instant that was given."""
    migrate(connection, NAMES, NOON, migrations=[ONE])
    assert applied_migrations(connection, NAMES) == {(1, Phase.PRE): ("one", ONE.checksum)}
    assert connection.execute("SELECT applied_at FROM patchring_private.migration").fetchone() == (NOON,)


def test_a_phase_does_not_overtake_the_other() -> None:
    """Post waits for its pre, and a new version's pre waits for the old version's post."""
    three = Migration(3, Phase.PRE, "three", "")
    with pytest.raises(MigrationError, match=r"0003_three.pre.sql has to run before any post"):
        refuse_out_of_turn([TWO_POST, three], frozenset({Phase.POST}))
    with pytest.raises(MigrationError, match=r"0002_two.post.sql of the version before was never run"):
        refuse_out_of_turn([TWO_POST, three], frozenset({Phase.PRE}))


@pytest.mark.parametrize(
    "name", ["1_short.pre.sql", "0001_Upper.pre.sql", "0001_one.sql", "0001_one.mid.sql", "0001.pre.sql"]
)
def test_a_file_with_another_name_is_a_bug(name: str) -> None:
    """A file that would silently not run is refused."""
    with pytest.raises(AssertionError, match="is called NNNN_name"):
        parse_migration(name, "")


@pytest.mark.parametrize(
    "found",
    [
        [ONE, Migration(3, Phase.PRE, "three", "")],
        [TWO],
        [ONE, Migration(1, Phase.POST, "other_name", "")],
        [ONE, Migration(1, Phase.PRE, "twin", "")],
    ],
)
def test_numbers_have_no_gap_and_no_twin(found: list[Migration]) -> None:
    """Two people who took the same number find out at once."""
    with pytest.raises(AssertionError):
        ordered_migrations(found)


def test_pending_is_what_was_not_applied() -> None:
    """In the order of the files."""
    applied = {(1, Phase.PRE): ("one", ONE.checksum)}
    assert pending_migrations((ONE, TWO, TWO_POST), applied) == (TWO, TWO_POST)


def test_the_way_of_migrating_does_not_change_the_schema(cluster: Cluster, empty: FreshDatabase) -> None:
    """First every pre and then every post comes to the same as one after the other."""
    for phase in Phase:
        prepare_database(empty.admin, empty.secrets, NOON, frozenset({phase}))
    with cluster.connected(empty.name) as one, cluster.fresh() as in_order, cluster.connected(in_order.name) as other:
        assert render_schema(one, NAMES) == render_schema(other, NAMES)
        assert len(applied_migrations(one, NAMES)) == len(known_migrations())
