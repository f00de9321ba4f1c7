"""A segment that asks for people begins only while they are there; a missed window is caught up as the policy says."""

from datetime import timedelta
from typing import Any

import pytest

from patchring.store.ids import new_id
from tests.app.worker.world import POLICY, Device, Product, Tenant, World

pytestmark = pytest.mark.anyio

GOOD = Product()
OWN = "ring: 0, window: any time, remedy: back"


def staffed(world: World, staffing: str) -> tuple[Tenant, Device]:
    tenant = world.add_tenant("msp", "operator", POLICY.replace(OWN, f"{OWN}, staffing: {staffing}"))
    [device] = tenant.add_devices(1, GOOD)
    return tenant, device


def put_shift(world: World, tenant: Tenant, kind: str, acknowledged: bool = False, **more: Any) -> None:
    now = world.clock.now()
    row = {"tenant_id": tenant.tenant_id, "shift_id": new_id(now), "person": "ada", "kind": kind}
    times = {"begins_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=8)}
    said = {"acknowledged_at": now if acknowledged else None, "created_at": now, "created_by": "ada"}
    world.insert("shift", {**row, **times, **said, **more})


async def test_nothing_begins_while_nobody_is_on_call(world: World) -> None:
    """Then somebody is, but has not said that he is there; then he has."""
    tenant, device = staffed(world, "on_call")
    await world.turn()
    assert device.denials == ["nobody_on_call"]
    put_shift(world, tenant, "on_call")
    await world.turn(timedelta(minutes=10))
    await world.turn()
    assert device.denials[-1] == "on_call_silent"
    tenant.rows("update patchring.shift set acknowledged_at = created_at where tenant_id = %(t)s returning 1")
    await world.run(lambda: tenant.states(GOOD) == {"msp-0": "verified"})


async def test_on_shift_needs_a_person_at_work_before_and_after(world: World) -> None:
    tenant, device = staffed(world, "on_shift")
    await world.turn()
    assert device.denials == ["nobody_on_shift"]
    put_shift(world, tenant, "on_call", acknowledged=True)
    await world.turn(timedelta(minutes=10))
    await world.turn()
    assert device.denials[-1] == "nobody_on_shift"
    put_shift(world, tenant, "on_shift")
    await world.run(lambda: tenant.states(GOOD) == {"msp-0": "verified"})


async def test_a_shift_that_was_withdrawn_is_nobodys(world: World) -> None:
    tenant, device = staffed(world, "on_call")
    put_shift(world, tenant, "on_call", acknowledged=True, withdrawn_at=world.clock.now())
    await world.turn()
    assert device.denials == ["nobody_on_call"]


async def test_a_window_that_a_device_missed_is_caught_up(world: World) -> None:
    """One that was there waits for the next; one that was away from before the window until after it does not."""
    night = 'night: {rule: FREQ=DAILY, start: "22:00", lasts: 4h, catch_up: {when_seen: "yes", within: 2d}}'
    policy = POLICY.replace("windows:\n", f"hours: {{monday: 08:00-18:00}}\nwindows:\n  {night}\n")
    tenant = world.add_tenant("msp", "operator", policy.replace(OWN, OWN.replace("any time", "night")))
    [device] = tenant.add_devices(1, GOOD)
    now = world.clock.now()
    assert now.hour == 6, "the last window was from 22:00 to 02:00"
    await world.turn()
    assert device.denials == ["window_closed"]
    tenant.rows(
        "update patchring.device_contact set silent_from_at = %(gone)s, returned_at = %(back)s"
        " where tenant_id = %(t)s returning 1",
        gone=now - timedelta(hours=20),
        back=now - timedelta(minutes=5),
    )
    await world.run(lambda: tenant.states(GOOD) == {"msp-0": "verified"})
