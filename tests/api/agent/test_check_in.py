"""Check-ins: many tenants in one batch, durable, one bad row alone."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from patchring.app.check_ins import OFFERS_MAX, Row, jittered
from patchring.app.errors import Invalid, NotSignedIn
from patchring.store.ids import new_id
from patchring.wire.codec import encode
from patchring.wire.messages import CheckIn
from tests.api.agent.world import NOW, Device, World, as_json, kind_of, outcomes, scan

pytestmark = pytest.mark.anyio

PACKAGES = [{"provider": "apt", "name": "openssl", "version": "3.0.16-1", "architecture": "amd64"}]
CONTACT = "last_seen_at, boot_id, uptime_s, agent_version, unsent_count, busy_action_id"


def offer(world: World, device: Device, state: str = "offered", at: datetime = NOW) -> UUID:
    """An action for the device, with all that it stands on."""
    patch_id, policy_id, rollout_id, action_id = (new_id(NOW) for _ in range(4))
    rollout = {"tenant_id": device.tenant_id, "rollout_id": rollout_id}
    ring = {**rollout, "ring": 0, "state_at": NOW}
    now = {"state_at": NOW, "created_at": at}
    patch = {"provider": "apt", "name": "n", "version": "1", "title": "t", "type": "os", "reboot": "never"}
    policy = {"version": policy_id.int % 2**30 + 1, "fingerprint": "", "text": "", "statement": as_json({})}
    action = {"kind": "install", "purpose": "patch", "packages": as_json(PACKAGES), "probes": ["tcp:22"]}
    tenant = {"tenant_id": device.tenant_id, "patch_id": patch_id}
    world.insert("patch", **tenant, **patch, patch_key=str(patch_id), classification="security", known_from=NOW)
    own = {"tenant_id": device.tenant_id, "policy_version_id": policy_id}
    world.insert("policy_version", **own, **policy, created_at=NOW, created_by="")
    started = {"campaign_id": rollout_id, "state": "running", "reasons": as_json([]), "created_by": ""}
    world.insert("rollout", **rollout, **started, **now, patch_id=patch_id, policy_version_id=policy_id)
    world.insert("rollout_ring", **ring, name="ring 0", state="open")
    member = {"device_id": device.device_id, "position": 0, "segment": "s"}
    world.insert("rollout_device", **ring, **member, state="offered")
    names = {"action_id": action_id, "device_id": device.device_id}
    world.insert("action", **rollout, **names, **action, **now, title="openssl", state=state)
    return action_id


async def test_an_idle_device_is_seen_and_told_when_to_come_back(world: World) -> None:
    device = await world.device(world.tenant())
    world.clock.advance(timedelta(minutes=1))
    answer = await device.check_in(uptime_s=77, boot_id="boot-2", unsent_count=3)
    assert answer.json() == {
        "next_check_in_s": jittered(300, device.session.split(".")[2]),
        "server_at_ms": device.now_ms,
        "scan_wanted": True,
        "offers": [],
    }
    seen = (NOW + timedelta(minutes=1), "boot-2", 77, "0.1.0", 3, "")
    assert world.rows(f"select {CONTACT} from patchring.device_contact") == [seen]  # noqa: S608 - a constant


async def test_a_scan_is_wanted_until_we_hold_the_one_that_the_device_names(world: World) -> None:
    device = await world.device(world.tenant())
    assert (await device.check_in()).json()["scan_wanted"] is True
    assert outcomes(await device.send(device.report("scan", scan("state-1")))) == ["accepted"]
    assert (await device.check_in(scan_digest="state-1")).json()["scan_wanted"] is False
    assert (await device.check_in(scan_digest="state-2")).json()["scan_wanted"] is True
    world.run("update patchring.device_contact set scan_wanted = true")
    assert (await device.check_in(scan_digest="state-1")).json()["scan_wanted"] is True


async def test_live_actions_are_offered_and_bring_the_device_back_soon(world: World) -> None:
    tenant = world.tenant()
    busy, idle = await world.device(tenant, "busy"), await world.device(tenant, "idle")
    offered = [offer(world, busy, "permitted"), offer(world, busy, "offered", NOW + timedelta(seconds=1))]
    for state in ("started", "reboot_pending", "verified", "failed"):
        offer(world, busy, state)
    answers = await asyncio.gather(busy.check_in(), idle.check_in())
    offers = [
        {
            "action_id": str(action_id),
            "action": "install",
            "packages": PACKAGES,
            "reboot": "if_required",
            "probes": ["tcp:22"],
            "title": "openssl",
        }
        for action_id in offered
    ]
    assert [answer.json()["offers"] for answer in answers] == [offers, []]
    assert answers[0].json()["next_check_in_s"] <= 6 < 240 <= answers[1].json()["next_check_in_s"]
    assert world.door.check_ins.batch.batch_count == 1


async def test_what_has_started_is_not_offered_but_brings_the_device_back_soon(world: World) -> None:
    device = await world.device(world.tenant())
    offer(world, device, "started")
    answer = (await device.check_in()).json()
    assert (answer["offers"], answer["next_check_in_s"] <= 6) == ([], True)


async def test_no_more_offers_than_an_answer_holds(world: World) -> None:
    device = await world.device(world.tenant())
    offered = [offer(world, device, at=NOW + timedelta(seconds=n)) for n in range(OFFERS_MAX + 1)]
    answer = (await device.check_in()).json()
    assert [entry["action_id"] for entry in answer["offers"]] == [str(action_id) for action_id in offered[:OFFERS_MAX]]


async def test_two_tenants_in_one_batch_each_get_their_own(world: World) -> None:
    one, other = world.tenant("one"), world.tenant("other")
    devices = [await world.device(tenant, "pc") for tenant in (one, other, one, other)]
    action_id = offer(world, devices[1])
    answers = await asyncio.gather(*(device.check_in(boot_id=f"boot-{n}") for n, device in enumerate(devices)))
    assert world.door.check_ins.batch.batch_count == 1
    assert [[o["action_id"] for o in a.json()["offers"]] for a in answers] == [[], [str(action_id)], [], []]
    rows = world.rows("select device_id::text, boot_id from patchring.device_contact")
    assert dict(rows) == {device.device_id: f"boot-{n}" for n, device in enumerate(devices)}


async def test_an_ended_session_in_a_batch_leaves_the_others_alone(world: World) -> None:
    tenant = world.tenant()
    devices = [await world.device(tenant, f"pc-{number}") for number in range(3)]
    world.run("update patchring.device_contact set session_epoch = 2 where device_id = %s", devices[1].device_id)
    answers = await asyncio.gather(*(device.check_in() for device in devices))
    assert [answer.status_code for answer in answers] == [200, 401, 200]
    assert kind_of(answers[1]) == (401, "session_expired")


async def test_the_last_of_several_check_ins_of_one_device_wins(world: World) -> None:
    device = await world.device(world.tenant())
    answers = await asyncio.gather(*(device.check_in(uptime_s=number) for number in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert world.door.check_ins.batch.batch_count == 1
    assert world.rows("select uptime_s from patchring.device_contact") == [(9,)]


async def test_a_row_that_the_database_cannot_keep_fails_alone(world: World) -> None:
    """What the edge would refuse is put into the batch behind its back."""
    tenant = world.tenant()
    devices = [await world.device(tenant, f"pc-{number}") for number in range(3)]

    def row(device: Device, boot_id: str, uptime_s: int) -> Row:
        hexes = device.tenant_id.replace("-", ""), device.device_id.replace("-", "")
        return Row(*hexes, 1, boot_id, uptime_s, "0.1.0", "", 0, "")

    bad = [row(devices[0], "zero \0 character", 1), row(devices[1], "", 2**70)]
    found = await world.door.check_ins.write([bad[0], row(devices[2], "good", 1), bad[1]])
    assert isinstance(found[0], Invalid)
    assert isinstance(found[2], Invalid)
    assert found[0].kind == "check_in_not_kept"
    assert not isinstance(found[1], Exception)
    rows = world.rows("select boot_id from patchring.device_contact where last_seen_at is not null")
    assert rows == [("good",)]


async def test_a_device_that_is_not_there_fails_alone_and_is_not_made(world: World) -> None:
    tenant = world.tenant()
    device = await world.device(tenant)
    there = Row(tenant.tenant_id.hex, device.device_id.replace("-", ""), 1, "b", 1, "0.1.0", "", 0, "")
    gone = Row(tenant.tenant_id.hex, new_id(NOW).hex, 1, "b", 1, "0.1.0", "", 0, "")
    found = await world.door.check_ins.write([gone, there])
    assert isinstance(found[0], NotSignedIn)
    assert found[0].kind == "device_unknown"
    assert not isinstance(found[1], Exception)
    assert world.rows("select count(*) from patchring.device_contact") == [(1,)]


async def test_old_and_new_session_of_one_device_in_one_batch(world: World) -> None:
    device = await world.device(world.tenant())
    old = device.session
    world.run("update patchring.device_contact set session_epoch = 2")
    device.session = (await device.post("session", device.session_request())).json()["session"]
    body = encode(CheckIn("boot-1", 60, "0.1.0", ""))
    first, second, third = await asyncio.gather(
        device.post("check-in", body),
        device.post("check-in", {**body, "uptime_s": 9}, old),
        device.post("check-in", body),
    )
    assert [first.status_code, third.status_code] == [200, 200]
    assert kind_of(second) == (401, "session_expired")
    assert world.rows("select uptime_s from patchring.device_contact") == [(60,)]


async def test_writers_of_the_same_devices_at_once_do_not_block_each_other_in_a_circle(world: World) -> None:
    tenant = world.tenant()
    devices = [await world.device(tenant, f"pc-{number}") for number in range(20)]
    rows = [
        Row(d.tenant_id.replace("-", ""), d.device_id.replace("-", ""), 1, "b", 1, "0.1.0", "", 0, "") for d in devices
    ]
    batches = [rows, rows[::-1]] * 10
    found = await asyncio.gather(*(world.door.check_ins.write(batch) for batch in batches))
    assert [len([o for o in batch if not isinstance(o, Exception)]) for batch in found] == [20] * 20


async def test_check_ins_are_no_events(world: World) -> None:
    device = await world.device(world.tenant())
    before = world.rows("select count(*) from patchring.event")
    await device.check_in()
    assert world.rows("select count(*) from patchring.event") == before


async def test_an_answered_check_in_is_committed(world: World) -> None:
    """Another connection sees it at once."""
    device = await world.device(world.tenant())
    with psycopg.connect(world.admin, autocommit=True) as other:
        await device.check_in(uptime_s=4711)
        assert other.execute("select uptime_s from patchring.device_contact").fetchone() == (4711,)


def test_jitter_is_the_same_for_a_device_and_spreads_a_herd() -> None:
    times = [jittered(300, f"{number:032x}") for number in range(2000)]
    assert times == [jittered(300, f"{number:032x}") for number in range(2000)]
    assert (min(times), max(times)) == (240, 360)
    assert max(times.count(second) for second in set(times)) < 60
    assert jittered(1, "0" * 32) == 1
