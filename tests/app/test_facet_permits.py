"""Permits under holds of the gate: refused for devices of the facet, granted for the others."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from patchring.app.permits import PermitOffice
from patchring.app.stops import WORKER, facet_stop, place_stop
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.wire.messages import PermitAnswer
from tests.databases import FreshDatabase
from tests.scene import Scene, SceneDevice

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(fresh: FreshDatabase) -> AsyncIterator[Scene]:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        yield Scene(connection)


async def ask(database: Database, scene: Scene, device: SceneDevice) -> PermitAnswer:
    office = PermitOffice(database, SystemClock(), scene.permit_key)
    return await office.ask(scene.tenant_id, device.device_id, scene.request(device))


async def hold(database: Database, scene: Scene, facet: str) -> None:
    async with database.operator(Role.DISPATCHER) as tx:
        await place_stop(tx, facet_stop(scene.patch_key, facet), "they fail", WORKER, scene.now)


async def test_a_device_of_the_held_facet_is_refused_and_another_is_not(database: Database, scene: Scene) -> None:
    [controller] = scene.add_devices(1, roles=["domain_controller"])
    [other] = scene.add_devices(1, roles=["web"])
    await hold(database, scene, "role/domain_controller")
    refused, granted = await ask(database, scene, controller), await ask(database, scene, other)
    assert refused.permit is None
    assert [denied.code for denied in refused.denied] == ["stop_facet"]
    assert refused.denied[0].text.startswith("stopped (facet): they fail (worker, ")
    assert granted.permit is not None


async def test_what_one_tenant_is_held_by_refuses_all_its_devices(database: Database, scene: Scene) -> None:
    [device] = scene.add_devices(1)
    await hold(database, scene, f"own/{scene.tenant_id}")
    assert [denied.code for denied in (await ask(database, scene, device)).denied] == ["stop_facet"]


async def test_what_another_tenant_is_held_by_refuses_nobody_here(database: Database, scene: Scene) -> None:
    [device] = scene.add_devices(1)
    await hold(database, scene, f"own/{scene.rollout_id}")
    assert (await ask(database, scene, device)).permit is not None
