"""Reports: signed, kept once, refused one by one."""

import asyncio
from datetime import timedelta

import pytest

from patchring.store.ids import new_id
from patchring.wire.codec import encode
from patchring.wire.messages import REPORT_BYTES_MAX, REPORTS_A_REQUEST_MAX
from patchring.wire.signing import signature_holds
from tests.api.agent.world import NOW, Device, World, kind_of, outcomes, progress, scan

pytestmark = pytest.mark.anyio


async def test_a_report_is_kept_with_its_signature_and_wakes_the_worker(world: World) -> None:
    device = await world.device(world.tenant())
    report = device.report("scan", scan())
    assert outcomes(await device.send(report)) == ["accepted"]
    columns = "tenant_id::text, device_id::text, report_id::text, sequence, kind, body, signature"
    kept = world.rows(f"select {columns}, made_at, received_at, processed_at from patchring.report")  # noqa: S608
    names = ("tenant_id", "device_id", "report_id", "sequence", "kind", "body", "signature")
    assert kept == [(*(report[name] for name in names), NOW, NOW, None)]
    row = dict(zip(names, kept[0], strict=False))
    said = {**{name: row[name] for name in names[:-1]}, "made_at_ms": round(kept[0][7].timestamp() * 1000)}
    assert signature_holds(device.key.public, "report", said, row["signature"]), "the evidence can be checked again"
    assert world.rows("select tenant_id::text, kind, id::text, wake_at from patchring.due") == [
        (device.tenant_id, "device", device.device_id, NOW)
    ]


async def test_a_repeated_report_is_there_once_and_wakes_nobody(world: World) -> None:
    device = await world.device(world.tenant())
    report = device.report("progress", progress(new_id(NOW)))
    assert outcomes(await device.send(report, report)) == ["accepted", "repeated"]
    world.run("delete from patchring.due")
    assert outcomes(await device.send(report)) == ["repeated"]
    assert world.rows("select count(*) from patchring.report") == [(1,)]
    assert world.rows("select count(*) from patchring.due") == [(0,)]


async def test_the_same_report_at_once_is_accepted_once(world: World) -> None:
    device = await world.device(world.tenant())
    report = device.report("scan", scan())
    answers = await asyncio.gather(*(device.send(report) for _ in range(6)))
    assert sorted(outcome for answer in answers for outcome in outcomes(answer)) == ["accepted"] + ["repeated"] * 5


async def test_a_bad_report_is_refused_with_its_reason_and_the_others_are_kept(world: World) -> None:
    tenant = world.tenant()
    device, other = await world.device(tenant), await world.device(tenant, "pc-2")
    body = encode(scan())
    bad = {
        "signature_wrong": [
            {**device.report("scan", scan()), "sequence": 99},
            {**device.report("scan", scan()), "signature": "0" * 128},
            Device(world, "x", other.key, device.tenant_id, device.device_id).report("scan", scan()),
            device.report("scan", {**body, "probes": []}) | {"body": {**body, "probes": [], "reboot_pending": True}},
        ],
        "signature_missing": [{**device.report("scan", scan()), "signature": ""}],
        "other_device": [other.report("scan", scan())],
        "message_invalid": [
            device.report("scan", {**body, "surprise": 1}),
            device.report("scan", {**body, "taken_at_ms": "now"}),
            device.report("scan", {**body, "taken_at_ms": -1}),
            device.report("scan", {**body, "updates": [{**body["updates"][0], "reboot": "perhaps"}]}),
            device.report("scan", {**body, "state_digest": "zero \0 character"}),
            device.report("progress", scan()),
            device.report("gossip", scan()),
            device.report("progress", {**encode(progress(new_id(NOW))), "state": "bored"}),
            device.report("scan", scan(), surprise=1),
            device.report("scan", scan(), report_id="no id"),
            {**device.report("scan", scan()), "sequence": 2**53},
        ],
    }
    good = device.report("scan", scan())
    sent = [good, *(report for reports in bad.values() for report in reports)]
    answer = await device.send(*sent)
    assert outcomes(answer) == ["accepted"] + ["refused"] * (len(sent) - 1)
    receipts = answer.json()["receipts"]
    assert [receipt["report_id"] for receipt in receipts] == [report["report_id"] for report in sent]
    kinds = [receipt["reason"].split(":")[0] for receipt in receipts[1:]]
    assert kinds == [kind for kind, reports in bad.items() for _ in reports]
    assert world.rows("select report_id::text from patchring.report") == [(good["report_id"],)]
    assert await world.refusals() == {("reports", kind): len(reports) for kind, reports in bad.items()}


async def test_a_report_that_cannot_be_named_refuses_the_request(world: World) -> None:
    device = await world.device(world.tenant())
    good = device.report("scan", scan())
    for bad in (1, None, {}, {"report_id": 7}, {"report_id": ""}, {"report_id": "x" * 65}):
        answer = await device.post("reports", {"reports": [good, bad]})
        assert kind_of(answer) == (422, "message_invalid")
    assert world.rows("select count(*) from patchring.report") == [(0,)]


async def test_no_more_reports_in_a_request_than_agreed(world: World) -> None:
    device = await world.device(world.tenant())
    reports = [device.report("progress", progress(new_id(NOW))) for _ in range(REPORTS_A_REQUEST_MAX + 1)]
    assert kind_of(await device.send(*reports)) == (422, "message_invalid")
    assert outcomes(await device.send(*reports[:-1])) == ["accepted"] * REPORTS_A_REQUEST_MAX


async def test_a_large_scan_is_taken_and_one_beyond_the_bound_is_not(world: World) -> None:
    device = await world.device(world.tenant())
    body = encode(scan())
    large = {**body, "restarts_needed": ["x" * 60_000] * 60}
    assert outcomes(await device.send(device.report("scan", large))) == ["accepted"]
    too_large = {**body, "restarts_needed": ["x" * 60_000] * 70}
    answer = await device.send(device.report("scan", too_large))
    assert kind_of(answer) == (413, "message_too_large")
    assert answer.json()["bytes_max"] == REPORT_BYTES_MAX


async def test_the_newest_scan_of_a_request_is_the_one_that_counts(world: World) -> None:
    device = await world.device(world.tenant())
    older, newer = device.report("scan", scan("state-1")), device.report("scan", scan("state-2"))
    assert outcomes(await device.send(newer, older)) == ["accepted", "accepted"]
    assert world.rows("select scan_digest, scan_wanted from patchring.device_contact") == [("state-2", False)]


async def test_reports_of_a_retired_device_are_not_taken(world: World) -> None:
    device = await world.device(world.tenant())
    world.run("update patchring.device set state = 'retired'")
    assert kind_of(await device.send(device.report("scan", scan()))) == (401, "session_expired")


async def test_an_old_report_from_a_long_journal_is_taken(world: World) -> None:
    """A device that was off for a month still tells what it did; only new sessions bound the clock."""
    device = await world.device(world.tenant())
    report = device.report("progress", progress(new_id(NOW)))
    world.clock.advance(timedelta(days=30))
    device.session = (await device.post("session", device.session_request())).json()["session"]
    assert outcomes(await device.send(report)) == ["accepted"]
