"""Transactions over tables in memory: one after the other, each undone as a whole when it raises."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from patchring.core.ids import TenantId
from patchring.sim.world.memory.tables import MemoryTables, Row, plain
from patchring.store.queries import Statement
from patchring.store.roles import Role
from patchring.store.transaction import NO_PARAMETERS, Parameters

# A statement as a function: rows, or how many rows it touched.
Run = Callable[[MemoryTables, Mapping[str, Any]], list[Row] | int]
STATEMENTS: dict[str, Run] = {}


def does(statement: str) -> Callable[[Run], Run]:
    """`@does("rollouts.load")`: this function is that statement."""

    def known(run: Run) -> Run:
        assert statement not in STATEMENTS, f"{statement} is written twice"
        STATEMENTS[statement] = run
        return run

    return known


class MemoryTx:
    """What `store.transaction.Tx` is to use cases."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def one(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        rows = self._rows(statement, given, into)
        assert len(rows) == 1, f"{statement.full_name} gave {len(rows)} rows where there must be one"
        return rows[0]

    async def maybe(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        rows = self._rows(statement, given, into)
        assert len(rows) <= 1, f"{statement.full_name} gave {len(rows)} rows where there may be one"
        return rows[0] if rows else None

    async def all(
        self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None, replan: bool = False
    ) -> Any:
        return self._rows(statement, given, into)

    async def value(self, statement: Statement, given: Parameters = NO_PARAMETERS) -> Any:
        return next(iter((await self.one(statement, given)).values()))

    async def execute(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, replan: bool = False) -> int:
        found = self._run(statement, given)
        return found if isinstance(found, int) else len(found)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """No use case of a world has one; what was done before it is not told apart here."""
        yield

    def _rows(self, statement: Statement, given: Parameters, into: Any) -> list[Any]:
        found = self._run(statement, given)
        assert not isinstance(found, int), f"{statement.full_name} gives no rows"
        return [into(**row) for row in found] if into else found

    def _run(self, statement: Statement, given: Parameters) -> list[Row] | int:
        run = STATEMENTS.get(statement.full_name)
        assert run is not None, f"{statement.full_name} is not in the store in memory: write it in sim/world/memory"
        return run(self._tables, {name: plain(value) for name, value in given.items()})


class MemoryDatabase:
    """What `store.database.Database` is to use cases. Nothing in a transaction waits, so each runs alone."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def tenant(self, role: Role, tenant_ids: TenantId | Collection[TenantId], **how: Any) -> "MemoryTransaction":
        return MemoryTransaction(self._tables)

    def operator(self, role: Role, **how: Any) -> "MemoryTransaction":
        return MemoryTransaction(self._tables)


class MemoryTransaction:
    """Kept as a whole when its block ends, or not at all."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def __aenter__(self) -> MemoryTx:
        return MemoryTx(self._tables)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._tables.commit()
        else:
            self._tables.roll_back()
