"""Sessions: opened by a signature, ended by time or by the epoch."""

import secrets
from datetime import timedelta

import pytest

from patchring.app.sessions import LIFETIME_S
from tests.api.agent.world import Device, World, kind_of

pytestmark = pytest.mark.anyio


async def test_a_signature_opens_a_session(world: World) -> None:
    device = await world.device(world.tenant())
    world.clock.advance(timedelta(seconds=LIFETIME_S))
    assert kind_of(await device.check_in()) == (401, "session_expired")
    answer = (await device.post("session", device.session_request())).json()
    assert answer == {"session": answer["session"], "server_at_ms": device.now_ms}
    device.session = answer["session"]
    assert (await device.check_in()).status_code == 200


async def test_a_replayed_request_gives_the_same_session_and_never_a_longer_one(world: World) -> None:
    device = await world.device(world.tenant())
    request = device.session_request()
    first = (await device.post("session", request)).json()["session"]
    world.clock.advance(timedelta(hours=23))
    assert (await device.post("session", request)).json()["session"] == first
    world.clock.advance(timedelta(hours=2))
    assert kind_of(await device.post("session", request)) == (401, "clock_skew")


async def test_raising_the_epoch_ends_every_session_at_once(world: World) -> None:
    device = await world.device(world.tenant())
    world.run("update patchring.device_contact set session_epoch = session_epoch + 1")
    assert kind_of(await device.check_in()) == (401, "session_expired")
    assert kind_of(await device.send()) == (401, "session_expired")
    device.session = (await device.post("session", device.session_request())).json()["session"]
    assert (await device.check_in()).status_code == 200


async def test_unknown_retired_and_foreign_devices_get_no_session(world: World) -> None:
    one, other = world.tenant("one"), world.tenant("other")
    device = await world.device(one)
    unknown = device.session_request(device_id=str(one.site_id))
    foreign = device.session_request(tenant_id=str(other.tenant_id))
    assert kind_of(await device.post("session", unknown)) == (401, "device_unknown")
    assert kind_of(await device.post("session", foreign)) == (401, "device_unknown")
    world.run("update patchring.device set state = 'retired'")
    assert kind_of(await device.post("session", device.session_request())) == (401, "device_retired")


async def test_another_key_gets_no_session(world: World) -> None:
    tenant = world.tenant()
    device, thief = await world.device(tenant), await world.device(tenant, "pc-2")
    bent = {**device.session_request(), "nonce": secrets.token_hex(16)}
    named = Device(world, "thief", thief.key, device.tenant_id, device.device_id).session_request()
    for request in (bent, named):
        assert kind_of(await device.post("session", request)) == (401, "signature_wrong")


async def test_a_session_cannot_be_made_up_or_bent(world: World) -> None:
    tenant = world.tenant()
    device, other = await world.device(tenant), await world.device(tenant, "pc-2")
    version, tenant_hex, device_hex, epoch, expires, mac = device.session.split(".")
    bent = [
        "",
        "v1",
        "é",
        ".".join([version, tenant_hex, other.device_id.replace("-", ""), epoch, expires, mac]),
        ".".join([version, tenant_hex, device_hex, "2", expires, mac]),
        ".".join([version, tenant_hex, device_hex, epoch, str(int(expires) + 1), mac]),
        ".".join([version, tenant_hex, device_hex, epoch, expires, mac[::-1]]),
        device.session + "0",
        device.session.upper(),
    ]
    for token in bent:
        device.session = token
        answer = await world.http.post(
            "/agent/v1/check-in", content=b"{}", headers={b"authorization": b"Bearer " + token.encode("latin-1")}
        )
        assert kind_of(answer) == (401, "session_forged"), token
    answer = await world.http.post("/agent/v1/check-in", content=b"{}")
    assert kind_of(answer) == (401, "session_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
