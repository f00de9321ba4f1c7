"""No permit after a halt's commit: at least a thousand random schedules on a real PostgreSQL.

In each schedule some devices ask for permits while a halt is placed, with random pauses between the steps of both, so
that permit transactions are open while the halt commits. Right after the halt's commit the permits that are there are
counted; none may appear later. With the locks taken out the same schedules must break the promise: otherwise they
would prove nothing.
"""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from patchring.app.permits import PermitOffice, office
from patchring.app.stops import facet_stop, lift_stop, place_stop, rollout_stop
from patchring.serve.clock import SystemClock
from patchring.store.database import Database, PoolSettings
from patchring.store.roles import Role
from tests.databases import FreshDatabase
from tests.scene import Scene

pytestmark = pytest.mark.anyio

SCHEDULES = 1_000
SCHEDULES_WITHOUT_LOCKS_MAX = 300
DEVICES = 3
PAUSE_S = 0.004


@pytest.fixture
def scene(fresh: FreshDatabase) -> Iterator[Scene]:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        made = Scene(connection)
        made.add_devices(DEVICES)
        yield made


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Random pauses inside the signer's transaction: before the locks, and between reading the stops and the commit."""
    chance = random.Random(20261123)
    share, read = office.share_locks, office.stops_in_force

    async def share_later(*given: Any) -> None:
        await asyncio.sleep(chance.random() * PAUSE_S)
        await share(*given)

    async def read_then_wait(*given: Any) -> Any:
        found = await read(*given)
        await asyncio.sleep(chance.random() * PAUSE_S)
        return found

    monkeypatch.setattr(office, "share_locks", share_later)
    monkeypatch.setattr(office, "stops_in_force", read_then_wait)
    return chance


async def late_permits(database: Database, scene: Scene, chance: random.Random, key: str = "") -> tuple[int, int]:
    """One schedule: how many permits were granted, and how many of them became visible after the halt's commit."""
    key = key or rollout_stop(scene.rollout_id)
    signer = PermitOffice(database, SystemClock(), scene.permit_key)

    async def ask(number: int) -> None:
        await asyncio.sleep(chance.random() * PAUSE_S)
        device = scene.devices[number]
        await signer.ask(scene.tenant_id, device.device_id, scene.request(device))

    async def halt() -> int:
        await asyncio.sleep(chance.random() * 4 * PAUSE_S)
        async with database.operator(Role.WEB) as tx:
            await place_stop(tx, key, "schedule", "test", scene.now)
        return scene.count("permit")

    halted, *_ = await asyncio.gather(halt(), *(ask(number) for number in range(DEVICES)))
    granted = scene.count("permit")
    async with database.operator(Role.WEB) as tx:
        await lift_stop(tx, key, "next schedule", "test", scene.now)
    scene.connection.execute("delete from patchring.permit")
    scene.set("action", state="offered")
    return granted, granted - halted


async def test_no_permit_commits_after_a_halt(fresh: FreshDatabase, scene: Scene, pauses: random.Random) -> None:
    async with Database(fresh.admin, fresh.secrets, SystemClock(), PoolSettings(size_max=DEVICES + 1)) as database:
        seen = [await late_permits(database, scene, pauses) for _ in range(SCHEDULES)]
    assert sum(late for _, late in seen) == 0
    mixed = sum(0 < granted < DEVICES for granted, _ in seen)
    assert mixed > SCHEDULES // 20, f"only {mixed} schedules had the halt in the middle of the requests"


async def test_no_permit_commits_after_the_hold_of_a_facet(
    fresh: FreshDatabase, scene: Scene, pauses: random.Random
) -> None:
    """The same for what the gate places: the devices are domain controllers, and those are held."""
    scene.set("device", roles=["domain_controller"])
    key = facet_stop(scene.patch_key, "role/domain_controller")
    async with Database(fresh.admin, fresh.secrets, SystemClock(), PoolSettings(size_max=DEVICES + 1)) as database:
        seen = [await late_permits(database, scene, pauses, key) for _ in range(SCHEDULES // 4)]
    assert sum(late for _, late in seen) == 0
    mixed = sum(0 < granted < DEVICES for granted, _ in seen)
    assert mixed > SCHEDULES // 80, f"only {mixed} schedules had the hold in the middle of the requests"


async def test_without_the_locks_the_same_schedules_break_the_promise(
    fresh: FreshDatabase, scene: Scene, pauses: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_locks(*_: Any) -> None:
        await asyncio.sleep(pauses.random() * PAUSE_S)

    monkeypatch.setattr(office, "share_locks", no_locks)
    async with Database(fresh.admin, fresh.secrets, SystemClock(), PoolSettings(size_max=DEVICES + 1)) as database:
        for _ in range(SCHEDULES_WITHOUT_LOCKS_MAX):
            _, late = await late_permits(database, scene, pauses)
            if late:
                return
    pytest.fail(f"{SCHEDULES_WITHOUT_LOCKS_MAX} schedules without locks kept the promise: they test nothing")
