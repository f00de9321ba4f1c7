"""Transactions that change the same rows at once: none waits for another in a circle, and no count is lost."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from patchring.app.work import Work, unit_of_work
from patchring.app.worker.moves import Place, move_device
from patchring.core.reason import reason
from patchring.core.rollout.states import DeviceEvent, DeviceState
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.testing.clock import ManualClock
from tests.databases import FreshDatabase
from tests.scene import Scene

pytestmark = pytest.mark.anyio
WHY = (reason("permitted", "it has its permit"),)


@pytest.fixture
def scene(fresh: FreshDatabase) -> Iterator[Scene]:
    """Four devices that are offered the patch, two of them in either ring."""
    with psycopg.connect(fresh.admin, autocommit=True, row_factory=dict_row) as connection:
        made = Scene(connection)
        made.add_devices(4)
        connection.execute("update patchring.rollout_ring set counts = '{\"offered\": 2}'")
        yield made


def counts(scene: Scene) -> list[dict[str, int]]:
    rows = scene.connection.execute("select counts from patchring.rollout_ring order by ring").fetchall()
    return [row["counts"] for row in rows]


def place(scene: Scene, device: int, ring: int) -> Place:
    return Place(scene.rollout_id, scene.devices[device].device_id, ring, DeviceState.OFFERED)


async def test_reports_about_two_rings_in_another_order_both_count(database: Database, scene: Scene) -> None:
    """Each has moved its first device before either moves its second."""
    both = asyncio.Barrier(2)

    async def report(first: tuple[int, int], second: tuple[int, int]) -> None:
        async with unit_of_work(database, Role.DISPATCHER, ManualClock(scene.now), "test", scene.tenant_id) as work:
            await move_device(work, place(scene, *first), DeviceEvent.PERMITTED, WHY)
            await both.wait()
            await move_device(work, place(scene, *second), DeviceEvent.PERMITTED, WHY)

    await asyncio.gather(report((0, 0), (1, 1)), report((2, 1), (3, 0)))
    assert counts(scene) == [{"permitted": 2}, {"permitted": 2}]


async def test_who_looks_at_a_rollout_does_not_keep_devices_from_moving_twice(database: Database, scene: Scene) -> None:
    """A row that is changed a second time in a transaction asks for the key of the rollout that it names."""
    clock = ManualClock(scene.now)
    key = {"tenant_id": scene.tenant_id, "rollout_id": scene.rollout_id}

    async def move(work: Work) -> None:
        moved = await move_device(work, place(scene, 0, 1), DeviceEvent.PERMITTED, WHY)
        await move_device(work, moved, DeviceEvent.STARTED, WHY)

    async with unit_of_work(database, Role.DISPATCHER, clock, "looks", scene.tenant_id) as looking:
        assert UUID(str((await looking.tx.one(sql.rollouts.load, key))["rollout_id"])) == scene.rollout_id
        async with unit_of_work(database, Role.DISPATCHER, clock, "reports", scene.tenant_id) as work:
            await move(work)
    assert counts(scene) == [{"offered": 2}, {"offered": 1, "installing": 1}]
