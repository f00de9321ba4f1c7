"""The way into the database: one pool of connections per role, one scoped transaction at a time.

    async with database.tenant(Role.WEB, tenant_id) as tx:
        device = await tx.maybe(sql.devices.device_by_key, {...})

Leaving the block commits; an exception rolls back. The database may go away and come back at any time: a
transaction that was open then fails with ConnectionLost, and the next one finds a new connection by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from patchring.core.clock import Clock
from patchring.core.ids import TenantId
from patchring.store.errors import CommitUnknown
from patchring.store.roles import OVER_MANY_TENANTS, Role
from patchring.store.scope import SETTING, Scope
from patchring.store.secrets import StoreSecrets
from patchring.store.transaction import Tx, store_errors
from patchring.store.translate import lost

Isolation = Literal["read committed", "repeatable read", "serializable"]
Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True)
class PoolSettings:
    """`wait_seconds`: for a free connection. `statements_prepared` False: behind a pooler that cannot keep them."""

    size_max: int = 8
    wait_seconds: float = 10.0
    connect_seconds: int = 5
    statements_prepared: bool = True


class Database:
    """`clock` is the real one, whatever time the rules live in: it says when a signed scope expires."""

    def __init__(self, address: str, secrets: StoreSecrets, clock: Clock, settings: PoolSettings | None = None) -> None:
        self._address = address
        self._secrets = secrets
        self._clock = clock
        self._settings = settings or PoolSettings()
        self._pools: dict[Role, Pool] = {}
        self._opening = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def tenant(
        self,
        role: Role,
        tenant_ids: TenantId | Collection[TenantId],
        *,
        isolation: Isolation = "read committed",
        read_only: bool = False,
    ) -> AsyncIterator[Tx]:
        """A transaction that sees one tenant, or for staff, ingest and pooler several."""
        scope = Scope.of(TenantId(tenant_ids)) if isinstance(tenant_ids, UUID) else Scope.over(tenant_ids)
        fits = len(scope.tenant_ids) == 1 or role in OVER_MANY_TENANTS
        assert fits, f"the role {role} acts for one tenant at a time, not for {len(scope.tenant_ids)}"
        async with self._transaction(role, scope, isolation, read_only) as tx:
            yield tx

    @asynccontextmanager
    async def operator(
        self, role: Role, *, isolation: Isolation = "read committed", read_only: bool = False
    ) -> AsyncIterator[Tx]:
        """A transaction on operator tables; every tenant table refuses it."""
        async with self._transaction(role, None, isolation, read_only) as tx:
            yield tx

    async def close(self) -> None:
        """Close every connection. A transaction that is still open is rolled back by the server."""
        async with self._opening:
            self._closed = True
            for pool in self._pools.values():
                await pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def _transaction(
        self, role: Role, scope: Scope | None, isolation: Isolation, read_only: bool
    ) -> AsyncIterator[Tx]:
        pool = await self._pool(role)
        mode = f"BEGIN ISOLATION LEVEL {isolation.upper()} {'READ ONLY' if read_only else 'READ WRITE'}"
        connection = await self._begin(pool, role, mode, scope)
        try:
            try:
                yield Tx(connection)
            except BaseException:
                await _roll_back(connection)
                raise
            await _commit(connection, read_only)
        finally:
            await pool.putconn(connection)

    async def _begin(self, pool: Pool, role: Role, mode: str, scope: Scope | None) -> AsyncConnection[Any]:
        """A connection with an open, scoped transaction. One that broke in the pool is replaced unseen."""
        for last_try in (False, True):
            with store_errors():
                connection = await pool.getconn()
                try:
                    await connection.execute(mode.encode())
                    if scope:
                        await self._set_scope(connection, role, scope)
                except BaseException as error:
                    await _roll_back(connection)
                    await pool.putconn(connection)
                    if last_try or not (isinstance(error, psycopg.Error) and lost(error)):
                        raise
                    await pool.check()  # the others of its age are gone as well
                else:
                    return connection
        raise AssertionError("unreachable: the last try returns or raises")

    async def _set_scope(self, connection: AsyncConnection[Any], role: Role, scope: Scope) -> None:
        name = self._secrets.names.of(role)
        text = scope.signed(name, self._secrets.scope_key, self._clock.now())
        await connection.execute("SELECT set_config(%s, %s, true)", [SETTING, text])

    async def _pool(self, role: Role) -> Pool:
        """The role's pool, opened when it is first asked for."""
        async with self._opening:
            assert not self._closed, "the way into the database was closed"
            if role not in self._pools:
                self._pools[role] = self._new_pool(role)
                await self._pools[role].open()
            return self._pools[role]

    def _new_pool(self, role: Role) -> Pool:
        assert role in self._secrets.passwords, f"this process was not given the password of the role {role}"
        settings = self._settings
        conninfo = make_conninfo(
            self._address,
            user=self._secrets.names.of(role),
            password=self._secrets.passwords[role],
            connect_timeout=settings.connect_seconds,
            application_name=f"patchring {role}",
        )
        return AsyncConnectionPool(
            conninfo,
            kwargs={"autocommit": True, "prepare_threshold": 5 if settings.statements_prepared else None},
            min_size=0,
            max_size=settings.size_max,
            timeout=settings.wait_seconds,
            reconnect_timeout=settings.wait_seconds,
            name=f"patchring-{role}",
            open=False,
        )


async def _roll_back(connection: AsyncConnection[Any]) -> None:
    """End the transaction. Where that fails, the connection is closed, and the server rolls back."""
    if connection.closed:
        return
    try:
        await connection.rollback()
    except psycopg.Error:
        with suppress(psycopg.Error):
            await connection.close()


async def _commit(connection: AsyncConnection[Any], read_only: bool) -> None:
    if connection.info.transaction_status is TransactionStatus.INERROR:
        # The server would answer COMMIT with a rollback, and nobody would know.
        await _roll_back(connection)
        raise AssertionError("an error of the database was swallowed; a part that may fail goes into a savepoint")
    with store_errors():
        try:
            await connection.execute("COMMIT")
        except psycopg.Error as error:
            await _roll_back(connection)
            if lost(error) and not read_only:
                raise CommitUnknown(
                    "The connection broke during the commit: it was kept or not. Look before doing it again."
                ) from error
            raise
