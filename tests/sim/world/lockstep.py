"""Both stores at once: each statement of a world is run on PostgreSQL and in memory, and the answers are compared.

That is the contract of the store in memory. Transactions go one after the other here, so that both see the same.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from patchring.serve.clock import SystemClock
from patchring.sim.world.faults import WorldRates
from patchring.sim.world.memory import MemoryDatabase, MemoryTables
from patchring.sim.world.memory.database import MemoryTx
from patchring.sim.world.runs import WorldResult, result_of
from patchring.sim.world.scenario import scenario_of
from patchring.sim.world.virtual import VirtualLoop
from patchring.sim.world.world import World, build, live, run_world
from patchring.store.database import Database
from patchring.store.queries import Statement
from patchring.store.transaction import NO_PARAMETERS, Parameters, Tx
from tests.databases import Cluster
from tests.sim.world.postgres import PostgresTables, WaitedFor


class BothTables:
    """`compared`: how often each statement was run."""

    def __init__(self, postgres: PostgresTables, memory: MemoryTables) -> None:
        self.postgres = postgres
        self.memory = memory
        self.compared: Counter[str] = Counter()

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        self.postgres.insert(table, row)
        self.memory.insert(table, row)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.memory.rows(table)


class BothTx:
    def __init__(self, postgres: Tx, memory: MemoryTx, compared: Counter[str]) -> None:
        self._postgres = postgres
        self._memory = memory
        self._compared = compared

    async def one(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        rows = await self.all(statement, given, into=into)
        assert len(rows) == 1, f"{statement.full_name} gave {len(rows)} rows"
        return rows[0]

    async def maybe(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None) -> Any:
        rows = await self.all(statement, given, into=into)
        assert len(rows) <= 1, f"{statement.full_name} gave {len(rows)} rows"
        return rows[0] if rows else None

    async def all(
        self, statement: Statement, given: Parameters = NO_PARAMETERS, *, into: Any = None, replan: bool = False
    ) -> Any:
        real: Any = await self._postgres.all(statement, given)
        held = await self._memory.all(statement, given)
        self._compared[statement.full_name] += 1
        assert rows_of(statement, held) == rows_of(statement, real), f"{statement.full_name} given {given}"
        return [into(**row) for row in real] if into else real

    async def value(self, statement: Statement, given: Parameters = NO_PARAMETERS) -> Any:
        return next(iter((await self.one(statement, given)).values()))

    async def execute(self, statement: Statement, given: Parameters = NO_PARAMETERS, *, replan: bool = False) -> int:
        real = await self._postgres.execute(statement, given)
        held = await self._memory.execute(statement, given)
        self._compared[statement.full_name] += 1
        if statement.full_name not in _COUNT_OTHERWISE:
            assert held == real, f"{statement.full_name} touched {held} rows in memory, {real} in PostgreSQL: {given}"
        return real


# Written as one statement with several parts: PostgreSQL counts the rows of the last.
_COUNT_OTHERWISE = frozenset({"stops.lock_shared"})


def rows_of(statement: Statement, rows: list[dict[str, Any]]) -> list[str]:
    """Comparable: an order only where the statement promises one."""
    said = [json.dumps(row, sort_keys=True, default=str) for row in rows]
    return said if "order by" in statement.bare else sorted(said)


class BothDatabases:
    """What use cases take for the database."""

    def __init__(self, postgres: WaitedFor, tables: BothTables) -> None:
        self._postgres = postgres
        self._memory = MemoryDatabase(tables.memory)
        self._compared = tables.compared
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def tenant(self, *names: Any, **how: Any) -> AsyncIterator[BothTx]:
        async with (
            self._alone,
            self._memory.tenant(*names, **how) as memory,
            self._postgres.tenant(*names, **how) as postgres,
        ):
            yield BothTx(postgres, memory, self._compared)

    @asynccontextmanager
    async def operator(self, *names: Any, **how: Any) -> AsyncIterator[BothTx]:
        async with (
            self._alone,
            self._memory.operator(*names, **how) as memory,
            self._postgres.operator(*names, **how) as postgres,
        ):
            yield BothTx(postgres, memory, self._compared)


def run_in_both(cluster: Cluster, seed: int) -> tuple[WorldResult, Counter[str]]:
    """One world in both stores at once; the second: how often each statement gave the same in both."""
    with cluster.fresh() as fresh:
        postgres = PostgresTables(fresh)
        tables = BothTables(postgres, MemoryTables())

        async def body(loop: VirtualLoop) -> tuple[World, float]:
            async with Database(fresh.admin, fresh.secrets, SystemClock()) as database:
                both = BothDatabases(WaitedFor(database, loop), tables)
                world = build(scenario_of(seed), both, tables, WorldRates())
                return world, await live(world)

        world, took_s = run_world(seed, body)
        result = result_of(seed, world, took_s)
        postgres.close()
        return result, tables.compared
