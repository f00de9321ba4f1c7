"""Ten thousand advisories against a hundred thousand devices, with five hundred distinct sets of packages.

The real worker with its real statements on a durable PostgreSQL; the devices are rows.
"""

import asyncio
import os
import statistics
import time

import psycopg

from bench.cluster import BenchCluster, durable_cluster
from bench.figures import Figure, at_most, shown
from bench.matching_fleet import advisories, fill, publish
from patchring.app.worker.claim import claim
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.serve.clock import SystemClock
from patchring.store.database import Database

DEVICE_COUNT, SET_COUNT = 100_000, 500
ALL_S_MAX, ONE_MS_MAX = 10.0, 50.0


def run() -> list[Figure]:
    with durable_cluster() as cluster:
        return asyncio.run(_measure(cluster))


async def _measure(cluster: BenchCluster) -> list[Figure]:
    clock, said = SystemClock(), advisories()
    async with Database(cluster.admin, cluster.secrets, clock) as database:
        worker = Worker(database, clock, HANDLERS)
        await publish(database, said, clock.now())
        t = time.monotonic()
        fill(cluster, said, SET_COUNT, DEVICE_COUNT, clock.now())
        print("fill", time.monotonic() - t, flush=True)
        first = await _pass(cluster, database, worker)
        print("first", first, flush=True)
        again = await _pass(cluster, database, worker)
        print("again", again, flush=True)
        one = await _one(cluster, database, worker)
        print("one", one, flush=True)
        n = _count(cluster)
    return [
        shown("load of the machine", os.getloadavg()[0], "processes"),
        shown("findings", n, "rows"),
        at_most("first", first, "s", ALL_S_MAX),
        at_most("again", again, "s", ALL_S_MAX),
        at_most("one", one, "ms", ONE_MS_MAX),
    ]


async def _pass(cluster: BenchCluster, database: Database, worker: Worker) -> float:
    now = SystemClock().now()
    with psycopg.connect(cluster.admin, autocommit=True) as connection:
        connection.execute("insert into patchring.due (tenant_id, kind, id, wake_at) select tenant_id, 'catalogue', tenant_id, %s from patchring.tenant", [now])
        connection.execute("vacuum analyze patchring.finding")
    began = time.monotonic()
    items = await claim(database, 100, SystemClock().now())
    assert {i.kind for i in items} == {"catalogue"}, items
    slots = asyncio.Semaphore(6)
    async def do(item):
        async with slots:
            await worker.do(item)
    import cProfile, pstats
    p = cProfile.Profile(); p.enable()
    await asyncio.gather(*(do(item) for item in items))
    p.disable(); print(time.monotonic() - began); pstats.Stats(p).sort_stats("tottime").print_stats(18)
    return time.monotonic() - began


async def _one(cluster: BenchCluster, database: Database, worker: Worker) -> float:
    found = []
    with psycopg.connect(cluster.admin, autocommit=True) as connection:
        for n in range(15):
            now = SystemClock().now()
            connection.execute("update patchring.device_inventory as i set scan = o.scan, package_set = o.package_set from patchring.device_inventory as o where i.device_id = ('01900000-0000-7000-8000-' || lpad(to_hex(%s::integer), 12, '0'))::uuid and o.device_id = ('01900000-0000-7000-8000-' || lpad(to_hex(%s::integer), 12, '0'))::uuid", [n * 7, n * 7 + 1000])
            connection.execute("insert into patchring.due (tenant_id, kind, id, wake_at) select tenant_id, 'finding', device_id, %s from patchring.device where device_id = ('01900000-0000-7000-8000-' || lpad(to_hex(%s::integer), 12, '0'))::uuid", [now, n * 7])
            items = await claim(database, 1, SystemClock().now())
            began = time.monotonic()
            await worker.do(items[0])
            found.append((time.monotonic() - began) * 1e3)
    print([round(x) for x in found])
    return statistics.median(found)


def _count(cluster: BenchCluster) -> int:
    with psycopg.connect(cluster.admin) as connection:
        print(connection.execute("select count(*), count(*) filter (where due_at is null), count(*) filter (where known_to is not null) from patchring.finding").fetchone())
        return connection.execute("select count(*) from patchring.finding").fetchone()[0]
