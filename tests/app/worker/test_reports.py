"""What devices say: in order, out of order, twice, and what cannot be used."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchring.app.worker.loop import ATTEMPTS_MAX, back_off
from patchring.store.ids import new_id
from patchring.wire.codec import encode
from tests.app.worker.world import Device, Product, World

pytestmark = pytest.mark.anyio

GOOD = Product()


def problems(world: World) -> list[str | None]:
    """The problem of each report, in the devices' order; every report has been looked at."""
    rows = world.rows("select problem, processed_at from patchring.report order by device_id, sequence")
    assert all(row["processed_at"] for row in rows)
    return [row["problem"] for row in rows]


async def one_device(world: World) -> Device:
    operator = world.add_tenant("msp", "operator")
    [device] = operator.add_devices(1, GOOD)
    await world.settle()
    return device


async def permitted(world: World, device: Device) -> tuple[Any, str]:
    """The offered action with its permit."""
    [offer] = world.rows("select action_id, kind, packages from patchring.action where state = 'offered'")
    answer = await world.ask_permit(device, offer)
    assert answer.permit is not None, answer.denied
    return offer["action_id"], answer.permit.payload["permit_id"]


def action(world: World) -> tuple[str, str]:
    """State of the only action and of its device's place."""
    [row] = world.rows(
        "select a.state, rd.state as device_state from patchring.action a"
        " join patchring.rollout_device rd using (tenant_id, rollout_id, device_id)"
    )
    return row["state"], row["device_state"]


async def test_reports_that_cannot_be_used_are_set_aside_and_block_nothing(world: World) -> None:
    device = await one_device(world)
    device.report("progress", {"action_id": "no id", "state": "started", "at_ms": 0})
    device.report("progress", {"action_id": str(new_id(world.clock.now())), "state": "started", "at_ms": 0})
    device.report("progress", {"surprise": True})
    device.report("scan", {"taken_at_ms": "late"})
    device.installed["demo"] = "1.1"
    device.report_scan()
    await world.settle()
    found = [problem.split(",")[0] if problem else None for problem in problems(world)]
    assert found[0] is None
    assert found[1] == "its action id 'no id' is no UUID"
    assert str(found[2]).startswith("it is about the action ")
    assert str(found[3]).startswith("Progress: unknown field 'surprise'")
    assert str(found[4]).startswith("Scan.taken_at_ms: expected an integer")
    assert found[5] is None
    assert device.tenant.states(GOOD) == {"msp-0": "skipped"}, "the scan after them was not taken in"
    assert device.tenant.events().count("report_set_aside") == 4


async def test_a_report_that_makes_the_worker_fail_is_found_and_set_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one report costs that report its effect, after some attempts; those after it are taken in."""
    from patchring.app.worker import device as device_handler

    device = await one_device(world)
    real = device_handler.apply_scan

    async def fails(work: Any, device_id: Any, scan: Any) -> Any:
        assert scan.state_digest != "poison", "a bug"
        return await real(work, device_id, scan)

    monkeypatch.setattr(device_handler, "apply_scan", fails)
    device.report("scan", {**encode(device.scan()), "state_digest": "poison"})
    device.installed["demo"] = "1.1"
    device.report_scan()
    for attempt in range(1, ATTEMPTS_MAX + 1):
        await world.settle()
        world.clock.advance(back_off(attempt))
    await world.settle()
    assert problems(world) == [None, "AssertionError: a bug", None]
    assert device.tenant.states(GOOD) == {"msp-0": "skipped"}


async def test_repeated_and_late_words_change_nothing(world: World) -> None:
    device = await one_device(world)
    action_id, permit_id = await permitted(world, device)
    for word in ("received", "ready", "started", "started", "ready"):
        device.say(action_id, word, permit_id)
    await world.settle()
    assert action(world) == ("started", "installing")
    device.say(action_id, "not_started", permit_id, detail="a lie, or from before")
    await world.settle()
    assert action(world) == ("started", "installing")
    device.installed["demo"] = "1.1"
    device.say(action_id, "installed", permit_id)
    device.report_scan()
    device.say(action_id, "finished", permit_id)
    await world.settle()
    assert action(world) == ("finished", "verified")
    before = world.dump()
    for word in ("started", "installed", "failed", "not_started", "finished"):
        device.say(action_id, word, permit_id)
    await world.settle()
    after = world.dump()
    assert {name for name in before if before[name] != after[name]} == {"report"}
    assert set(problems(world)) == {None}


async def test_reports_that_arrive_in_the_wrong_order_are_taken_in_the_devices_order(world: World) -> None:
    device = await one_device(world)
    action_id, permit_id = await permitted(world, device)
    first = device.sequence + 1
    device.sequence = first
    device.installed["demo"] = "1.1"
    device.say(action_id, "installed", permit_id)
    device.report_scan()
    device.say(action_id, "finished", permit_id)
    last = device.sequence
    device.sequence = first - 1
    device.say(action_id, "started", permit_id)
    device.sequence = last
    await world.settle()
    assert action(world) == ("finished", "verified")


async def test_an_older_scan_that_arrives_late_says_nothing_new(world: World) -> None:
    device = await one_device(world)
    old = encode(device.scan())
    device.sequence += 1
    device.installed["demo"] = "1.1"
    device.report_scan()
    await world.settle()
    newest = device.sequence
    device.report("scan", old, sequence=newest - 1)
    await world.settle()
    assert device.tenant.rows(
        "select count(*) as n from patchring.missing where tenant_id = %(t)s and known_to is null"
    ) == [{"n": 0}]


async def test_missing_is_closed_and_opened_again_and_never_deleted(world: World) -> None:
    device = await one_device(world)
    text = "select installed_version, known_from, known_to from patchring.missing order by known_from, known_to"
    start = datetime(2026, 11, 23, 6, tzinfo=UTC)
    for version in ("1.1", "1.0"):
        world.clock.advance(timedelta(minutes=1))
        device.installed["demo"] = version
        device.report_scan()
        await world.settle()
    assert world.rows(text) == [
        {"installed_version": "1.0", "known_from": start, "known_to": start + timedelta(seconds=62)},
        {"installed_version": "1.0", "known_from": start + timedelta(seconds=124), "known_to": None},
    ]


async def test_proof_that_nothing_began_gives_the_permit_and_its_slots_back(world: World) -> None:
    from tests.app.worker.world import POLICY

    operator = world.add_tenant("msp", "operator", POLICY.replace("on_failure:", "limits: {tenant: 5}\non_failure:"))
    [device] = operator.add_devices(1, GOOD)
    await world.settle()
    action_id, permit_id = await permitted(world, device)
    device.say(action_id, "received")
    await world.settle()
    assert (action(world), world.slots_in_use()) == (("permitted", "permitted"), 1)
    device.say(action_id, "not_started", permit_id, detail="the permit's lifetime was over")
    await world.settle()
    assert (action(world), world.slots_in_use()) == (("offered", "offered"), 0)
    assert world.rows("select outcome from patchring.permit") == [{"outcome": "not_started"}]


async def test_a_proof_that_was_overtaken_by_a_newer_permit_does_not_end_it(world: World) -> None:
    """It came in before the newer permit was granted and is looked at after: it knows nothing of that permit."""
    device = await one_device(world)
    action_id, _ = await permitted(world, device)
    device.say(action_id, "received")
    device.say(action_id, "not_started", detail="no answer to the permit request")
    world.clock.advance(timedelta(seconds=5))
    [offer] = world.rows("select action_id, kind, packages from patchring.action")
    answer = await world.ask_permit(device, offer)
    assert answer.permit is not None, answer.denied
    await world.settle()
    assert action(world)[0] == "permitted"
    assert [row["outcome"] for row in world.rows("select outcome from patchring.permit order by granted_at")] == [
        "not_started",
        None,
    ]


async def test_a_device_that_refuses_an_offer_is_skipped_and_says_why(world: World) -> None:
    device = await one_device(world)
    [offer] = world.rows("select action_id from patchring.action")
    device.say(offer["action_id"], "not_started", detail="this agent cannot do it")
    await world.settle()
    assert action(world) == ("withdrawn", "skipped")
    [row] = world.rows("select reasons from patchring.rollout_device")
    assert [reason["text"] for reason in row["reasons"]] == ["the device refused the offer: this agent cannot do it"]


async def test_an_agent_that_finds_the_patch_already_there_says_so_without_a_permit(world: World) -> None:
    device = await one_device(world)
    [offer] = world.rows("select action_id from patchring.action")
    device.installed["demo"] = "1.1"
    device.say(offer["action_id"], "received")
    device.say(offer["action_id"], "installed", detail="already installed")
    device.report_scan()
    device.say(offer["action_id"], "finished")
    await world.settle()
    assert action(world) == ("withdrawn", "verified")


async def test_a_scan_that_is_missing_after_the_act_is_asked_for(world: World) -> None:
    device = await one_device(world)
    action_id, permit_id = await permitted(world, device)
    device.installed["demo"] = "1.1"
    for word in ("started", "installed", "finished"):
        device.say(action_id, word, permit_id)
    await world.settle()
    assert action(world) == ("finished", "installed")
    assert world.rows("select scan_wanted from patchring.device_contact") == [{"scan_wanted": True}]
    device.report_scan()
    await world.settle()
    assert action(world) == ("finished", "verified")


async def test_a_probe_that_cannot_be_read_verifies_nothing_until_a_scan_reads_it(world: World) -> None:
    device = await one_device(world)
    action_id, permit_id = await permitted(world, device)
    device.installed["demo"] = "1.1"
    before, unread = [{"probe": "service:app", "outcome": "pass"}], [{"probe": "service:app", "outcome": "unknown"}]
    device.say(action_id, "started", permit_id)
    device.say(action_id, "installed", permit_id, probes_before=before)
    device.report_scan()
    device.say(action_id, "finished", permit_id, probes_before=before, probes_after=unread)
    await world.settle()
    assert action(world) == ("finished", "installed")
    scan = encode(device.scan())
    device.report("scan", {**scan, "probes": [{"probe": "service:app", "outcome": "pass"}]})
    await world.settle()
    assert action(world) == ("finished", "verified")
