"""Worlds on a real PostgreSQL: its tables behind the back of all roles, and a database that virtual time waits for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from patchring.serve.clock import SystemClock
from patchring.sim.world.faults import WorldRates
from patchring.sim.world.memory.tables import INFINITY
from patchring.sim.world.runs import WorldResult, result_of
from patchring.sim.world.scenario import scenario_of
from patchring.sim.world.virtual import VirtualLoop
from patchring.sim.world.world import World, build, live, run_world
from patchring.store.database import Database
from patchring.store.transaction import Tx
from tests.databases import Cluster, FreshDatabase


class PostgresTables:
    """Implements `sim.world.ground.Tables`."""

    def __init__(self, fresh: FreshDatabase) -> None:
        self._connection = psycopg.connect(fresh.admin, autocommit=True, row_factory=dict_row)

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, row))
        marks = sql.SQL(", ").join(map(sql.Placeholder, row))
        name = sql.Identifier("patchring", table)
        statement = sql.SQL("insert into {} ({}) values ({})").format(name, columns, marks)
        self._connection.execute(statement, dict(row))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Infinity is the end of Python's time, as in the store in memory."""
        wake_at = "nullif(wake_at, 'infinity') as wake_at, " if table == "due" else ""
        columns = sql.SQL(wake_at + _OF_DUE if wake_at else "*")
        statement = sql.SQL("select {} from {}").format(columns, sql.Identifier("patchring", table))
        rows = self._connection.execute(statement).fetchall()
        return [{**row, "wake_at": row["wake_at"] or INFINITY} for row in rows] if wake_at else rows

    def close(self) -> None:
        self._connection.close()


_OF_DUE = "tenant_id, kind, id, lease_until, lease_token, attempt_count"


class WaitedFor:
    """While a transaction is open, virtual time stands still."""

    def __init__(self, database: Database, loop: VirtualLoop) -> None:
        self._database = database
        self._loop = loop

    @asynccontextmanager
    async def tenant(self, *names: Any, **how: Any) -> AsyncIterator[Tx]:
        with self._loop.outside():
            async with self._database.tenant(*names, **how) as tx:
                yield tx

    @asynccontextmanager
    async def operator(self, *names: Any, **how: Any) -> AsyncIterator[Tx]:
        with self._loop.outside():
            async with self._database.operator(*names, **how) as tx:
                yield tx


def run_on_postgres(cluster: Cluster, seed: int) -> WorldResult:
    """One world with all its faults in a fresh database of its own."""
    with cluster.fresh() as fresh:
        tables = PostgresTables(fresh)

        async def body(loop: VirtualLoop) -> tuple[World, float]:
            async with Database(fresh.admin, fresh.secrets, SystemClock()) as database:
                world = build(scenario_of(seed), WaitedFor(database, loop), tables, WorldRates())
                return world, await live(world)

        world, took_s = run_world(seed, body)
        result = result_of(seed, world, took_s)
        tables.close()
        return result
