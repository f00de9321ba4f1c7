"""Loads feeds into a PostgreSQL of its own and says what that cost: `python -m bench.feeds_load`, files on standard
input as JSON."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.cluster import BenchCluster, durable_cluster
from bench.figures import peak_memory_mib
from patchring.app.catalogue.parsing import PARSERS
from patchring.app.catalogue.take import Taken, take
from patchring.serve.clock import SystemClock
from patchring.store.database import Database

OBSERVED = datetime(2031, 4, 1, 6, tzinfo=UTC)
"""Later than any of the files was published."""


async def load(database: Database, file: dict[str, str], now: datetime) -> Taken:
    """Read, checked and kept as by a fetch."""
    parsed = PARSERS[file["feed"]](Path(file["path"]).read_bytes(), now, file["part"])
    return await take(database, parsed, now)


async def measure(cluster: BenchCluster, asked: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    found: dict[str, Any] = {"seconds": seconds}
    async with Database(cluster.admin, cluster.secrets, SystemClock()) as database:
        for turn, name in enumerate(("first", "day")):
            now, began, taken = OBSERVED + timedelta(days=turn), time.monotonic(), []
            for file in asked[name]:
                before = time.monotonic()
                taken.append(await load(database, file, now))
                seconds[f"{name}: {Path(file['path']).name}"] = time.monotonic() - before
            counts = [each.appeared_count + each.changed_count + each.vanished_count for each in taken]
            assert all(counts), f"a file changed nothing: {taken}"
            found[name] = {
                "rows": sum(each.row_count for each in taken),
                "changed": sum(counts),
                "seconds": time.monotonic() - began,
                "peak_mib": peak_memory_mib(),
            }
    return found


if __name__ == "__main__":
    with durable_cluster() as cluster:
        print(json.dumps(asyncio.run(measure(cluster, json.load(sys.stdin)))))
