"""Whole rollouts: through the rings of three tenants, halted and taken back, rebooted, approved, joined late."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from patchring.app.rollouts import Started, create_rollout
from patchring.app.work import unit_of_work
from patchring.store.roles import Role
from tests.app.worker.world import POLICY, Product, Tenant, World

pytestmark = pytest.mark.anyio

GOOD = Product()
SERVER = {"class": "server", "criticality": "high"}


def three_tenants(world: World, product: Product, policy: str = POLICY) -> tuple[Tenant, ...]:
    """The MSP with two machines of its own, and two clients with devices for rings 1 to 3."""
    operator = world.add_tenant("msp", "operator", policy)
    clients = [world.add_tenant(slug, policy=policy) for slug in ("alpha", "beta")]
    operator.add_devices(2, product)
    for client in clients:
        client.add_devices(2, product, criticality="low")
        client.add_devices(3, product)
        client.add_devices(2, product, **SERVER)
    return operator, *clients


def all_are(tenants: tuple[Tenant, ...], product: Product, state: str) -> bool:
    return all(tenant.rollout(product)["state"] == state for tenant in tenants)


def evidence(world: World) -> list[tuple[Any, ...]]:
    """Ring, tenants, devices, verified, failed."""
    columns = "ring, tenant_count, device_count, verified_count, failed_count"
    return [tuple(row.values()) for row in world.rows(f"select {columns} from patchring.evidence order by ring")]  # noqa: S608


async def test_a_good_patch_goes_ring_by_ring_through_three_tenants(world: World) -> None:
    """Ring 0 is the MSP's; clients without such devices wait for it; everything ends verified and completed."""
    tenants = three_tenants(world, GOOD)
    await world.run(lambda: all_are(tenants, GOOD, "completed"))
    assert [set(tenant.states(GOOD).values()) for tenant in tenants] == [{"verified"}] * 3
    assert [tenant.rings(GOOD) for tenant in tenants] == [["passed"] * 4] * 3
    began = world.rows(
        "select rd.ring, min(a.started_at) as first, max(a.started_at) as last from patchring.action a"
        " join patchring.rollout_device rd using (tenant_id, rollout_id, device_id) group by ring order by ring"
    )
    gaps = [(later["first"] - earlier["last"]).total_seconds() for earlier, later in pairwise(began)]
    assert [row["ring"] for row in began] == [0, 1, 2, 3]
    assert min(gaps) >= 10, "a ring began before the one before it had soaked"
    assert evidence(world) == [(0, 1, 2, 2, 0), (1, 2, 4, 4, 0), (2, 2, 6, 6, 0), (3, 2, 4, 4, 0)]
    assert world.slots_in_use() == 0
    assert world.rows("select * from patchring.permit where settled_at is null") == []


async def test_the_first_device_of_a_ring_goes_alone_and_the_batch_grows_with_what_was_verified(world: World) -> None:
    [operator] = [world.add_tenant("msp", "operator")]
    operator.add_devices(12, GOOD)
    offered = []
    for _ in range(4):
        await world.settle()
        offered.append(sum(state == "offered" for state in operator.states(GOOD).values()))
        await world.turn()
    assert offered == [1, 3, 8, 0]


async def test_every_look_at_the_same_instant_changes_nothing(world: World) -> None:
    """All of a good and all of a bad rollout: after each turn everything is looked at again."""
    bad = Product("broken", harms="service:app")
    tenants = three_tenants(world, GOOD)
    for tenant in tenants:
        tenant.add_devices(1, bad)
    world.on_step = world.assert_nothing_new
    await world.run(lambda: all_are(tenants, GOOD, "completed") and tenants[0].rollout(bad)["state"] == "rolled_back")


async def test_a_patch_that_breaks_a_service_is_halted_taken_back_and_held_everywhere(world: World) -> None:
    """It breaks in ring 0: no client's device ever gets it; the MSP's are back on the prior version and verified."""
    bad = Product(harms="service:app")
    operator, *clients = three_tenants(world, bad)
    await world.run(lambda: operator.rollout(bad)["state"] == "rolled_back")
    await world.turn()
    assert operator.states(bad) == {"msp-0": "rolled_back", "msp-1": "waiting"}
    assert operator.devices[0].installed == {"demo": "1.0"}
    assert [set(client.states(bad).values()) for client in clients] == [{"waiting"}] * 2
    [stop] = world.rows("select stop_key, reason, lifted_at from patchring.stop")
    assert stop == {
        "stop_key": "patch:apt:demo=1.1",
        "reason": "demo 1.1 failed where it was installed first",
        "lifted_at": None,
    }
    [hold] = operator.rows("select patch_key, source, released_at, reason from patchring.hold where tenant_id = %(t)s")
    assert (hold["patch_key"], hold["source"], hold["released_at"]) == ("apt:demo=1.1", "incident", None)
    assert hold["reason"].startswith("Ring 0 halted: its first device failed")
    rollout = operator.rollout(bad)
    assert (rollout["halt_scope"], rollout["halt_source"]) == ("patch", "failure")
    assert [reason["code"] for reason in rollout["reasons"]] == ["first_device_failed", "way_back", "remedy_done"]
    assert [reason["code"] for reason in clients[0].rollout(bad)["reasons"]] == ["stopped"]
    assert evidence(world) == [(0, 1, 1, 0, 1), (1, 2, 4, 0, 0), (2, 2, 6, 0, 0), (3, 2, 4, 0, 0)]
    about = ("rollout_", "patch_failed", "patch_offered", "patch_rolled", "hold_", "rollback_", "offers_", "devices_")
    assert [kind for kind in operator.events() if kind.startswith(about)] == [
        "rollout_created",
        "rollout_started",
        "patch_offered",
        "patch_failed",
        "rollout_halted",
        "hold_placed",
        "rollback_started",
        "devices_taken_back",
        "patch_rolled_back",
        "rollout_rolled_back",
    ]
    before = world.rows("select count(*) as n from patchring.permit")
    for _ in range(3):
        await world.turn()
    assert world.rows("select count(*) as n from patchring.permit") == before, "it was offered again while held"


async def test_a_failure_in_a_later_ring_takes_all_that_have_it_back(world: World) -> None:
    """The patch harms clients' ordinary devices only: rings 0 and 1 have it by then and are taken back as well."""
    tenants = three_tenants(world, GOOD)
    for client in tenants[1:]:
        for device in client.devices[2:5]:
            device.products = [Product(harms="service:app")]
    await world.run(lambda: any(t.rollout(GOOD)["state"] == "rolled_back" for t in tenants[1:]))
    await world.turn()
    hurt = next(t for t in tenants[1:] if t.rollout(GOOD)["state"] == "rolled_back")
    assert sorted(hurt.states(GOOD).values()) == ["rolled_back"] * 3 + ["waiting"] * 4
    assert {device.installed["demo"] for device in hurt.devices} == {"1.0"}
    [counts] = hurt.rows(
        "select verified_s_sum, counts from patchring.rollout_ring where tenant_id = %(t)s and ring = 1"
    )
    assert counts == {"verified_s_sum": 0, "counts": {"rolled_back": 2}}
    other = next(t for t in tenants[1:] if t is not hurt)
    assert other.rollout(GOOD)["state"] in ("running", "rolled_back", "halted", "rolling_back")
    assert "offered" not in other.states(GOOD).values()


async def test_an_installation_that_fails_is_settled_and_what_did_not_change_needs_no_way_back(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    first, _ = operator.add_devices(2, GOOD)
    first.failing = {"demo"}
    await world.run(lambda: operator.rollout(GOOD)["state"] == "rolled_back")
    assert operator.states(GOOD) == {"msp-0": "rolled_back", "msp-1": "waiting"}
    permits = world.rows("select outcome from patchring.permit order by granted_at")
    assert permits[0] == {"outcome": "failed"}
    assert world.slots_in_use() == 0


async def test_a_reboot_is_an_action_of_its_own_and_verified_means_after_it(world: World) -> None:
    kernel = Product("kernel", reboot=True)
    operator = world.add_tenant("msp", "operator")
    [device] = operator.add_devices(1, kernel)
    await world.turn()
    await world.settle()
    assert operator.states(kernel) == {"msp-0": "reboot_pending"}
    await world.run(lambda: operator.rollout(kernel)["state"] == "completed")
    assert operator.states(kernel) == {"msp-0": "verified"}
    assert device.boot == 2
    actions = world.rows("select kind, state from patchring.action order by created_at")
    assert actions == [{"kind": "install", "state": "finished"}, {"kind": "reboot", "state": "finished"}]


async def test_a_reboot_that_somebody_else_did_is_not_asked_for_again(world: World) -> None:
    kernel = Product("kernel", reboot=True)
    operator = world.add_tenant("msp", "operator")
    [device] = operator.add_devices(1, kernel)
    await world.turn()
    device.boot, device.reboot_pending = 2, False
    device.report_scan()
    await world.settle()
    assert operator.states(kernel) == {"msp-0": "verified"}
    assert [row["state"] for row in world.rows("select state from patchring.action order by created_at")] == [
        "finished",
        "withdrawn",
    ]


async def test_a_segment_that_never_reboots_is_verified_without(world: World) -> None:
    kernel = Product("kernel", reboot=True)
    policy = POLICY.replace('{name: own, when: {internal: "yes"}', '{name: own, reboot: never, when: {internal: "yes"}')
    operator = world.add_tenant("msp", "operator", policy)
    [device] = operator.add_devices(1, kernel)
    await world.run(lambda: operator.rollout(kernel)["state"] == "completed")
    assert (operator.states(kernel), device.boot) == ({"msp-0": "verified"}, 1)


async def test_what_needs_review_waits_for_a_signed_approval(world: World) -> None:
    other = Product("other")
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(2, other)
    for _ in range(3):
        await world.turn()
    assert operator.rollout(other)["state"] == "awaiting_approval"
    assert world.rows("select * from patchring.action") == []
    operator.approve(other)
    await world.run(lambda: operator.rollout(other)["state"] == "completed")
    assert set(operator.states(other).values()) == {"verified"}


async def test_a_rejection_ends_it_and_nobody_starts_it_again(world: World) -> None:
    other = Product("other")
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(1, other)
    await world.turn()
    operator.approve(other, decision="reject")
    await world.turn()
    assert operator.rollout(other)["state"] == "abandoned"
    operator.add_devices(1, other)
    await world.turn()
    assert len(operator.rows("select 1 from patchring.rollout where tenant_id = %(t)s")) == 1


async def test_only_the_level_automatic_begins_by_itself(world: World) -> None:
    """Observe and recommend decide and start nothing; approve_first makes a rollout that waits."""
    levels = ("observe", "recommend", "approve_first")
    tenants = [
        world.add_tenant(
            level.replace("_", "-"), "operator", POLICY.replace("automation: automatic", f"automation: {level}")
        )
        for level in levels
    ]
    nobody = world.add_tenant("nobody", policy="")
    for tenant in (*tenants, nobody):
        tenant.add_devices(1, GOOD)
    await world.turn()
    text = "select decision from patchring.patch where tenant_id = %(t)s"
    found = {
        tenant.slug: (
            [row["state"] for row in tenant.rows("select state from patchring.rollout where tenant_id = %(t)s")],
            [reason["code"] for reason in tenant.rows(text)[0]["decision"]["reasons"]],
        )
        for tenant in (*tenants, nobody)
    }
    assert found == {
        "observe": ([], ["observes", "rule_matched"]),
        "recommend": ([], ["only_recommended"]),
        "approve-first": (["awaiting_approval"], []),
        "nobody": ([], ["policy_missing"]),
    }


async def test_a_device_that_comes_late_joins_its_ring(world: World) -> None:
    """While the rollout runs, and after it was completed: then it runs again for the one."""
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(2, GOOD)
    await world.turn()
    operator.add_devices(1, GOOD)
    await world.run(lambda: operator.rollout(GOOD)["state"] == "completed")
    assert operator.states(GOOD) == {"msp-0": "verified", "msp-1": "verified", "msp-2": "verified"}
    operator.add_devices(1, GOOD)
    await world.turn()
    await world.run(lambda: operator.rollout(GOOD)["state"] == "completed")
    assert operator.states(GOOD)["msp-3"] == "verified"
    assert len(operator.rows("select 1 from patchring.rollout where tenant_id = %(t)s")) == 1
    assert evidence(world) == [(0, 1, 4, 4, 0)]


async def test_a_device_that_got_the_patch_by_other_means_is_not_waited_for(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    _, other = operator.add_devices(2, GOOD)
    await world.settle()
    other.installed["demo"] = "1.1"
    other.report_scan()
    await world.run(lambda: operator.rollout(GOOD)["state"] == "completed")
    assert operator.states(GOOD) == {"msp-0": "verified", "msp-1": "skipped"}


async def test_silent_devices_are_passed_over_and_taken_in_when_they_return(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    first, *_ = operator.add_devices(3, GOOD)
    first.silent = True
    await world.settle()
    assert operator.states(GOOD)["msp-0"] == "offered"
    world.clock.advance(timedelta(hours=2))
    for _ in range(25):
        await world.turn(timedelta(seconds=30))
    assert operator.states(GOOD) == {"msp-0": "offered", "msp-1": "verified", "msp-2": "verified"}
    first.silent = False
    await world.run(lambda: operator.rollout(GOOD)["state"] == "completed")
    assert operator.states(GOOD)["msp-0"] == "verified"


async def test_a_device_that_begins_and_falls_silent_is_lost_counts_and_keeps_its_slot(world: World) -> None:
    policy = POLICY.replace("on_failure:", "limits: {tenant: 5}\non_failure:")
    operator = world.add_tenant("msp", "operator", policy)
    [device] = operator.add_devices(1, GOOD)
    await world.settle()
    [offer] = world.rows("select action_id, kind, packages from patchring.action")
    answer = await world.ask_permit(device, offer)
    assert answer.permit is not None
    device.say(offer["action_id"], "started", answer.permit.payload["permit_id"])
    device.silent = True
    for _ in range(6):
        await world.turn(timedelta(minutes=1))
    rollout = operator.rollout(GOOD)
    assert (rollout["state"], rollout["reasons"][0]["code"]) == ("rolling_back", "first_device_failed")
    assert operator.states(GOOD) == {"msp-0": "installing"}
    assert world.slots_in_use() == 1
    [row] = world.rows("select reasons from patchring.rollout_device")
    sentence = "it began at 2026-11-23 06:00:02 UTC and was not heard of since 2026-11-23 06:00:00 UTC"
    assert row["reasons"] == [{"code": "lost", "text": sentence, "numbers": {}}]
    device.say(offer["action_id"], "failed", answer.permit.payload["permit_id"], detail="power was cut")
    device.report_scan()
    device.say(offer["action_id"], "finished", answer.permit.payload["permit_id"])
    device.silent = False
    await world.run(lambda: operator.rollout(GOOD)["state"] == "rolled_back")
    assert world.slots_in_use() == 0


RECOMMENDED = POLICY.replace("automation: automatic", "automation: recommend")


async def start(world: World, tenant: Tenant) -> Started:
    """As a person does over the API: under the role web, and before any worker has looked."""
    [patch] = tenant.rows("select patch_id from patchring.patch where tenant_id = %(t)s")
    async with unit_of_work(world.database, Role.WEB, world.clock, "ada", tenant.tenant_id) as work:
        started = await create_rollout(work, patch["patch_id"], by_person=True)
    assert isinstance(started, Started), repr(started)
    return started


async def test_a_client_waits_for_the_ring_0_of_a_rollout_that_no_worker_has_looked_at(world: World) -> None:
    operator, client = world.add_tenant("msp", "operator", RECOMMENDED), world.add_tenant("alpha", policy=RECOMMENDED)
    operator.add_devices(2, GOOD)
    client.add_devices(1, GOOD, criticality="low")
    await world.settle()
    await start(world, operator)
    world.rows("delete from patchring.due where tenant_id = %(t)s returning 1", t=operator.tenant_id)
    assert evidence(world) == [(0, 1, 2, 0, 0)]
    await start(world, client)
    client.approve(GOOD)
    await world.settle()
    assert client.rings(GOOD)[:2] == ["waiting", "waiting"]
    assert client.states(GOOD) == {"alpha-0": "waiting"}


async def test_devices_that_a_rejected_rollout_left_waiting_are_waited_for_by_nobody(world: World) -> None:
    operator, client = world.add_tenant("msp", "operator", RECOMMENDED), world.add_tenant("alpha", policy=RECOMMENDED)
    operator.add_devices(2, GOOD)
    client.add_devices(1, GOOD, criticality="low")
    await world.settle()
    await start(world, operator)
    await start(world, client)
    client.approve(GOOD)
    operator.approve(GOOD, decision="reject")
    await world.run(lambda: client.states(GOOD) == {"alpha-0": "verified"})
    assert evidence(world)[0] == (0, 1, 0, 0, 0)


async def test_two_tenants_that_begin_at_once_begin_one_campaign(world: World) -> None:
    tenants = [world.add_tenant("alpha", policy=RECOMMENDED), world.add_tenant("beta", policy=RECOMMENDED)]
    for tenant in tenants:
        tenant.add_devices(1, GOOD)
    await world.settle()
    [patch] = tenants[0].rows("select patch_id from patchring.patch where tenant_id = %(t)s")
    async with unit_of_work(world.database, Role.WEB, world.clock, "ada", tenants[0].tenant_id) as work:
        await create_rollout(work, patch["patch_id"], by_person=True)
        other = asyncio.create_task(start(world, tenants[1]))
        await asyncio.sleep(0.3)
        assert not other.done(), "it did not wait for the one that had begun"
    await other
    assert len(world.rows("select 1 from patchring.campaign")) == 1
