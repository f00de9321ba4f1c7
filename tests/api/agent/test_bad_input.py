"""Whatever comes, the answer is a 2xx or a problem with a 4xx, and every refusal is counted; never a 5xx.

A bug would not become a 500 here: the test's transport raises it.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from patchring.store.ids import new_id
from patchring.wire.canonical import NotCanonical
from patchring.wire.codec import encode
from patchring.wire.messages import CheckIn, Plan
from patchring.wire.signing import SigningKey
from tests.api.agent.world import NOW, Device, Tenant, World, kind_of, progress, scan

pytestmark = pytest.mark.anyio

ROUTES = ("enrol", "session", "check-in", "reports", "permit")
some = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["\0", "0" * 64, "x" * 2000, str(new_id(NOW)), "\U0001f600", "'; drop table patchring.device; --"]),
)
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


ODD_VALUES: list[Any] = ["\0", "", 2**53, 2**63, 2**70, -1, 1.5, True, None, [], {}, {"\0": 1}]


def instead(new: Any, _: Any) -> Any:
    return new


def message_for(device: Device, tenant: Tenant, route: str) -> dict[str, Any]:
    """A message that would be taken; for enrolment, after the device has got a new key."""
    match route:
        case "enrol":
            device.key = SigningKey.generate()
            return device.enrol_request(tenant.token.text())
        case "session":
            return device.session_request()
        case "check-in":
            return encode(CheckIn("boot-1", 60, "0.1.0", ""))  # type: ignore[no-any-return]
        case "reports":
            return {"reports": [device.report("scan", scan()), device.report("progress", progress(new_id(NOW)))]}
        case _:
            names = {"tenant_id": device.tenant_id, "device_id": device.device_id, "action_id": str(new_id(NOW))}
            rest = {"action": "install", "nonce": secrets.token_hex(16), "made_at_ms": 1, "boot_id": "b"}
            return device.signed("permit-request", {**names, **rest, "plan": encode(Plan("apt", []))})


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, entry in inner for place in places(entry, (*path, key)))]


def bend(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """A copy with one place changed."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = bend(copy[path[0]], path[1:], change)
    return copy


@dataclass(frozen=True)
class Bending:
    """One change to make: at a place, by number, of the message; of an object one field, or all of it."""

    place: int
    field: int
    how: str
    new: Any

    def applied(self, message: Any) -> Any:
        found = places(message)
        return bend(message, found[self.place % len(found)], self._change)

    def _change(self, old: Any) -> Any:
        if not isinstance(old, dict) or self.how == "replace":
            return self.new
        names = [*old, "surprise"]
        name = names[self.field % len(names)]
        kept = {key: entry for key, entry in old.items() if key != name}
        return kept if self.how == "leave out" else {**kept, name: self.new}


numbers = st.integers(0, 10_000)
bendings = st.builds(Bending, numbers, numbers, st.sampled_from(["replace", "leave out", "put"]), anything)


def signed_again(device: Device, route: str, message: Any) -> Any:
    """The bent message under a right signature, so that what comes after the signature is tried as well."""
    kinds = {"enrol": "enrol", "session": "session", "permit": "permit-request"}
    try:
        if route in kinds:
            return device.signed(kinds[route], {k: v for k, v in message.items() if k != "signature"})
        if route == "reports":
            parts = [{k: v for k, v in report.items() if k != "signature"} for report in message["reports"]]
            return {**message, "reports": [device.signed("report", part) for part in parts]}
    except (NotCanonical, AttributeError, KeyError, TypeError):
        return message
    return message


async def expect_sane(world: World, route: str, answer: httpx.Response) -> None:
    """The answer is one of the two, and what was refused is counted under its kind."""
    if answer.status_code == 200:
        assert answer.headers["content-type"] == "application/json"
        return
    status, kind = kind_of(answer)
    assert 400 <= status < 500, answer.text
    assert (await world.refusals())[route, kind] > 0


@pytest.mark.parametrize("route", ROUTES)
@some
@example(raw=b'{"\\n": 1}')
@given(raw=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
async def test_any_bytes(world: World, route: str, raw: bytes) -> None:
    _, device = await inhabitants(world)
    headers = {"authorization": f"Bearer {device.session}"}
    answer = await world.http.post(f"/agent/v1/{route}", content=raw, headers=headers)
    assert answer.status_code in (400, 401, 413, 422)
    await expect_sane(world, route, answer)


@pytest.mark.parametrize("route", ROUTES)
@some
@given(bending=bendings, sign_again=st.booleans())
async def test_messages_bent_in_one_place(world: World, route: str, bending: Bending, sign_again: bool) -> None:
    tenant, device = await inhabitants(world)
    bent = bending.applied(message_for(device, tenant, route))
    if sign_again:
        bent = signed_again(device, route, bent)
    await expect_sane(world, route, await device.post(route, bent))


@pytest.mark.parametrize("route", ROUTES)
async def test_each_odd_value_in_each_place(world: World, route: str) -> None:
    """Rightly signed wherever it can be, so that every value gets as far as it can."""
    tenant, device = await inhabitants(world)
    for place in places(message_for(device, tenant, route)):
        for value in ODD_VALUES:
            await inhabitants(world)
            bent = bend(message_for(device, tenant, route), place, partial(instead, value))
            await expect_sane(world, route, await device.post(route, signed_again(device, route, bent)))


@pytest.mark.parametrize("route", ROUTES)
async def test_depth_size_and_odd_texts(world: World, route: str) -> None:
    device = await world.device(world.tenant())
    odd = [
        b"[" * 100_000,
        b'{"a":' * 4_000,
        b'{"nonce":"\\ud800"}',
        b"\xff\xfe",
        b'{"boot_id":"\xff"}',
        b"",
        b"nul",
        b'{"a":1e999}',
        b"0" * 4_000,
    ]
    for raw in odd:
        headers = {"authorization": f"Bearer {device.session}"}
        answer = await world.http.post(f"/agent/v1/{route}", content=raw, headers=headers)
        assert answer.status_code in (400, 413, 422, 429), (raw[:20], answer.text)
        await expect_sane(world, route, answer)


@pytest.mark.parametrize("route", ["check-in", "reports", "permit"])
async def test_nothing_is_taken_without_a_session(world: World, route: str) -> None:
    tenant = world.tenant()
    device = await world.device(tenant)
    message = message_for(device, tenant, route)
    for session in ("", "v1.a.b.c.d.e", device.session[:-1] + ("0" if device.session[-1] != "0" else "1")):
        assert kind_of(await device.post(route, message, session=session)) == (401, "session_forged")
    assert world.rows("select count(*) from patchring.report") == [(0,)]
    assert world.desk.asked == []


async def test_refusals_are_counted_by_day_route_and_kind(world: World) -> None:
    device = await world.device(world.tenant())
    for _ in range(3):
        await device.post("check-in", {"surprise": 1})
    await device.post("session", [])
    await world.door.refusals.flush()
    counted = world.rows("select on_day::text, route, kind, count from patchring.refusal_count order by route")
    assert counted == [
        ("2026-11-23", "check-in", "message_invalid", 3),
        ("2026-11-23", "session", "message_invalid", 1),
    ]


async def inhabitants(world: World) -> tuple[Tenant, Device]:
    """A tenant and a device, the same ones for every example; who sends much that is bad is let in again."""
    if not world.inhabitants:
        tenant = world.tenant(use_count_max=100_000)
        world.inhabitants.append((tenant, await world.device(tenant)))
    world.door._enrolments._buckets.clear()
    world.door._refused_enrolments._buckets.clear()
    return world.inhabitants[0]
