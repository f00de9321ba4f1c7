"""A newer release of an update appears while the older one is on its way, against the real database and worker."""

from typing import Any

import pytest

from tests.app.worker.world import POLICY, Device, Product, Tenant, World

pytestmark = pytest.mark.anyio

OLD = Product()
NEW = Product(before="1.1", after="1.2")
NEW_FROM_OLDEST = Product(before="1.0", after="1.2")


async def in_the_middle(world: World, releases: str = "") -> tuple[Tenant, list[Device], list[Device]]:
    """Two devices of ring 0 have the older release, and the three of ring 1 wait for it."""
    policy = POLICY.replace('when: {internal: "yes"}', 'when: {sacrificial: "yes"}') + releases
    tenant = world.add_tenant("alpha", policy=policy)
    first = tenant.add_devices(2, OLD, sacrificial=True)
    later = tenant.add_devices(3, OLD, criticality="low")
    for device in later:
        device.silent = True
    await world.run(lambda: tenant.rings(OLD)[:2] == ["passed", "open"])
    for device in later:
        device.silent = False
    assert [device.installed["demo"] for device in (*first, *later)] == ["1.1", "1.1", "1.0", "1.0", "1.0"]
    return tenant, first, later


def offer(devices: list[Device], product: Product) -> None:
    """Their package manager knows the newer release now."""
    for device in devices:
        device.products.append(product)
        device.report_scan()


def decided(tenant: Tenant, product: Product) -> list[str]:
    [row] = tenant.rows(
        "select decision -> 'reasons' as reasons from patchring.patch where tenant_id = %(t)s and patch_key = %(k)s",
        k=product.key,
    )
    return [each["text"] for each in row["reasons"]]


def rollouts(tenant: Tenant) -> list[dict[str, Any]]:
    return tenant.rows(
        "select patch_key, rollout.state, rollout.reasons from patchring.rollout"
        " join patchring.patch using (tenant_id, patch_id) where rollout.tenant_id = %(t)s order by rollout_id"
    )


async def test_finish_lets_the_older_end_first(world: World) -> None:
    """The default. The newer one begins by itself as soon as the older has passed its rings."""
    tenant, first, later = await in_the_middle(world)
    offer(first, NEW)
    await world.settle()
    assert decided(tenant, NEW) == [
        "waits for the rollout of 1.1 (1 of 4 rings passed, 3 devices left), as the policy says"
    ]
    assert [row["patch_key"] for row in rollouts(tenant)] == [OLD.key]
    await world.run(lambda: len(rollouts(tenant)) == 2)
    assert tenant.rollout(OLD)["state"] == "completed"
    assert {device.installed["demo"] for device in later} == {"1.1"}
    offer(later, NEW)
    await world.run(lambda: tenant.rollout(NEW)["state"] == "completed")
    assert {device.installed["demo"] for device in (*first, *later)} == {"1.2"}


async def test_replace_goes_on_where_the_older_stood(world: World) -> None:
    tenant, first, later = await in_the_middle(world, "releases: {superseded: replace}\n")
    offer(first, NEW)
    await world.settle()
    older, newer = rollouts(tenant)
    assert (older["state"], [each["text"] for each in older["reasons"]]) == (
        "abandoned",
        ["a newer release replaces 1.1: this rollout ends (1 of 4 rings passed)"],
    )
    assert (newer["patch_key"], newer["state"]) == (NEW.key, "running")
    assert tenant.rings(NEW)[0] == "passed"
    offer(later, NEW_FROM_OLDEST)
    await world.run(lambda: tenant.rollout(NEW)["state"] == "completed")
    assert {device.installed["demo"] for device in (*first, *later)} == {"1.2"}
    assert set(tenant.states(NEW).values()) == {"verified"}


async def test_restart_begins_at_ring_0(world: World) -> None:
    tenant, first, _later = await in_the_middle(world, "releases: {superseded: restart}\n")
    offer(first, NEW)
    await world.settle()
    assert [(row["patch_key"], row["state"]) for row in rollouts(tenant)] == [
        (OLD.key, "abandoned"),
        (NEW.key, "running"),
    ]
    assert tenant.rings(NEW) == ["open", "waiting", "waiting", "waiting"]


async def test_what_is_exploited_does_not_wait_for_the_older(world: World) -> None:
    urgent = (
        "approvals:\n  - {name: urgent, when: {provider: apt, origin: Debian, title: demo 1.2}, decide: expedite}\n"
    )
    tenant, first, _later = await in_the_middle(world)
    tenant.apply_policy(tenant.policy.replace("approvals:\n", urgent))
    offer(first, NEW)
    await world.settle()
    assert [row["state"] for row in rollouts(tenant)] == ["abandoned", "running"]
    assert tenant.rings(NEW)[0] == "open"


async def test_nothing_that_the_older_still_offers_is_left_lying(world: World) -> None:
    """What it offered and no device has begun is taken back when it gives way."""
    tenant, first, _later = await in_the_middle(world, "releases: {superseded: restart}\n")
    offer(first, NEW)
    await world.settle()
    open_actions = tenant.rows(
        "select action.state from patchring.action where tenant_id = %(t)s and rollout_id = %(r)s"
        " and state in ('offered', 'permitted')",
        r=tenant.rollout(OLD)["rollout_id"],
    )
    assert open_actions == []


async def test_a_newer_release_that_waits_for_approval_ends_nothing(world: World) -> None:
    """It may be rejected; only its start takes the place of the older."""
    tenant, first, later = await in_the_middle(world, "releases: {superseded: restart}\n")
    review = "approvals:\n  - {name: look, when: {title: demo 1.2}, decide: review}\n"
    tenant.apply_policy(tenant.policy.replace("approvals:\n", review))
    offer(first, NEW)
    await world.settle()
    assert [row["state"] for row in rollouts(tenant)] == ["running", "awaiting_approval"]
    tenant.approve(NEW)
    await world.run(lambda: tenant.rings(NEW)[0] != "waiting")
    assert [row["state"] for row in rollouts(tenant)] == ["abandoned", "running"]
    assert len(later) == 3
