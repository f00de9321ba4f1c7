"""A transaction as use cases see it: named statements in, rows out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, overload

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row, dict_row

from patchring.store.queries import Statement
from patchring.store.translate import translated

Row = dict[str, Any]
Parameters = Mapping[str, Any]
NO_PARAMETERS: Parameters = {}
T = TypeVar("T")


class Tx:
    """Runs named statements inside one open transaction. Rows are dicts, or of the dataclass given as `into`.

    Parameters are exactly those that the statement names; one too many or too few is a bug. A batch is one
    parameter: `Jsonb(rows)` or a list with `%(name)b`. Errors of the database come as StoreError. `replan`: the server
    plans for what is given and for the tables as they are now; a plan that it kept fits what is usual.
    """

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    @overload
    async def one(self, statement: Statement, given: Parameters = ...) -> Row: ...
    @overload
    async def one(self, statement: Statement, given: Parameters = ..., *, into: type[T]) -> T: ...
    async def one(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        """The one row that there must be; none or several is a bug."""
        rows = await self.all(statement, given, into=into)
        assert len(rows) == 1, f"{statement.full_name} gave {len(rows)} rows where there must be one"
        return rows[0]

    @overload
    async def maybe(self, statement: Statement, given: Parameters = ...) -> Row | None: ...
    @overload
    async def maybe(self, statement: Statement, given: Parameters = ..., *, into: type[T]) -> T | None: ...
    async def maybe(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        """The row, or None when there is none; several is a bug."""
        rows = await self.all(statement, given, into=into)
        assert len(rows) <= 1, f"{statement.full_name} gave {len(rows)} rows where there may be one"
        return rows[0] if rows else None

    @overload
    async def all(self, statement: Statement, given: Parameters = ..., *, replan: bool = ...) -> list[Row]: ...
    @overload
    async def all(self, statement: Statement, given: Parameters = ..., *, into: type[T]) -> list[T]: ...
    async def all(
        self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None, replan: bool = False
    ) -> Any:
        """All rows, in the statement's order."""
        async with self._ran(statement, given, into, replan) as cursor:
            return await cursor.fetchall()

    async def value(self, statement: Statement, given: Parameters = NO_PARAMETERS) -> Any:
        """The first column of the one row that there must be."""
        return next(iter((await self.one(statement, given)).values()))

    async def execute(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, replan: bool = False) -> int:
        """Run it for its effect; how many rows it touched."""
        async with self._ran(statement, given, None, replan) as cursor:
            return cursor.rowcount

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail by itself: what it did is undone when it raises, and the rest can go on."""
        with store_errors():
            async with self.connection.transaction():
                yield

    @asynccontextmanager
    async def _ran(
        self, statement: Statement, given: Parameters, into: Any, replan: bool
    ) -> AsyncIterator[AsyncCursor[Any]]:
        _check_parameters(statement, given)
        factory = class_row(into) if into else dict_row
        with store_errors():
            async with self.connection.cursor(row_factory=factory) as cursor:
                await cursor.execute(statement.text.encode(), given or None, prepare=False if replan else None)
                yield cursor


class store_errors:
    """`with store_errors():` raises the driver's exceptions as our own; those that only a bug can cause pass."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, psycopg.Error):
            ours = translated(error)
            if ours:
                raise ours from error


def _check_parameters(statement: Statement, given: Parameters) -> None:
    wrong = statement.parameters ^ given.keys()
    assert not wrong, f"{statement.full_name}: parameters {sorted(wrong)} are missing or not asked for"
