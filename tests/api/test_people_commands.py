"""Every command is done once however often it is sent, asks for its permission, and refuses who is not known.

Over every route of the table: a new command fails until `tests/api/valid.py` has a request for it.
"""

from datetime import timedelta
from typing import Any

import pytest

from patchring.app.permissions import ROLES, StaffRole
from tests.api.route_table import Declared, routes
from tests.api.test_twin_tenants import everything
from tests.api.twins import Twins
from tests.api.valid import COMMANDS, do, new_key

pytestmark = pytest.mark.anyio

READS = ("POST /policy-check", "POST /tenants/{tenant}/policy/compare")
KEYED = [route for route in routes() if route.method != "GET" and route.name not in READS]


def named(route: Declared) -> str:
    return route.name


def test_every_command_has_a_request() -> None:
    assert {route.name for route in routes() if route.method != "GET"} == set(COMMANDS)


async def prepared(twins: Twins, name: str) -> None:
    for earlier in COMMANDS[name].before:
        answer = await do(twins, earlier)
        assert answer.is_success, answer.text


@pytest.mark.parametrize("route", KEYED, ids=named)
async def test_a_command_that_is_sent_again_is_done_once(twins: Twins, route: Declared) -> None:
    """Same key, same request: the first answer again, and not one row of the database is another."""
    await prepared(twins, route.name)
    key, sent = new_key(), {}
    if COMMANDS[route.name].body is not None:
        sent = {"json": COMMANDS[route.name].body(twins)}  # type: ignore[misc]
    first = await do(twins, route.name, key=key, **sent)
    assert first.is_success, first.text
    assert "idempotency-replayed" not in first.headers
    done = everything(twins)
    again = await do(twins, route.name, key=key, **sent)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (first.status_code, "true")
    assert again.json() == {**first.json(), **({"token": None} if "token" in first.json() else {})}
    assert everything(twins) == done


@pytest.mark.parametrize("route", [r for r in KEYED if COMMANDS[r.name].changed], ids=named)
async def test_a_key_is_for_one_request(twins: Twins, route: Declared) -> None:
    """The same key with another request is refused, and changes nothing."""
    await prepared(twins, route.name)
    key, command = new_key(), COMMANDS[route.name]
    assert command.body is not None
    body = command.body(twins)
    assert (await do(twins, route.name, key=key, json=body)).is_success
    before = everything(twins)
    answer = await do(twins, route.name, key=key, json={**body, **(command.changed or {})})
    assert (answer.status_code, answer.json()["kind"]) == (422, "key_reused")
    assert everything(twins) == before


async def test_a_key_is_its_principals_own(twins: Twins) -> None:
    """Two people may choose the same key; neither is given the other's answer."""
    first = await do(twins, "POST /tenants/{tenant}/sites", key="1", json={"name": "One", "zone": "UTC"})
    second = await do(twins, "POST /tenants/{tenant}/sites", "ada", key="1", json={"name": "Two", "zone": "UTC"})
    assert (first.json()["name"], second.json()["name"]) == ("One", "Two")


async def test_a_refused_command_may_be_sent_again_with_its_key(twins: Twins) -> None:
    """What was not done is not remembered: after the cause is gone the same request is done."""
    name = "POST /tenants/{tenant}/rollouts/{rollout_id}/resume"
    key = new_key()
    refused = await do(twins, name, key=key)
    assert (refused.status_code, refused.json()["kind"]) == (409, "illegal_move")
    await prepared(twins, name)
    assert (await do(twins, name, key=key)).json()["state"] == "running"


async def test_a_lost_answer_is_said_to_be_lost(twins: Twins) -> None:
    """A server that died between doing and answering: the command is not done again, and the caller is told to look."""
    name, key = "POST /tenants/{tenant}/sites", new_key()
    assert (await do(twins, name, key=key)).is_success
    twins.admin.execute("update patchring.idempotency set status = 102, response = '{}'")
    again = await do(twins, name, key=key)
    assert (again.status_code, again.json()["kind"]) == (409, "answer_lost")


async def test_keys_are_forgotten_after_a_week(twins: Twins) -> None:
    """Not before: whoever sends a command again has that long."""
    name = "POST /tenants/{tenant}/sites"
    for number, pause in enumerate((timedelta(0), timedelta(days=6), timedelta(days=2))):
        twins.clock.advance(pause)
        sent = {"name": f"Office {number}", "zone": "UTC"}
        assert (await do(twins, name, key=f"key-{number}", json=sent)).is_success
    kept = twins.admin.execute("select idempotency_key from patchring.idempotency order by 1").fetchall()
    assert kept == [("key-1",), ("key-2",)]


@pytest.mark.parametrize("role", list(StaffRole))
async def test_what_a_role_may_not_is_refused(twins: Twins, role: StaffRole) -> None:
    """Every route whose permission the role has not: 403, with the permission's name, and nothing was changed."""
    twins.principal("somebody", role, twins.a)
    before = everything(twins)
    refused = [route for route in routes() if route.permission and route.permission not in ROLES[role]]
    for route in refused:
        places: dict[str, Any] = {name: twins.a.device_id for name in route.parameters if name != "tenant"}
        url = route.url(tenant=twins.a.slug, **places)
        answer = await twins.http.request(route.method, url, headers=twins.headers("somebody"), json={})
        assert (answer.status_code, answer.json()["kind"]) == (403, "not_allowed"), route.name
        assert answer.json()["permission"] == route.permission
    assert everything(twins) == before
    assert len(refused) == sum(1 for route in routes() if route.permission and route.permission not in ROLES[role])


def test_roles_are_what_their_names_say() -> None:
    """Who only reads changes nothing; who may change much may not give himself more."""
    reading = {permission for permission in ROLES[StaffRole.OPERATOR] if permission.endswith(".read")}
    assert ROLES[StaffRole.AUDITOR] == ROLES[StaffRole.VCIO] == reading
    assert ROLES[StaffRole.CLIENT_CONTACT] - {"patches.approve"} < reading
    assert "principals.manage" not in ROLES[StaffRole.PATCH_ADMINISTRATOR]
    assert all("rollouts.halt" in ROLES[role] for role in (StaffRole.TECHNICIAN, StaffRole.SERVICE_DESK_LEAD))
    assert "rollouts.resume" not in ROLES[StaffRole.TECHNICIAN]


@pytest.mark.parametrize("route", [route for route in routes() if not route.public], ids=named)
async def test_who_is_not_known_gets_nothing(twins: Twins, route: Declared) -> None:
    """No token, another scheme, a token that nobody has: the same 401, before anything is looked at."""
    places: dict[str, Any] = {name: twins.a.device_id for name in route.parameters if name != "tenant"}
    url = route.url(tenant=twins.a.slug, **places)
    for headers in ({}, {"authorization": "Basic YWRhOmFkYQ=="}, {"authorization": "Bearer nobody"}):
        answer = await twins.http.request(route.method, url, headers=headers, json={})
        assert (answer.status_code, answer.json()["kind"]) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_revoked_and_expired_tokens_do_not_count(twins: Twins) -> None:
    now = twins.clock.now()
    twins.principal("late", StaffRole.AUDITOR, expires_at=now)
    twins.principal("gone", StaffRole.AUDITOR, revoked_at=now)
    twins.principal("soon", StaffRole.AUDITOR, expires_at=now + timedelta(seconds=1))
    found = {
        who: await twins.http.get("/api/v1/tenants", headers=twins.headers(who)) for who in ("late", "gone", "soon")
    }
    assert {who: answer.status_code for who, answer in found.items()} == {"late": 401, "gone": 401, "soon": 200}
