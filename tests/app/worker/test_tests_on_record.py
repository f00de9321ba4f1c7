"""Tests that a segment asks for, on the real worker and signer: its ring waits, and a permit is refused."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from patchring.store.ids import new_id
from tests.app.worker.test_policy import GOOD, operator, reasons
from tests.app.worker.world import POLICY, Tenant, World

pytestmark = pytest.mark.anyio
OWN = "ring: 0, window: any time, remedy: back"
TESTED = POLICY.replace(OWN, f"{OWN}, tests: {{sale: a sale is booked}}")
LACK = "Ring 0 waits: the test “sale” of segment own has no record: a sale is booked"


def about(tenant: Tenant) -> dict[str, Any]:
    [patch] = tenant.rows(
        "select patch_id from patchring.patch where tenant_id = %(t)s and patch_key = %(k)s", k=GOOD.key
    )
    return {"tenant_id": tenant.tenant_id, **patch, "segment": "own"}


def put_record(world: World, tenant: Tenant, passed: bool) -> None:
    now = world.clock.now()
    results = Jsonb([{"case": "sale", "criterion": "a sale is booked", "passed": passed, "note": ""}])
    said = {"devices": ["lab-1"], "results": results, "passed": passed, "recorded_at": now, "recorded_by": "ada"}
    world.insert("test_record", {**about(tenant), "test_record_id": new_id(now), **said})
    tenant.wake_all()


def put_waiver(world: World, tenant: Tenant, confirmed: bool) -> None:
    now = world.clock.now()
    row = {**about(tenant), "test_waiver_id": new_id(now), "reason": "attacked", "expires_at": now + timedelta(hours=1)}
    asked = {"asked_at": now, "asked_by": "vcio:ada", "asked_by_id": new_id(now)}
    second = {"confirmed_at": now, "confirmed_by": "operator:bob", "confirmed_by_id": new_id(now)}
    world.insert("test_waiver", {**row, **asked, **(second if confirmed else {})})
    tenant.wake_all()


async def test_a_ring_opens_when_its_tests_are_on_record(world: World) -> None:
    """Not before, and not on one that failed; then it goes by itself."""
    tenant = operator(world, TESTED)
    tenant.add_devices(2, GOOD)
    await world.turn()
    assert reasons(tenant) == [LACK]
    put_record(world, tenant, passed=False)
    await world.turn()
    assert [text.partition(" failed on ")[0] for text in reasons(tenant)] == [
        "Ring 0 waits: the test “sale” of segment own"
    ]
    assert set(tenant.states(GOOD).values()) == {"waiting"}
    world.clock.advance(timedelta(seconds=1))
    put_record(world, tenant, passed=True)
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert set(tenant.states(GOOD).values()) == {"verified"}


async def test_a_waiver_counts_with_the_second_person(world: World) -> None:
    tenant = operator(world, TESTED)
    tenant.add_devices(1, GOOD)
    await world.turn()
    put_waiver(world, tenant, confirmed=False)
    await world.turn()
    assert reasons(tenant) == [LACK]
    put_waiver(world, tenant, confirmed=True)
    await world.run(lambda: tenant.states(GOOD) == {"msp-0": "verified"})


async def test_a_test_that_failed_after_the_offer_refuses_the_permit(world: World) -> None:
    """At once, before any worker has looked."""
    tenant = operator(world, TESTED)
    [device] = tenant.add_devices(1, GOOD)
    await world.turn()
    put_record(world, tenant, passed=True)
    await world.settle()
    assert tenant.states(GOOD) == {"msp-0": "offered"}
    put_record(world, tenant, passed=False)
    await world.check_in(device)
    assert device.denials == ["test_failed"]
    assert tenant.rows("select * from patchring.permit") == []
