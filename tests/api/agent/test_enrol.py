"""Enrolment: a token, a signature, and the same device for the same key."""

import asyncio
from datetime import timedelta

import pytest

from tests.api.agent.world import NOW, Device, World, kind_of, root_document

pytestmark = pytest.mark.anyio


async def test_a_device_gets_its_place_its_session_and_the_roots(world: World) -> None:
    tenant = world.tenant()
    device = Device(world, "pc-1")
    answer = (await device.enrol(tenant.token.text())).json()
    assert answer["tenant_id"] == str(tenant.tenant_id)
    assert answer["roots"] == [root_document(tenant.tenant_id)]
    assert answer["server_at_ms"] == device.now_ms
    device.joined(answer)
    assert (await device.check_in()).status_code == 200
    names = "device_id::text, site_id, name, public_key, state, enrolled_at"
    assert world.rows(f"select {names} from patchring.device") == [  # noqa: S608 - a constant
        (answer["device_id"], tenant.site_id, "pc-1", device.key.public, "active", NOW)
    ]
    kind = "class, roles, os_name, os_version, architecture"
    found = world.rows(f"select {kind} from patchring.device")  # noqa: S608 - a constant
    assert found == [("workstation", [], "debian", "12", "amd64")]


async def test_enrolment_is_recorded_in_the_tenants_chain(world: World) -> None:
    device = await world.device(world.tenant())
    events = world.rows("select seq, actor, kind, subject_kind, subject_id, data->>'name' from patchring.event")
    token_id = world.rows("select token_id from patchring.enrolment_token")[0][0]
    assert events == [(1, f"enrolment_token:{token_id}", "device_enrolled", "device", device.device_id, "pc-1")]


async def test_the_same_key_gets_the_same_device_and_uses_the_token_once(world: World) -> None:
    tenant = world.tenant(use_count_max=1)
    device = Device(world, "pc-1")
    request = device.enrol_request(tenant.token.text())
    first = (await device.post("enrol", request)).json()
    assert (await device.post("enrol", request)).json() == first, "a replay gives the same answer"
    world.clock.advance(timedelta(days=8))  # the token has expired meanwhile
    again = (await device.enrol(tenant.token.text())).json()
    assert again["device_id"] == first["device_id"]
    assert world.rows("select use_count from patchring.enrolment_token") == [(1,)]
    assert world.rows("select count(*) from patchring.event") == [(1,)]


async def test_the_same_key_at_once_is_one_device(world: World) -> None:
    tenant = world.tenant()
    device = Device(world, "pc-1")
    answers = await asyncio.gather(*(device.enrol(tenant.token.text()) for _ in range(8)))
    assert len({answer.json()["device_id"] for answer in answers}) == 1
    assert world.rows("select use_count from patchring.enrolment_token") == [(1,)]


async def test_a_token_takes_in_no_more_devices_than_it_says(world: World) -> None:
    tenant = world.tenant(use_count_max=3)
    devices = [Device(world, f"pc-{number}") for number in range(6)]
    answers = await asyncio.gather(*(device.enrol(tenant.token.text()) for device in devices))
    refused = [kind_of(answer) for answer in answers if answer.status_code != 200]
    assert refused == [(401, "token_used_up")] * 3
    assert world.rows("select count(*) from patchring.device") == [(3,)]


@pytest.mark.parametrize(("column", "kind"), [("revoked_at", "token_revoked"), ("expires_at", "token_expired")])
async def test_a_token_that_has_ended_takes_in_nobody(world: World, column: str, kind: str) -> None:
    tenant = world.tenant()
    world.run(f"update patchring.enrolment_token set {column} = %s", NOW)  # noqa: S608 - a constant
    assert kind_of(await Device(world, "pc-1").enrol(tenant.token.text())) == (401, kind)
    assert world.rows("select count(*) from patchring.device") == [(0,)]


async def test_unknown_token_wrong_secret_and_other_tenant_look_the_same(world: World) -> None:
    one, other = world.tenant("one"), world.tenant("other")
    parts = one.token.text().split(".")
    wrong = {
        "secret": ".".join([*parts[:3], "x" * 32, *parts[4:]]),
        "token": ".".join([*parts[:2], "0" * 32, *parts[3:]]),
        "tenant": ".".join([parts[0], other.tenant_id.hex, *parts[2:]]),
        "nobody": ".".join([parts[0], "f" * 32, *parts[2:]]),
    }
    answers = {name: await Device(world, name).enrol(token) for name, token in wrong.items()}
    assert {kind_of(answer) for answer in answers.values()} == {(401, "token_unknown")}
    assert len({answer.json()["detail"] for answer in answers.values()}) == 1


async def test_without_a_signature_nobody_gets_in(world: World) -> None:
    tenant = world.tenant()
    device = Device(world, "pc-1")
    request = device.enrol_request(tenant.token.text())
    unsigned = {name: entry for name, entry in request.items() if name != "signature"}
    for bent in (unsigned, {**unsigned, "signature": ""}, {**unsigned, "signature": None}):
        assert kind_of(await device.post("enrol", bent)) == (401, "signature_missing")
    assert kind_of(await device.post("enrol", {**unsigned, "signature": "no hex"})) == (401, "signature_wrong")


async def test_a_key_that_the_device_does_not_hold_is_refused(world: World) -> None:
    tenant = world.tenant()
    device, thief = Device(world, "pc-1"), Device(world, "pc-2")
    request = device.enrol_request(tenant.token.text())
    stolen = {**request, "public_key": thief.key.public}
    renamed = {**request, "facts": {**request["facts"], "hostname": "dc-1"}}
    for bent in (stolen, renamed, {**request, "signature": "0" * 128}):
        assert kind_of(await device.post("enrol", bent)) == (401, "signature_wrong")
    assert world.rows("select count(*) from patchring.device") == [(0,)]


@pytest.mark.parametrize("hours", [-25, 25])
async def test_a_clock_that_is_far_off_is_told_the_servers_time(world: World, hours: int) -> None:
    tenant = world.tenant()
    device = Device(world, "pc-1")
    answer = await device.enrol(tenant.token.text(), made_at_ms=device.now_ms + hours * 3_600_000)
    assert kind_of(answer) == (401, "clock_skew")
    assert answer.json()["server_at_ms"] == device.now_ms


async def test_a_retired_device_stays_out(world: World) -> None:
    tenant = world.tenant()
    device = await world.device(tenant)
    world.run("update patchring.device set state = 'retired'")
    assert kind_of(await device.enrol(tenant.token.text())) == (401, "device_retired")


async def test_who_guesses_tokens_is_soon_told_to_wait(world: World) -> None:
    tenant = world.tenant()
    guesser = Device(world, "guesser")
    wrong = tenant.token.text().replace(tenant.token.secret, "x" * 32)
    kinds = [kind_of(await guesser.enrol(wrong)) for _ in range(21)]
    assert kinds == [(401, "token_unknown")] * 20 + [(429, "too_many_enrolments")]
    answer = await guesser.enrol(wrong)
    assert answer.headers["retry-after"] == str(answer.json()["retry_after_s"])
    assert await world.refusals() == {("enrol", "token_unknown"): 20, ("enrol", "too_many_enrolments"): 2}
