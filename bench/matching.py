"""Ten thousand advisories against a hundred thousand devices with five hundred distinct sets of packages, and the same
with ten times fewer devices and ten times more sets: what is matched grows with the sets, not with the devices.

The real worker with its real statements on a durable PostgreSQL; the devices are rows, dealt out to ten tenants.
"""

import asyncio
import os
import statistics
import time
from dataclasses import dataclass

import psycopg

from bench.cluster import BenchCluster, device_id, durable_cluster
from bench.figures import Figure, at_least, at_most, shown
from bench.matching_fleet import TENANT_COUNT, advisories, fill, publish
from patchring.app.findings.advice import SHARED
from patchring.app.worker.claim import DueItem, claim
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.serve.clock import SystemClock
from patchring.store.database import Database

DEVICE_COUNT, SET_COUNT = 100_000, 500
FEWER_DEVICES, MORE_SETS = DEVICE_COUNT // 10, SET_COUNT * 10
ALL_S_MAX, ONE_MS_MAX, BY_DEVICES_MAX, BY_SETS_MIN = 10.0, 50.0, 2.0, 3.0
SLOTS, TIMES, CHANGE_COUNT = 6, 2, 21
_WAKE = """
insert into patchring.due (tenant_id, kind, id, wake_at)
select tenant_id, 'catalogue', tenant_id, %s from patchring.tenant_directory
"""
_CHANGE = """
with other as (select scan, package_set from patchring.device_inventory where device_id = %(other)s),
changed as (update patchring.device_inventory as held set scan = other.scan, package_set = other.package_set
  from other where held.device_id = %(device)s)
insert into patchring.due (tenant_id, kind, id, wake_at)
select tenant_id, 'finding', device_id, %(at)s from patchring.device where device_id = %(device)s
"""


@dataclass(frozen=True)
class Passes:
    """Seconds of a look at the catalogue: with nothing open yet; by a process that knows no set, and by one that knows
    them all, with everything open already. `finding_count`: what the first opened."""

    first: float
    unknown: float
    known: float
    finding_count: int

    @property
    def matching(self) -> float:
        return self.unknown - self.known


def run() -> list[Figure]:
    with durable_cluster() as cluster:
        return asyncio.run(_measure(cluster))


async def _measure(cluster: BenchCluster) -> list[Figure]:
    clock, said = SystemClock(), advisories()
    load = os.getloadavg()[0]
    async with Database(cluster.admin, cluster.secrets, clock) as database:
        bench = _Bench(cluster, database, Worker(database, clock, HANDLERS, SLOTS))
        lines = await publish(database, said, clock.now())
        found: dict[tuple[int, int], Passes] = {}
        for devices, sets in ((FEWER_DEVICES, SET_COUNT), (FEWER_DEVICES, MORE_SETS), (DEVICE_COUNT, SET_COUNT)):
            fill(cluster, said, sets, devices, clock.now())
            found[devices, sets] = await bench.passes(sets)
        one_ms = await bench.one_change()
    whole, fewer, more = (
        found[each] for each in ((DEVICE_COUNT, SET_COUNT), (FEWER_DEVICES, SET_COUNT), (FEWER_DEVICES, MORE_SETS))
    )
    name = f"{DEVICE_COUNT:,} devices, {SET_COUNT} sets"
    return [
        shown("load of the machine at the start", load, "processes"),
        shown("advisories", lines.row_count, "advisories"),
        at_most(f"{name}: matched and kept, nothing open before", whole.first, "s", ALL_S_MAX),
        shown("findings that this opens", whole.finding_count, "rows"),
        at_most(f"{name}: matched, with all that open already", whole.unknown, "s", ALL_S_MAX),
        shown("of this the matching", whole.matching, "s"),
        at_most("the matching, 10 times the devices", whole.matching / fewer.matching, "times", BY_DEVICES_MAX),
        at_least("the matching, 10 times the sets", more.matching / fewer.matching, "times", BY_SETS_MIN),
        at_most("the change of one device", one_ms, "ms", ONE_MS_MAX),
    ]


@dataclass(frozen=True)
class _Bench:
    cluster: BenchCluster
    database: Database
    worker: Worker

    async def passes(self, set_count: int) -> Passes:
        """The first can be had once; the others are the best of some, for the machine may be busy."""
        SHARED.forget()
        first = await self._pass()
        unknown, known = [], []
        for _ in range(TIMES):
            SHARED.forget()
            unknown.append(await self._pass())
            advice = SHARED.newest
            matched = advice.matched_count if advice else 0
            assert matched == set_count, f"{matched} sets were matched, of {set_count}"
            known.append(await self._pass())
        return Passes(first, min(unknown), min(known), self._finding_count())

    async def _pass(self) -> float:
        """Every tenant looks at the catalogue, as many at once as a worker does."""
        with psycopg.connect(self.cluster.admin, autocommit=True) as connection:
            connection.execute("vacuum analyze patchring.finding")
            connection.execute(_WAKE, [SystemClock().now()])
        began = time.monotonic()
        items = await claim(self.database, TENANT_COUNT, SystemClock().now())
        assert [item.kind for item in items] == ["catalogue"] * TENANT_COUNT, "every tenant was to be looked at"
        slots = asyncio.Semaphore(SLOTS)
        await asyncio.gather(*(self._do(item, slots) for item in items))
        return time.monotonic() - began

    async def _do(self, item: DueItem, slots: asyncio.Semaphore) -> None:
        async with slots:
            await self.worker.do(item)

    async def one_change(self) -> float:
        """Milliseconds in the median until a device that has other packages now is judged and its findings kept."""
        found = []
        for number in range(1, CHANGE_COUNT + 1):
            given = {"device": device_id(number), "other": device_id(number + 5 * TENANT_COUNT)}
            with psycopg.connect(self.cluster.admin, autocommit=True) as connection:
                connection.execute(_CHANGE, {**given, "at": SystemClock().now()})
            if number % 2:
                SHARED.forget()  # every other set is one that nobody asked about
            [item] = await claim(self.database, 1, SystemClock().now())
            began = time.monotonic()
            await self.worker.do(item)
            found.append((time.monotonic() - began) * 1e3)
        return statistics.median(found)

    def _finding_count(self) -> int:
        with psycopg.connect(self.cluster.admin) as connection:
            row = connection.execute("select count(*) from patchring.finding where known_to is null").fetchone()
        assert row is not None
        left = self._undone()
        assert not left, f"{left} items were not done"
        return int(row[0])

    def _undone(self) -> int:
        with psycopg.connect(self.cluster.admin) as connection:
            row = connection.execute("select count(*) from patchring.due").fetchone()
        assert row is not None
        return int(row[0])
