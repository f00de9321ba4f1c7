"""The database is killed and comes back: nothing that was answered is lost, and nobody has to help."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from patchring.serve.clock import SystemClock
from patchring.serve.postgres import EmbeddedPostgres
from patchring.store.database import Database, PoolSettings
from patchring.store.ids import new_id
from patchring.store.prepare import prepare_database
from patchring.store.secrets import StoreSecrets, new_secrets
from tests.api.agent.world import NOW, Device, World, kind_of, make_world, outcomes, progress

pytestmark = pytest.mark.anyio

DEVICE_COUNT, REPORT_COUNT, KILL_COUNT = 6, 25, 3


@pytest.fixture
def postgres() -> Iterator[tuple[EmbeddedPostgres, StoreSecrets]]:
    """A server of the test's own with a durable configuration, because it will be killed."""
    home = Path(tempfile.mkdtemp(prefix="patchring-outage-"))
    try:
        with EmbeddedPostgres(home) as server:
            secrets = new_secrets()
            prepare_database(server.address, secrets, SystemClock().now())
            yield server, secrets
    finally:
        shutil.rmtree(home)


@pytest.fixture
async def fragile(postgres: tuple[EmbeddedPostgres, StoreSecrets], anyio_backend: str) -> AsyncIterator[World]:
    server, secrets = postgres
    async with Database(server.address, secrets, SystemClock(), PoolSettings(wait_seconds=1.0)) as database:
        world = make_world(database, server.address)
        async with world.http:
            yield world
        await world.door.close()


def expect_away(answer: httpx.Response) -> None:
    """To be tried again: nothing was done (503), or nobody knows (504); never another 5xx."""
    assert kind_of(answer) in [(503, "database_away"), (504, "outcome_unknown"), (503, "queue_full")], answer.text
    assert int(answer.headers["retry-after"]) > 0


async def deliver(device: Device, count: int) -> list[str]:
    """Send reports one after another as an agent does: each again until it is acknowledged; their ids."""
    acknowledged = []
    for _ in range(count):
        report = device.report("progress", progress(new_id(NOW)))
        while True:
            answer = await device.send(report)
            if answer.status_code == 200:
                assert outcomes(answer)[0] in ("accepted", "repeated")
                acknowledged.append(report["report_id"])
                break
            expect_away(answer)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.02)
    return acknowledged


async def kill_now_and_then(server: EmbeddedPostgres) -> None:
    """Each time wait until the server runs again; nobody but its own supervisor helps."""
    for _ in range(KILL_COUNT):
        await asyncio.sleep(0.3)
        started, pid = server.start_count, server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.start_count == started:
            await asyncio.sleep(0.02)


async def test_no_acknowledged_report_is_lost_when_the_database_is_killed(
    fragile: World, postgres: tuple[EmbeddedPostgres, StoreSecrets]
) -> None:
    tenants = [fragile.tenant("one"), fragile.tenant("other")]
    devices = [await fragile.device(tenants[number % 2], f"pc-{number}") for number in range(DEVICE_COUNT)]
    killer = asyncio.create_task(kill_now_and_then(postgres[0]))
    delivered = await asyncio.gather(*(deliver(device, REPORT_COUNT) for device in devices))
    await killer
    kept = fragile.rows("select report_id::text from patchring.report")
    assert sorted(report_id for (report_id,) in kept) == sorted(report_id for ids in delivered for report_id in ids)
    assert len(kept) == DEVICE_COUNT * REPORT_COUNT
    woken = fragile.rows("select id::text from patchring.due where kind = 'device'")
    assert {id for (id,) in woken} == {device.device_id for device in devices}


async def test_check_ins_say_when_to_come_back_while_the_database_is_away(
    fragile: World, postgres: tuple[EmbeddedPostgres, StoreSecrets]
) -> None:
    server, _ = postgres
    device = await fragile.device(fragile.tenant())
    await asyncio.to_thread(server.stop)
    expect_away(await device.check_in())
    expect_away(await device.send(device.report("progress", progress(new_id(NOW)))))
    expect_away(await device.post("session", device.session_request()))
    fragile.door.refusals.count("reports", "signature_wrong")
    await asyncio.to_thread(server.start)
    for _ in range(100):
        answer = await device.check_in(uptime_s=99)
        if answer.status_code == 200:
            break
        expect_away(answer)
        await asyncio.sleep(0.05)
    assert fragile.rows("select uptime_s from patchring.device_contact") == [(99,)]
    assert await fragile.refusals() == {("reports", "signature_wrong"): 1}, "counts outlive the outage"
