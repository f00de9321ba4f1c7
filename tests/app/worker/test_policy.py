"""What a policy asks of a rollout, on the real worker and signer: several people, exceptions, urgency, batches."""

from datetime import timedelta

import pytest

from tests.app.worker.news import advisory, list_exploited, publish
from tests.app.worker.world import POLICY, Product, Tenant, World

pytestmark = pytest.mark.anyio

GOOD = Product()
AUTO = "  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}"
ASKS = "  - {name: debian, when: {provider: apt, origin: Debian}, decide: review, people: 2, consent: yes, due: 2d}"
EXPEDITE = "  - {name: debian, when: {provider: apt, origin: Debian}, decide: expedite}"
EXCEPTION = """
people:
  ada: {name: Ada, mail: ada@example.org}
exceptions:
  - name: till software
    kind: exception
    patches: {package: demo}
    devices: {class: point_of_sale}
    owner: ada
    accepted_by: ada
    reason: the till breaks
    control: no mail on tills
    until: 2026-11-24
"""
URGENCY = """
urgency:
  - {name: exploited, when: {exploited: "yes"}, soak_max: 10s, verified_max: 1, in_blackout: yes}
blackouts:
  - {name: fair, from: 2026-11-20, to: 2026-11-30}
"""


def operator(world: World, policy: str) -> Tenant:
    """The MSP itself: its own devices are ring 0, so nobody is waited for."""
    return world.add_tenant("msp", "operator", policy)


def reasons(tenant: Tenant) -> list[str]:
    return [each["text"] for each in tenant.rollout(GOOD)["reasons"]]


async def test_a_review_waits_for_two_people_and_the_client(world: World) -> None:
    """One person twice is one person; two of the MSP are not the client; then it goes, by a signed approval."""
    tenant = operator(world, POLICY.replace(AUTO, ASKS))
    tenant.add_devices(2, GOOD)
    await world.turn()
    due = "due 2026-11-25 06:00 UTC"
    assert reasons(tenant) == [
        "waits for approval: 0 of 2 different persons, the client's consent is missing; owner: patch administrator, "
        + due
    ]
    for by in ("vcio:ada", "operator:ada", "patch_administrator:bob"):
        tenant.approve(GOOD, by=by)
        await world.turn()
    assert reasons(tenant) == [
        "waits for approval: 2 of 2 different persons (bob, ada), the client's consent is missing; "
        "owner: patch administrator, " + due
    ]
    assert set(tenant.states(GOOD).values()) == {"waiting"}
    tenant.approve(GOOD, by="client_contact:kim")
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert set(tenant.states(GOOD).values()) == {"verified"}


async def test_the_signer_reads_approvals_as_the_worker_does(world: World) -> None:
    """A rollout that runs is not enough: when one of two approvals is taken back, no permit is given."""
    tenant = operator(world, POLICY.replace(AUTO, ASKS.replace("consent: yes, ", "")))
    [device] = tenant.add_devices(1, GOOD)
    await world.turn()
    tenant.approve(GOOD, by="vcio:ada")
    tenant.approve(GOOD, by="operator:bob")
    await world.settle()
    assert tenant.states(GOOD) == {"msp-0": "offered"}
    tenant.rows("update patchring.approval set withdrawn_at = decided_at where decided_by = 'vcio:ada' returning 1")
    await world.check_in(device)
    assert "approval_missing" in device.denials
    assert tenant.rows("select * from patchring.permit") == []


async def test_one_signed_approval_is_one_whoever_the_rows_name(world: World) -> None:
    """The same statement under another name in the tables is no second person for the signer."""
    tenant = operator(world, POLICY.replace(AUTO, ASKS.replace("consent: yes, ", "")))
    [device] = tenant.add_devices(1, GOOD)
    await world.turn()
    tenant.approve(GOOD, by="vcio:ada")
    tenant.rows(
        "insert into patchring.approval (tenant_id, approval_id, patch_id, decision, segments, reason, statement,"
        " decided_at, decided_by, expires_at) select tenant_id, gen_random_uuid(), patch_id, decision, segments,"
        " reason, statement, decided_at, 'operator:bob', expires_at from patchring.approval returning 1"
    )
    await world.settle()
    await world.check_in(device)
    assert device.denials[0] == "approval_missing"


async def test_an_excepted_device_is_left_out_until_the_exception_lapses(world: World) -> None:
    """Then it joins by itself, the day after the last day; the others have been verified long since."""
    tenant = operator(world, POLICY + EXCEPTION)
    tenant.add_devices(2, GOOD)
    tenant.add_devices(1, GOOD, **{"class": "point_of_sale"})
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified", "msp-1": "verified"}
    world.clock.advance(timedelta(hours=41))
    for device in tenant.devices:
        device.report_scan()
    await world.turn()
    assert len(tenant.states(GOOD)) == 2, "its last day is not over"
    world.clock.advance(timedelta(hours=1))
    await world.run(lambda: tenant.states(GOOD).get("msp-2") == "verified")


async def test_an_exception_reopens_for_what_is_exploited(world: World) -> None:
    """At the next look at the patch."""
    tenant = operator(world, POLICY + EXCEPTION)
    tenant.add_devices(1, GOOD, **{"class": "point_of_sale"})
    await world.turn()
    assert tenant.rows("select * from patchring.rollout") == []
    await publish(world, advisory(1, "demo", "CVE-2026-0001"))
    await list_exploited(world, "CVE-2026-0001")
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified"}


async def test_an_exception_that_came_after_the_offer_refuses_the_permit(world: World) -> None:
    """With its reason; nothing began."""
    tenant = operator(world, POLICY)
    [device] = tenant.add_devices(1, GOOD, **{"class": "point_of_sale"})
    await world.settle()
    assert tenant.states(GOOD) == {"msp-0": "offered"}
    tenant.apply_policy(POLICY + EXCEPTION)
    await world.check_in(device)
    assert device.denials == ["exception_in_force"]


async def test_what_is_exploited_goes_faster_and_through_a_blackout(world: World) -> None:
    """As far as the table says: the soak of an hour takes ten seconds, one verified device is enough, and the record
    names the row; another patch of the same policy does not begin in the blackout."""
    policy = POLICY.replace("time: 10s", "time: 1h").replace(AUTO, EXPEDITE) + URGENCY
    tenant = operator(world, policy)
    tenant.add_devices(3, GOOD)
    other = Product("other2")
    tenant.add_devices(1, other)
    await world.settle()
    await publish(world, advisory(1, "demo", "CVE-2026-0001"))
    await list_exploited(world, "CVE-2026-0001")
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed", turns_max=40)
    [said] = tenant.rows(
        "select data -> 'reasons' as reasons from patchring.event where kind = 'permit_granted' limit 1"
    )
    assert [each["code"] for each in said["reasons"]] == ["permitted", "urgency", "blackout_passed"]
    line = policy.splitlines().index("  - " + URGENCY.split("  - ")[1].splitlines()[0]) + 1
    assert said["reasons"][2]["text"] == f"blackout fair is passed by urgency exploited (line {line})"
    assert tenant.devices[3].denials[0] == "blackout"
    assert set(tenant.states(other).values()) == {"offered"}


def sides_at_work(tenant: Tenant) -> set[bool]:
    """Whether business-critical devices, others, or both are under way now."""
    rows = tenant.rows(
        "select distinct d.criticality in ('high', 'mission') as critical from patchring.rollout_device rd"
        " join patchring.device d using (tenant_id, device_id) where rd.state not in ('waiting', 'verified')"
    )
    return {row["critical"] for row in rows}


async def test_a_batch_is_of_one_side_of_the_border(world: World) -> None:
    """Low and standard first; high and mission are offered nothing while one of the others is at work."""
    tenant = operator(world, POLICY.replace("growth: 3", "growth: 9"))
    for criticality in ("mission", "low", "high", "standard", "standard"):
        tenant.add_devices(1, GOOD, criticality=criticality)
    batches: list[set[bool]] = []

    async def note() -> None:
        batches.append(sides_at_work(tenant))

    world.on_step = note
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert {False} in batches
    assert {True} in batches
    assert {True, False} not in batches


async def test_a_silent_device_does_not_keep_the_other_side_waiting(world: World) -> None:
    """One that does not come for its offer shares no batch with anybody."""
    tenant = operator(world, POLICY.replace("growth: 3", "growth: 9"))
    tenant.add_devices(2, GOOD)
    tenant.add_devices(2, GOOD, criticality="mission")
    tenant.devices[1].silent = True
    await world.run(lambda: "verified" in tenant.states(GOOD).values())
    await world.turn()
    assert tenant.states(GOOD) == {"msp-0": "verified", "msp-1": "offered", "msp-2": "waiting", "msp-3": "waiting"}
    world.clock.advance(timedelta(minutes=61))
    await world.turn()
    await world.run(lambda: list(tenant.states(GOOD).values()).count("verified") == 3)
    assert tenant.states(GOOD)["msp-1"] == "offered"
