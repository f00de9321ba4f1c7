"""Permit requests: checked, then forwarded to the signer as they are."""

import secrets
from typing import Any

import pytest

from patchring.store.ids import new_id
from patchring.wire.codec import decode, encode
from patchring.wire.messages import Change, PermitRequest, Plan
from tests.api.agent.world import NOW, Device, World, kind_of

pytestmark = pytest.mark.anyio


def request(device: Device, **changes: Any) -> dict[str, Any]:
    change = Change("openssl", "amd64", "3.0.15-1", "3.0.16-1", "Debian", "Debian-Security", "stable", "ab" * 32)
    message = {
        "tenant_id": device.tenant_id,
        "device_id": device.device_id,
        "action_id": str(new_id(NOW)),
        "action": "install",
        "nonce": secrets.token_hex(16),
        "number": 1,
        "made_at_ms": device.now_ms,
        "boot_id": "boot-1",
        "plan": encode(Plan("apt", [change])),
    }
    return device.signed("permit-request", {**message, **changes})


async def test_the_signer_gets_the_request_as_it_was_signed_and_its_refusal_is_an_answer(world: World) -> None:
    device = await world.device(world.tenant())
    sent = request(device)
    answer = await device.post("permit", sent)
    assert answer.status_code == 200
    assert answer.json() == {
        "permit": None,
        "chain": [],
        "denied": [{"code": "ring_waits", "text": "ring 1 waits for ring 0", "numbers": {"ring": "1"}}],
        "retry_after_s": 60,
    }
    [(tenant_id, device_id, forwarded)] = world.desk.asked
    assert (str(tenant_id), str(device_id)) == (device.tenant_id, device.device_id)
    assert forwarded == decode(PermitRequest, sent)
    assert encode(forwarded) == sent


async def test_nothing_wrong_reaches_the_signer(world: World) -> None:
    tenant = world.tenant()
    device, other = await world.device(tenant), await world.device(tenant, "pc-2")
    sent = request(device)
    without_default = {**sent["plan"]}
    del without_default["bytes_needed"]
    bad = [
        ({**sent, "action": "downgrade"}, (401, "signature_wrong")),
        ({**sent, "signature": "0" * 128}, (401, "signature_wrong")),
        (request(other), (401, "other_device")),
        (request(device, nonce="short"), (422, "message_invalid")),
        (request(device, action="format"), (422, "message_invalid")),
        (request(device, surprise=1), (422, "message_invalid")),
        (request(device, plan=without_default), (422, "message_invalid")),
    ]
    assert [kind_of(await device.post("permit", body)) for body, _ in bad] == [expected for _, expected in bad]
    world.run("update patchring.device_contact set session_epoch = 2")
    assert kind_of(await device.post("permit", request(device))) == (401, "session_expired")
    assert world.desk.asked == []
