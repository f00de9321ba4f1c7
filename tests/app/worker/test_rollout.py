"""What one look at a rollout does: whom it offers to, how far a halt reaches, what it concludes from what it reads."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from patchring.app.rollouts import NotStarted, Started, create_rollout
from patchring.app.work import unit_of_work
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.app.worker.readings import device_minutes, read_counts
from patchring.core.ids import PatchId
from patchring.core.rollout.states import DeviceState
from patchring.store.roles import Role
from tests.app.worker.test_campaign import GOOD, SERVER, all_are, evidence, three_tenants
from tests.app.worker.world import POLICY, Product, Tenant, World

pytestmark = pytest.mark.anyio

BAD = Product(harms="service:app")


async def start_by_hand(world: World, tenant: Tenant, product: Product, role: Role = Role.WEB) -> Started | NotStarted:
    """As the API does it, under its own role."""
    [row] = tenant.rows(
        "select patch_id from patchring.patch where tenant_id = %(t)s and patch_key = %(k)s", k=product.key
    )
    async with unit_of_work(world.database, role, world.clock, "patch_administrator:ada", tenant.tenant_id) as work:
        return await create_rollout(work, PatchId(row["patch_id"]), by_person=True)


@pytest.mark.parametrize("scope", ["ring", "rollout", "tenant", "patch"])
async def test_a_halt_reaches_as_far_as_the_policy_says_and_the_way_back_is_gone_all_the_same(
    world: World, scope: str
) -> None:
    operator = world.add_tenant("msp", "operator", POLICY.replace("halt: patch", f"halt: {scope}"))
    operator.add_devices(1, BAD)
    await world.run(lambda: operator.rollout(BAD)["state"] == "rolled_back")
    rollout_id, tenant_id = operator.rollout(BAD)["rollout_id"], operator.tenant_id
    keys = {
        "ring": f"ring:{rollout_id}:0",
        "rollout": f"rollout:{rollout_id}",
        "tenant": f"tenant:{tenant_id}",
        "patch": "patch:apt:demo=1.1",
    }
    assert [row["stop_key"] for row in world.rows("select stop_key from patchring.stop")] == [keys[scope]]
    assert operator.states(BAD) == {"msp-0": "rolled_back"}


async def test_workers_at_once_come_to_the_same_end_as_one(world: World) -> None:
    """Four of them on one database: nothing is done twice, and the counts hold after every turn."""
    world.workers = [Worker(world.database, world.clock, HANDLERS) for _ in range(4)]
    tenants = three_tenants(world, GOOD)
    await world.run(lambda: all_are(tenants, GOOD, "completed"))
    assert [set(tenant.states(GOOD).values()) for tenant in tenants] == [{"verified"}] * 3
    assert evidence(world) == [(0, 1, 2, 2, 0), (1, 2, 4, 4, 0), (2, 2, 6, 6, 0), (3, 2, 4, 4, 0)]
    assert world.rows("select kind from patchring.event where kind = 'work_parked'") == []
    created = world.rows("select tenant_id, count(*) as n from patchring.rollout group by 1")
    assert [row["n"] for row in created] == [1, 1, 1]


async def test_asking_twice_at_once_makes_one_rollout(world: World) -> None:
    """Two people and the worker want to start the same patch: one of them does, the others are told."""
    operator = world.add_tenant("msp", "operator", POLICY.replace("automation: automatic", "automation: recommend"))
    operator.add_devices(1, GOOD)
    await world.settle()
    outcomes = await asyncio.gather(*(start_by_hand(world, operator, GOOD) for _ in range(3)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotStarted", "NotStarted", "Started"]
    told = next(outcome for outcome in outcomes if isinstance(outcome, NotStarted))
    assert [reason.code for reason in told.reasons] == ["rollout_open"]
    await world.settle()
    assert operator.rollout(GOOD)["state"] == "awaiting_approval", (
        "recommended only: a person has to approve it as well"
    )
    operator.approve(GOOD)
    await world.run(lambda: operator.rollout(GOOD)["state"] == "completed")


async def test_a_person_cannot_start_what_is_held_or_what_nobody_misses(world: World) -> None:
    operator = world.add_tenant("msp", "operator", POLICY.replace("decide: auto", "decide: block"))
    [device] = operator.add_devices(1, GOOD)
    await world.settle()
    blocked = await start_by_hand(world, operator, GOOD)
    operator.apply_policy(POLICY)
    device.installed["demo"] = "1.1"
    device.report_scan()
    await world.settle()
    missed = await start_by_hand(world, operator, GOOD)
    assert [
        [reason.code for reason in outcome.reasons] for outcome in (blocked, missed) if isinstance(outcome, NotStarted)
    ] == [
        ["rule_matched"],
        ["nobody_misses_it"],
    ]


async def test_a_segment_that_is_held_is_left_out_and_joins_when_it_is_released(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(1, GOOD)
    alpha = world.add_tenant("alpha")
    alpha.add_devices(1, GOOD)
    alpha.add_devices(1, GOOD, **SERVER)
    hold = {"tenant_id": alpha.tenant_id, "hold_id": UUID(int=7), "patch_key": GOOD.key, "segment": "servers"}
    said = {"reason": "year end", "source": "person", "placed_at": world.clock.now(), "placed_by": "ada"}
    world.insert("hold", {**hold, **said})
    await world.run(lambda: alpha.rollout(GOOD)["state"] == "completed")
    assert alpha.states(GOOD) == {"alpha-0": "verified"}
    world.connection.execute(
        "update patchring.hold set released_at = %s, released_by = 'ada', release_reason = 'over'", [world.clock.now()]
    )
    alpha.wake_all()
    await world.turn()
    await world.run(lambda: alpha.rollout(GOOD)["state"] == "completed")
    assert alpha.states(GOOD) == {"alpha-0": "verified", "alpha-1": "verified"}


async def test_a_hold_placed_while_devices_wait_takes_the_offers_back(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(2, GOOD)
    await world.settle()
    assert operator.states(GOOD) == {"msp-0": "offered", "msp-1": "waiting"}
    hold = {"tenant_id": operator.tenant_id, "hold_id": UUID(int=7), "patch_key": GOOD.key, "reason": "wait"}
    world.insert("hold", {**hold, "source": "person", "placed_at": world.clock.now(), "placed_by": "ada"})
    operator.wake_all()
    await world.settle()
    assert operator.states(GOOD) == {"msp-0": "waiting", "msp-1": "waiting"}
    assert [row["state"] for row in world.rows("select state from patchring.action")] == ["withdrawn"]
    assert [reason["text"] for reason in operator.rollout(GOOD)["reasons"]] == ["held: wait"]


async def test_an_approval_for_some_segments_opens_their_rings_only(world: World) -> None:
    other = Product("other")
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(1, other)
    alpha = world.add_tenant("alpha")
    alpha.add_devices(2, other, criticality="low")
    alpha.add_devices(1, other)
    await world.settle()
    operator.approve(other)
    alpha.approve(other, "low")
    for _ in range(25):
        await world.turn()
    assert alpha.states(other) == {"alpha-0": "verified", "alpha-1": "verified", "alpha-2": "waiting"}
    assert alpha.rings(other)[1:3] == ["passed", "waiting"]
    [ring] = alpha.rows("select reasons from patchring.rollout_ring where tenant_id = %(t)s and ring = 2")
    assert [reason["code"] for reason in ring["reasons"]] == ["approval_missing"]
    alpha.approve(other, "rest")
    await world.run(lambda: alpha.rollout(other)["state"] == "completed")


async def test_counts_that_do_not_add_up_promote_nothing_and_halt_nothing(world: World) -> None:
    operator = world.add_tenant("msp", "operator")
    operator.add_devices(2, GOOD)
    await world.settle()
    world.connection.execute("update patchring.rollout_ring set counts = '{\"verified\": 9}' where ring = 0")
    operator.wake_all()
    await world.settle()
    [ring] = operator.rows("select state, reasons from patchring.rollout_ring where tenant_id = %(t)s and ring = 0")
    assert (ring["state"], [reason["code"] for reason in ring["reasons"]]) == ("open", ["counts_unreadable"])


def test_counts_are_read_only_when_they_add_up() -> None:
    """A state nobody knows, a negative count and a wrong sum each mean: not read."""
    good = {DeviceState.WAITING: 2, DeviceState.VERIFIED: 1}
    assert read_counts({"waiting": 2, "verified": 1}, 3) == good
    assert [read_counts(kept, 3) for kept in ({"wating": 3}, {"waiting": 4, "verified": -1}, {"waiting": 2})] == [
        None
    ] * 3


def test_device_minutes_are_counted_from_the_kept_sum() -> None:
    """Two devices, verified 60 and 90 minutes ago: 150 minutes together."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    sum_ = sum(int((now - timedelta(minutes=minutes)).timestamp()) for minutes in (60, 90))
    assert device_minutes({"counts": {"verified": 2}, "verified_s_sum": sum_}, now) == 150


async def test_evidence_of_one_tenant_wakes_the_others_through_ids_alone(world: World) -> None:
    """A client whose ring 0 is empty goes on as soon as the MSP's has soaked, without waiting to be looked at."""
    operator, alpha = world.add_tenant("msp", "operator"), world.add_tenant("alpha")
    operator.add_devices(2, GOOD)
    alpha.add_devices(2, GOOD, criticality="low")
    await world.run(lambda: operator.rings(GOOD)[0] == "passed")
    await world.run(lambda: alpha.rings(GOOD)[0] == "passed", turns_max=6)
    assert world.rows("select count(distinct tenant_id) as n from patchring.campaign_rollout") == [{"n": 2}]
    assert world.rows("select count(distinct campaign_id) as n from patchring.rollout") == [{"n": 1}]
