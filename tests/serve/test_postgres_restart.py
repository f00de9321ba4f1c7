"""A database that goes away and comes back does not need a restart of the programs that use it."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patchring.serve.clock import SystemClock
from patchring.serve.postgres import EmbeddedPostgres, Settings
from patchring.store.database import Database, PoolSettings
from patchring.store.errors import DatabaseUnavailable
from patchring.store.prepare import prepare_database
from patchring.store.queries import parse_subject
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.secrets import StoreSecrets, new_secrets
from tests.databases import quick_folder

pytestmark = pytest.mark.anyio

COUNT = parse_subject("example", "-- name: count\nSELECT count(*) AS n FROM patchring.due").count


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="patchring-pg-", dir=quick_folder()))
    yield made
    shutil.rmtree(made)


async def count(database: Database) -> int:
    async with database.operator(Role.WEB, read_only=True) as tx:
        found: int = await tx.value(COUNT)
        return found


def prepared(server: EmbeddedPostgres) -> StoreSecrets:
    secrets = new_secrets()
    prepare_database(server.address, secrets, datetime(2026, 11, 23, tzinfo=UTC))
    return secrets


async def test_a_killed_server_is_back_for_the_next_transaction(home: Path, anyio_backend: str) -> None:
    """kill -9 of PostgreSQL: with the retry every caller gets its answer, and nothing that was committed is lost."""
    with EmbeddedPostgres(home) as server:
        async with Database(server.address, prepared(server), SystemClock()) as database:
            await asyncio.gather(*(count(database) for _ in range(8)))
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            answers = await asyncio.gather(*(retried(lambda: count(database), attempts_max=20) for _ in range(8)))
    assert answers == [0] * 8


async def test_a_server_that_was_stopped_for_a_while_is_found_again(home: Path, anyio_backend: str) -> None:
    """While it is down the error says so; afterwards the same pool works, and nobody restarted anything."""
    server = EmbeddedPostgres(home, settings=Settings(durable=False))
    server.start()
    try:
        settings = PoolSettings(size_max=2, wait_seconds=0.5, connect_seconds=1)
        async with Database(server.address, prepared(server), SystemClock(), settings) as database:
            assert await count(database) == 0
            server.stop()
            for _ in range(3):
                with pytest.raises(DatabaseUnavailable):
                    await count(database)
            server.start()
            assert await retried(lambda: count(database), attempts_max=10) == 0
    finally:
        server.stop()
