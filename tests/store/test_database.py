"""Transactions: what is kept, what is undone, what is tried again, and a database that goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import pytest
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from patchring.core.ids import TenantId
from patchring.serve.clock import SystemClock
from patchring.store.database import Database, PoolSettings
from patchring.store.errors import (
    AccessRefused,
    CommitUnknown,
    ConnectionLost,
    ConstraintViolated,
    DatabaseUnavailable,
    LockTimeout,
    StatementTimeout,
    StoreError,
    TransactionConflict,
)
from patchring.store.queries import parse_subject
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.transaction import Tx
from tests.databases import Cluster, FreshDatabase

pytestmark = pytest.mark.anyio

ONE, TWO = (TenantId(UUID(int=n)) for n in (1, 2))
EXAMPLE = """
    SET ROLE patchring_owner;
    CREATE TABLE patchring.example (tenant_id uuid NOT NULL, id int NOT NULL, n int NOT NULL CHECK (n < 100),
      PRIMARY KEY (tenant_id, id));
    GRANT SELECT, INSERT, UPDATE ON patchring.example TO patchring_web, patchring_staff;
    SELECT patchring_private.protect('patchring.example');
    RESET ROLE;
"""
QUERIES = parse_subject(
    "example",
    """
-- name: add
INSERT INTO patchring.example (tenant_id, id, n) VALUES (%(tenant_id)s, %(id)s, %(n)s);
-- name: add_many
INSERT INTO patchring.example (tenant_id, id, n)
SELECT tenant_id, id, n FROM jsonb_to_recordset(%(rows)s) AS given (tenant_id uuid, id int, n int);
-- name: all
SELECT tenant_id, id, n FROM patchring.example WHERE tenant_id = ANY (%(tenant_ids)s) ORDER BY tenant_id, id;
-- name: by_id
SELECT id, n FROM patchring.example WHERE tenant_id = %(tenant_id)s AND id = %(id)s;
-- name: lock
SELECT id, n FROM patchring.example WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR UPDATE;
-- name: raise_n
UPDATE patchring.example SET n = n + 1 WHERE tenant_id = %(tenant_id)s AND id = %(id)s;
-- name: sleep
SELECT pg_sleep(%(seconds)s);
-- name: backend
SELECT pg_backend_pid() AS pid;
-- name: settings
SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only;
-- name: wrong
SELECT no_such_column FROM patchring.example WHERE tenant_id = %(tenant_id)s;
""",
)


@pytest.fixture
async def database(cluster: Cluster, fresh: FreshDatabase, anyio_backend: str) -> AsyncIterator[Database]:
    with cluster.connected(fresh.name) as connection:
        connection.execute(EXAMPLE)
        connection.execute("ALTER ROLE patchring_web SET lock_timeout = '200ms'")
        connection.execute("ALTER ROLE patchring_web SET statement_timeout = '2s'")
    async with Database(fresh.admin, fresh.secrets, SystemClock(), PoolSettings(size_max=3, wait_seconds=5)) as opened:
        yield opened
    with cluster.connected(fresh.name) as connection:
        connection.execute("ALTER ROLE patchring_web SET lock_timeout = '5s'")
        connection.execute("ALTER ROLE patchring_web SET statement_timeout = '15s'")


@dataclass(frozen=True)
class Example:
    id: int
    n: int


async def add(tx: Tx, id: int, n: int = 0, tenant_id: TenantId = ONE) -> int:
    return await tx.execute(QUERIES.add, {"tenant_id": tenant_id, "id": id, "n": n})


async def add_all(database: Database, rows: list[tuple[int, int]]) -> None:
    async with database.tenant(Role.WEB, ONE) as tx:
        for id, n in rows:
            await add(tx, id, n)


async def held(database: Database) -> list[tuple[int, int]]:
    """(id, n) of tenant ONE."""
    async with database.tenant(Role.WEB, ONE) as tx:
        return [(row["id"], row["n"]) for row in await tx.all(QUERIES.all, {"tenant_ids": [ONE]})]


async def kill_backends(cluster: Cluster, database: FreshDatabase) -> int:
    """End every session of our logins from outside; how many there were."""
    with cluster.connected() as connection:
        return connection.execute(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = %s AND usename LIKE 'patchring%%'
            """,
            [database.name],
        ).rowcount


async def test_leaving_the_block_commits(database: Database) -> None:
    """The next transaction sees it."""
    async with database.tenant(Role.WEB, ONE) as tx:
        assert await add(tx, 1, 5) == 1
    assert await held(database) == [(1, 5)]


async def test_an_exception_rolls_back(database: Database) -> None:
    """All or nothing, and the exception comes out as it was."""

    async def work() -> None:
        async with database.tenant(Role.WEB, ONE) as tx:
            await add(tx, 1)
            raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        await work()
    assert await held(database) == []


async def test_a_cancelled_task_rolls_back_and_frees_its_connection(database: Database) -> None:
    """A request whose client went away keeps neither rows nor one of the few connections."""
    for _ in range(6):
        began = asyncio.Event()

        async def work(began: asyncio.Event = began) -> None:
            async with database.tenant(Role.WEB, ONE) as tx:
                await add(tx, 1)
                began.set()
                await tx.execute(QUERIES.sleep, {"seconds": 1.5})

        task = asyncio.create_task(work())
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await held(database) == []


async def test_rows_come_as_dicts_or_as_a_dataclass(database: Database) -> None:
    """One, maybe, all, value: each says how many there are to be."""
    key = {"tenant_id": ONE, "id": 1}
    async with database.tenant(Role.WEB, ONE) as tx:
        assert await tx.maybe(QUERIES.by_id, key) is None
        await add(tx, 1, 7)
        assert await tx.one(QUERIES.by_id, key) == {"id": 1, "n": 7}
        assert await tx.one(QUERIES.by_id, key, into=Example) == Example(id=1, n=7)
        assert await tx.maybe(QUERIES.by_id, key, into=Example) == Example(id=1, n=7)
        assert await tx.all(QUERIES.by_id, key, into=Example) == [Example(id=1, n=7)]
        assert await tx.value(QUERIES.by_id, key) == 1


async def test_a_batch_is_one_parameter(database: Database) -> None:
    """A document of rows, written by one statement."""
    rows = [{"tenant_id": str(ONE), "id": id, "n": id * 2} for id in range(3)]
    async with database.tenant(Role.WEB, ONE) as tx:
        assert await tx.execute(QUERIES.add_many, {"rows": Jsonb(rows)}) == 3
    assert await held(database) == [(0, 0), (1, 2), (2, 4)]


async def test_a_wrong_number_of_rows_is_a_bug(database: Database) -> None:
    """`one` of none and `maybe` of two."""
    async with database.tenant(Role.WEB, ONE) as tx:
        with pytest.raises(AssertionError, match=r"example.by_id gave 0 rows"):
            await tx.one(QUERIES.by_id, {"tenant_id": ONE, "id": 1})
        await add(tx, 1)
        await add(tx, 2)
        with pytest.raises(AssertionError, match=r"example.all gave 2 rows"):
            await tx.maybe(QUERIES.all, {"tenant_ids": [ONE]})


async def test_parameters_must_be_exactly_those_of_the_statement(database: Database) -> None:
    """One too many is as suspicious as one too few."""
    async with database.tenant(Role.WEB, ONE) as tx:
        for given in ({"tenant_id": ONE}, {"tenant_id": ONE, "id": 1, "n": 2}):
            with pytest.raises(AssertionError, match=r"example.by_id: parameters \['(id|n)'\]"):
                await tx.one(QUERIES.by_id, given)


async def test_a_savepoint_undoes_its_part_alone(database: Database) -> None:
    """One bad row of a batch does not take the others with it."""
    async with database.tenant(Role.WEB, ONE) as tx:
        await add(tx, 1)
        for ids in ([2, 1], [3]):
            with suppress(ConstraintViolated):
                async with tx.savepoint():
                    for id in ids:
                        await add(tx, id)
    assert await held(database) == [(1, 0), (3, 0)]


async def test_a_swallowed_error_is_not_taken_for_a_commit(database: Database) -> None:
    """The server answers the commit of a broken transaction with a silent rollback; here it is a loud bug."""

    async def work() -> None:
        async with database.tenant(Role.WEB, ONE) as tx:
            await add(tx, 1)
            with suppress(ConstraintViolated):
                await add(tx, 1)

    with pytest.raises(AssertionError, match="savepoint"):
        await work()
    assert await held(database) == []


async def test_a_broken_invariant_is_named(database: Database) -> None:
    """The caller can tell which one it was."""
    for values, constraint, sqlstate in (((1, 0), "example_pkey", "23505"), ((2, 100), "example_n_check", "23514")):
        with pytest.raises(ConstraintViolated) as caught:
            await add_all(database, [(1, 0), values])
        error = caught.value
        assert (error.kind, error.constraint, error.table, error.sqlstate) == (
            "store_constraint",
            constraint,
            "example",
            sqlstate,
        )


async def test_a_set_of_tenants_is_for_the_roles_that_need_it(database: Database) -> None:
    """Staff carry several, web one; a transaction for nobody is a bug."""
    for tenant_id in (ONE, TWO):
        async with database.tenant(Role.WEB, tenant_id) as tx:
            await add(tx, 1, tenant_id=tenant_id)
    async with database.tenant(Role.STAFF, {ONE, TWO}) as tx:
        assert [row["tenant_id"] for row in await tx.all(QUERIES.all, {"tenant_ids": [ONE, TWO]})] == [ONE, TWO]
    async with database.tenant(Role.STAFF, [TWO]) as tx:
        assert [row["tenant_id"] for row in await tx.all(QUERIES.all, {"tenant_ids": [ONE, TWO]})] == [TWO]
    with pytest.raises(AssertionError, match="one tenant at a time"):
        async with database.tenant(Role.WEB, [ONE, TWO]):
            pass


async def test_an_operator_transaction_sees_no_tenant(database: Database) -> None:
    """Also on a connection that had a scope a moment ago."""
    async with database.tenant(Role.WEB, ONE) as tx:
        await add(tx, 1)
    with pytest.raises(AccessRefused, match="no tenant scope"):
        async with database.operator(Role.WEB) as tx:
            await tx.all(QUERIES.all, {"tenant_ids": [ONE]})


async def test_a_foreign_row_is_refused_as_ours_to_handle(database: Database) -> None:
    """The driver's exceptions do not leave the room."""
    with pytest.raises(AccessRefused, match="row-level security"):
        async with database.tenant(Role.WEB, ONE) as tx:
            await add(tx, 1, tenant_id=TWO)


async def test_a_wrong_statement_stays_a_bug(database: Database) -> None:
    """It is not dressed up as an operating error that somebody would try again."""
    with pytest.raises(Exception, match="no_such_column") as caught:
        async with database.tenant(Role.WEB, ONE) as tx:
            await tx.all(QUERIES.wrong, {"tenant_id": ONE})
    assert not isinstance(caught.value, StoreError)


async def test_isolation_and_read_only_are_as_asked(database: Database) -> None:
    """The default is read committed, because permits read stops in a statement of their own."""
    async with database.tenant(Role.WEB, ONE) as tx:
        assert await tx.one(QUERIES.settings) == {"isolation": "read committed", "read_only": "off"}
    async with database.operator(Role.WEB, isolation="repeatable read", read_only=True) as tx:
        assert await tx.one(QUERIES.settings) == {"isolation": "repeatable read", "read_only": "on"}


async def test_a_lock_that_is_not_to_be_had_times_out(database: Database) -> None:
    """The error says that trying again may help."""
    async with database.tenant(Role.WEB, ONE) as tx:
        await add(tx, 1)
    async with database.tenant(Role.WEB, ONE) as holder:
        await holder.one(QUERIES.lock, {"tenant_id": ONE, "id": 1})
        with pytest.raises(LockTimeout) as caught:
            async with database.tenant(Role.WEB, ONE) as tx:
                await tx.one(QUERIES.lock, {"tenant_id": ONE, "id": 1})
    assert caught.value.transient


async def test_a_statement_that_takes_too_long_is_stopped(database: Database) -> None:
    """By the server; it is not tried again by itself."""
    with pytest.raises(StatementTimeout):
        async with database.tenant(Role.WEB, ONE) as tx:
            await tx.execute(QUERIES.sleep, {"seconds": 30})
    assert not StatementTimeout.transient


async def test_a_conflict_is_tried_again_until_it_succeeds(database: Database) -> None:
    """Eight counters at once under serializable isolation: every increment is kept."""
    async with database.tenant(Role.WEB, ONE) as tx:
        await add(tx, 1)
    conflicts = 0

    async def count() -> None:
        nonlocal conflicts
        try:
            async with database.tenant(Role.WEB, ONE, isolation="serializable") as tx:
                await tx.one(QUERIES.by_id, {"tenant_id": ONE, "id": 1})
                await asyncio.sleep(0.01)
                await tx.execute(QUERIES.raise_n, {"tenant_id": ONE, "id": 1})
        except TransactionConflict:
            conflicts += 1
            raise

    await asyncio.gather(*(retried(count, attempts_max=50) for _ in range(8)))
    assert await held(database) == [(1, 8)]
    assert conflicts > 0


async def test_a_deadlock_is_tried_again(cluster: Cluster, fresh: FreshDatabase, database: Database) -> None:
    """Two transactions that lock in opposite orders both end well."""
    with cluster.connected(fresh.name) as connection:
        connection.execute("ALTER ROLE patchring_web SET lock_timeout = '10s'")
        connection.execute("ALTER ROLE patchring_web SET deadlock_timeout = '20ms'")
    async with database.tenant(Role.WEB, ONE) as tx:
        await add(tx, 1)
        await add(tx, 2)
    both_hold_one = asyncio.Barrier(2)
    seen: list[str] = []

    async def raise_both(first: int, second: int) -> None:
        try:
            async with database.tenant(Role.WEB, ONE) as tx:
                await tx.execute(QUERIES.raise_n, {"tenant_id": ONE, "id": first})
                if not seen:
                    await both_hold_one.wait()
                await tx.execute(QUERIES.raise_n, {"tenant_id": ONE, "id": second})
        except TransactionConflict as error:
            seen.append(error.kind)
            raise

    await asyncio.gather(retried(lambda: raise_both(1, 2)), retried(lambda: raise_both(2, 1)))
    assert seen == ["store_conflict"]
    assert await held(database) == [(1, 2), (2, 2)]
    with cluster.connected(fresh.name) as connection:
        connection.execute("ALTER ROLE patchring_web RESET deadlock_timeout")


async def test_what_is_no_ones_fault_but_ours_is_not_tried_again() -> None:
    """A broken invariant stays broken."""
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        raise ConstraintViolated("a", "b", "23505")

    with pytest.raises(ConstraintViolated):
        await retried(work)
    assert calls == 1


async def test_a_commit_of_unknown_end_is_repeated_only_by_who_may() -> None:
    """Doing it twice would be a second permit."""
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        raise CommitUnknown("lost")

    async def at_once(_: float) -> None:
        return None

    with pytest.raises(CommitUnknown):
        await retried(work, sleep=at_once)
    assert calls == 1
    with pytest.raises(CommitUnknown):
        await retried(work, repeatable=True, attempts_max=3, sleep=at_once)
    assert calls == 4


async def test_connections_that_died_in_the_pool_are_replaced_unseen(
    cluster: Cluster, fresh: FreshDatabase, database: Database
) -> None:
    """The server ended every idle session; nobody gets an error."""
    await asyncio.gather(*(held(database) for _ in range(3)))
    assert await kill_backends(cluster, fresh) >= 1
    assert await asyncio.gather(*(held(database) for _ in range(3))) == [[], [], []]


async def test_an_open_transaction_that_loses_its_connection_says_so(
    cluster: Cluster, fresh: FreshDatabase, database: Database
) -> None:
    """Nothing of it is kept, and the next one works."""

    async def work() -> None:
        async with database.tenant(Role.WEB, ONE) as tx:
            await add(tx, 1)
            await kill_backends(cluster, fresh)
            await add(tx, 2)

    with pytest.raises(ConnectionLost):
        await work()
    assert await held(database) == []


async def test_a_connection_lost_at_the_commit_leaves_the_end_unknown(
    cluster: Cluster, fresh: FreshDatabase, database: Database
) -> None:
    """The commit was sent and no answer came: it may have been kept."""

    async def work() -> None:
        async with database.tenant(Role.WEB, ONE) as tx:
            await add(tx, 1)
            await kill_backends(cluster, fresh)

    with pytest.raises(CommitUnknown, match="Look before doing it again"):
        await work()
    assert await held(database) == []


async def test_when_every_connection_is_taken_it_is_said_so(fresh: FreshDatabase) -> None:
    """A queue that does not move is an answer of its own, after a bounded wait."""
    settings = PoolSettings(size_max=1, wait_seconds=0.2)
    async with Database(fresh.admin, fresh.secrets, SystemClock(), settings) as small, small.operator(Role.WEB):
        with pytest.raises(DatabaseUnavailable):
            async with small.operator(Role.WEB):
                pass


async def test_a_role_whose_password_was_not_given_is_a_bug(fresh: FreshDatabase) -> None:
    """A process can only be what it was made to be."""
    only_web = fresh.secrets.only([Role.WEB])
    async with Database(fresh.admin, only_web, SystemClock()) as narrow:
        with pytest.raises(AssertionError, match="was not given the password of the role signer"):
            async with narrow.operator(Role.SIGNER):
                pass


async def test_what_was_closed_stays_closed(fresh: FreshDatabase) -> None:
    """A late caller finds out, and opens no connection that nobody would close."""
    database = Database(fresh.admin, fresh.secrets, SystemClock())
    await database.close()
    with pytest.raises(AssertionError, match="was closed"):
        async with database.operator(Role.WEB):
            pass


async def test_many_callers_share_few_connections(database: Database) -> None:
    """Fifty transactions on three connections, none of which is left behind."""

    async def backend() -> int:
        async with database.operator(Role.WEB) as tx:
            pid: int = await tx.value(QUERIES.backend)
            return pid

    assert len(set(await asyncio.gather(*(backend() for _ in range(50))))) <= 3


async def test_the_raw_connection_is_in_the_transaction(database: Database) -> None:
    """For COPY and the like; what it does is committed with the rest."""
    async with database.tenant(Role.WEB, ONE) as tx:
        assert isinstance(tx.connection, AsyncConnection)
        await tx.connection.execute("INSERT INTO patchring.example VALUES (%s, 9, 9)", [ONE])
    assert await held(database) == [(9, 9)]
