"""A database that breaks now and then: away, lost in the middle, in conflict, unknown at its end; and processes that
die inside a transaction. Over the real store and over the one in memory alike."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

from patchring.core.ids import TenantId
from patchring.sim.world.faults import Fault, WorldFaults
from patchring.store.errors import CommitUnknown, ConnectionLost, DatabaseUnavailable, TransactionConflict
from patchring.store.queries import Statement
from patchring.store.roles import Role
from patchring.store.transaction import NO_PARAMETERS, Parameters, Tx

# The last statement of a transaction at which it may break; most have fewer.
STATEMENTS = 24
_AT_ITS_END = (Fault.COMMIT_LOST, Fault.COMMIT_KEPT_UNKNOWN)


class ProcessDied(BaseException):
    """The process that was in the transaction is gone; nothing in it can catch that."""


class BreakingDatabase:
    """`committed` is called after each transaction that wrote."""

    def __init__(self, inner: Any, faults: WorldFaults, committed: Any = None) -> None:
        self._inner = inner
        self._faults = faults
        self._committed = committed

    def tenant(
        self, role: Role, tenant_ids: TenantId | Collection[TenantId], **how: Any
    ) -> AbstractAsyncContextManager[Any]:
        # A batch of check-ins is the transaction of many callers: who dies in it would be all of them.
        alone = isinstance(tenant_ids, UUID)
        return self._open(self._inner.tenant(role, tenant_ids, **how), not how.get("read_only"), alone)

    def operator(self, role: Role, **how: Any) -> AbstractAsyncContextManager[Any]:
        return self._open(self._inner.operator(role, **how), not how.get("read_only"), alone=True)

    def _open(
        self, inner: AbstractAsyncContextManager[Tx], writes: bool, alone: bool
    ) -> AbstractAsyncContextManager[Any]:
        fault = self._faults.in_transaction(alone)
        committed = self._committed if writes and self._committed is not None else _nobody
        return _Sound(inner, committed) if fault is None else self._broken(inner, committed, fault)

    @asynccontextmanager
    async def _broken(
        self, inner: AbstractAsyncContextManager[Tx], committed: Callable[[], None], fault: Fault
    ) -> AsyncIterator[Any]:
        if fault is Fault.DATABASE_AWAY:
            raise DatabaseUnavailable("the database is away, as it was to be")
        async with inner as tx:
            yield tx if fault in _AT_ITS_END else BreakingTx(tx, fault, self._faults.up_to(STATEMENTS))
            if fault is Fault.COMMIT_LOST:
                raise CommitUnknown("nothing was kept, and nobody was told")
        committed()
        if fault is Fault.COMMIT_KEPT_UNKNOWN:
            raise CommitUnknown("all was kept, and nobody was told")


def _nobody() -> None:
    """Nobody waits for what was committed."""


class _Sound:
    """A transaction to which nothing happens. Most are, so it is no generator."""

    def __init__(self, inner: AbstractAsyncContextManager[Tx], committed: Callable[[], None]) -> None:
        self._inner = inner
        self._committed = committed

    async def __aenter__(self) -> Tx:
        return await self._inner.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        await self._inner.__aexit__(kind, error, trace)
        if kind is None:
            self._committed()


class BreakingTx:
    """Raises at one of its statements, before it is run."""

    def __init__(self, tx: Tx, fault: Fault, statement_count: int) -> None:
        self._tx = tx
        self._fault = fault
        self._left = statement_count

    def _count(self) -> None:
        if self._left == 0:
            raise _ERRORS[self._fault]("as it was to be")
        self._left -= 1

    async def one(self, statement: Statement, given: Parameters = NO_PARAMETERS, **how: Any) -> Any:
        self._count()
        return await self._tx.one(statement, given, **how)

    async def maybe(self, statement: Statement, given: Parameters = NO_PARAMETERS, **how: Any) -> Any:
        self._count()
        return await self._tx.maybe(statement, given, **how)

    async def all(self, statement: Statement, given: Parameters = NO_PARAMETERS, **how: Any) -> Any:
        self._count()
        return await self._tx.all(statement, given, **how)

    async def value(self, statement: Statement, given: Parameters = NO_PARAMETERS) -> Any:
        self._count()
        return await self._tx.value(statement, given)

    async def execute(self, statement: Statement, given: Parameters = NO_PARAMETERS, **how: Any) -> int:
        self._count()
        return await self._tx.execute(statement, given, **how)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return self._tx.savepoint()


_ERRORS: dict[Fault, type[BaseException]] = {
    Fault.CONNECTION_LOST: ConnectionLost,
    Fault.CONFLICT: TransactionConflict,
    Fault.PROCESS_DIED: ProcessDied,
}
