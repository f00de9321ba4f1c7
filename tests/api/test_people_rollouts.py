"""Halt, resume, roll back, abandon, and stops of every scope: what is in force, what is recorded, what is looked at."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from patchring.app.permissions import StaffRole
from patchring.app.stops import facet_stop, patch_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from tests.api.test_twin_tenants import everything
from tests.api.twins import Twin, Twins
from tests.api.valid import WHY

pytestmark = pytest.mark.anyio
BASE = "/api/v1/tenants/northwind/rollouts"


async def send(twins: Twins, verb: str, who: str = "all", reason: str = WHY) -> Any:
    url = f"{BASE}/{twins.a.scene.rollout_id}/{verb}"
    return await twins.http.post(url, json={"reason": reason}, headers=twins.headers(who))


async def stop(twins: Twins, key: str, path: str = "/stops", who: str = "all") -> Any:
    body = {"key": key, "reason": WHY}
    return await twins.http.post(f"/api/v1{path}", json=body, headers=twins.headers(who))


def nothing_stopped(twins: Twins) -> None:
    twins.admin.execute("update patchring.stop set lifted_at = placed_at, lifted_by = 'test'")


def in_force(twins: Twins) -> set[str]:
    query = "select stop_key from patchring.stop where lifted_at is null"
    return {key for (key,) in twins.admin.execute(query)}


def halted_by_itself(twins: Twins, scope: str) -> None:
    """As a worker leaves it after a failure: the ring and the rollout halted, with the stop of this scope."""
    scene = twins.a.scene
    changes = {"state": "halted", "halt_scope": scope, "halt_source": "failure"}
    scene.set("rollout", **changes)
    scene.connection.execute(
        "update patchring.rollout_ring set state = 'halted', counts = %s where tenant_id = %s and ring = 1",
        [Jsonb({"failed": 2, "verified": 1}), scene.tenant_id],
    )
    key = {
        "patch": patch_stop(scene.patch_key),
        "tenant": tenant_stop(scene.tenant_id),
        "rollout": rollout_stop(scene.rollout_id),
        "ring": ring_stop(scene.rollout_id, 1),
    }[scope]
    row = {"stop_id": scene.site_id, "stop_key": key, "reason": "it failed", "placed_at": scene.now}
    scene.insert("stop", [{**row, "placed_by": "worker"}])


def events(twin: Twin) -> list[str]:
    query = "select kind from patchring.event where tenant_id = %s order by seq"
    return [kind for (kind,) in twin.scene.connection.execute(query, [twin.tenant_id])]


def due(twin: Twin) -> set[tuple[str, Any]]:
    query = "select kind, id from patchring.due where tenant_id = %s"
    return set(twin.scene.connection.execute(query, [twin.tenant_id]).fetchall())


async def test_a_halt_is_in_force_recorded_and_looked_at(twins: Twins) -> None:
    nothing_stopped(twins)
    answer = (await send(twins, "halt")).json()
    assert (answer["state"], answer["halt_scope"], answer["halt_source"]) == ("halted", "rollout", "person")
    assert [each["stop_key"] for each in answer["stopped_by"]] == [rollout_stop(twins.a.scene.rollout_id)]
    assert answer["reasons"][0]["text"] == f"halted by operator:all: {WHY}"
    assert in_force(twins) == {rollout_stop(twins.a.scene.rollout_id)}
    assert events(twins.a) == ["twin_made", "rollout_halted"]
    assert due(twins.a) == {("rollout", twins.a.scene.rollout_id)}


async def test_a_halted_rollout_goes_on_when_it_is_resumed(twins: Twins) -> None:
    """Its own stop is lifted; one that somebody else placed on the tenant is not, and is named."""
    nothing_stopped(twins)
    await send(twins, "halt")
    assert (await stop(twins, tenant_stop(twins.a.tenant_id))).status_code == 201
    answer = (await send(twins, "resume")).json()
    assert (answer["state"], answer["halt_scope"], answer["halt_source"]) == ("running", None, None)
    assert [each["stop_key"] for each in answer["stopped_by"]] == [tenant_stop(twins.a.tenant_id)]


@pytest.mark.parametrize("scope", ["ring", "rollout", "tenant", "patch"])
async def test_resuming_after_a_failure_lifts_its_stop_and_accepts_what_failed(twins: Twins, scope: str) -> None:
    """The ring is open again, and the failures so far are counted apart, so that they do not halt at once again."""
    nothing_stopped(twins)
    halted_by_itself(twins, scope)
    answer = (await send(twins, "resume")).json()
    assert (answer["state"], answer["stopped_by"], in_force(twins)) == ("running", [], set())
    (ring,) = [ring for ring in answer["rings"] if ring["ring"] == 1]
    assert (ring["state"], ring["forgiven_count"]) == ("open", 2)


async def test_a_stop_of_the_patch_everywhere_is_not_lifted_by_who_has_one_tenant(twins: Twins) -> None:
    """It goes on where he may decide; what still stops it is in the answer."""
    nothing_stopped(twins)
    halted_by_itself(twins, "patch")
    answer = (await send(twins, "resume", "ada")).json()
    key = patch_stop(twins.a.scene.patch_key)
    assert (answer["state"], [each["stop_key"] for each in answer["stopped_by"]]) == ("running", [key])
    assert in_force(twins) == {key}


async def test_a_way_back_halts_first(twins: Twins) -> None:
    nothing_stopped(twins)
    answer = (await send(twins, "roll-back")).json()
    assert (answer["state"], answer["rollback_requested_by"]) == ("halted", "operator:all")
    assert in_force(twins) == {rollout_stop(twins.a.scene.rollout_id)}
    assert events(twins.a)[-3:] == ["rollout_halted", "rollback_requested", "hold_placed"]


async def test_what_a_person_takes_back_does_not_begin_anew(twins: Twins) -> None:
    """Its devices miss the patch again, and the policy would offer it: it is held, once, until a person releases it."""
    nothing_stopped(twins)
    for _ in range(2):
        await send(twins, "roll-back")
    scene = twins.a.scene
    assert scene.count("hold", f"patch_key = '{scene.patch_key}' and source = 'person' and segment is null") == 1


async def test_an_abandoned_rollout_never_goes_on(twins: Twins) -> None:
    """Whatever is asked of it, the table of states says no, and nothing changes."""
    assert (await send(twins, "abandon")).json()["state"] == "abandoned"
    before = everything(twins)
    for verb in ("halt", "resume", "roll-back", "abandon"):
        answer = await send(twins, verb)
        assert (answer.status_code, answer.json()["kind"]) == (409, "illegal_move"), verb
    assert everything(twins) == before


@pytest.mark.parametrize("verb", ["halt", "resume", "roll-back", "abandon"])
@pytest.mark.parametrize("reason", ["", "  ", "x", "a\nb"])
async def test_nothing_is_changed_without_a_reason(twins: Twins, verb: str, reason: str) -> None:
    before = everything(twins)
    answer = await send(twins, verb, reason=reason)
    assert (answer.status_code, answer.json()["fields"][0]["place"]) == (422, "body.reason")
    assert everything(twins) == before


async def test_a_stop_of_everything_reaches_every_tenant(twins: Twins) -> None:
    """In force at once, in each tenant's record, and every rollout is looked at; the same when it is lifted."""
    nothing_stopped(twins)
    placed = await stop(twins, "everything")
    assert (placed.status_code, placed.json()["state"]) == (201, "in_force")
    assert in_force(twins) == {"everything"}
    for twin in (twins.a, twins.b):
        assert (events(twin)[-1], due(twin)) == ("stop_placed", {("rollout", twin.scene.rollout_id)})
    assert (await stop(twins, "everything", "/stops/lift")).json()["state"] == "lifted"
    assert in_force(twins) == set()
    assert [events(twin)[-1] for twin in (twins.a, twins.b)] == ["stop_lifted"] * 2


async def test_everything_can_be_stopped_before_there_is_any_tenant(twins: Twins) -> None:
    """A halt never waits for anything to be set up."""
    nothing_stopped(twins)
    twins.admin.execute("delete from patchring.principal_tenant")
    twins.admin.execute("delete from patchring.tenant_directory")
    assert (await stop(twins, "everything")).status_code == 201
    assert in_force(twins) == {"everything"}


async def test_a_stop_of_a_patch_is_recorded_where_it_is_known(twins: Twins) -> None:
    nothing_stopped(twins)
    key = patch_stop(twins.b.scene.patch_key)
    assert (await stop(twins, key)).status_code == 201
    assert (events(twins.a)[-1], events(twins.b)[-1]) == ("twin_made", "stop_placed")


async def test_a_stop_that_is_in_force_stays_as_it_is(twins: Twins) -> None:
    """Whoever stops again is told who did, and the first reason stays."""
    nothing_stopped(twins)
    await stop(twins, "everything")
    before = everything(twins)
    again = await stop(twins, "everything")
    assert (again.status_code, again.json()["kind"]) == (409, "stop_in_force")
    assert "by operator:all" in again.json()["detail"]
    assert everything(twins) == before


async def test_a_stop_that_is_not_in_force_cannot_be_lifted(twins: Twins) -> None:
    answer = await stop(twins, "everything", "/stops/lift")
    assert (answer.status_code, answer.json()["kind"]) == (404, "stop_not_found")


@pytest.mark.parametrize(
    "key",
    [
        "nothing",
        "everything:",
        "patch:",
        "tenant:",
        "tenant:northwind",
        "rollout:1",
        "ring:{rollout}",
        "ring:{rollout}:-1",
        "ring:{rollout}:01",
        "ring:{rollout}:99999",
        "ring:{rollout}:x",
        "segment:{tenant}",
        "segment:x:y",
    ],
)
async def test_a_key_that_no_permit_looks_for_is_refused(twins: Twins, key: str) -> None:
    """A misspelt halt would halt nothing; it is never answered as done."""
    text = key.format(rollout=twins.a.scene.rollout_id, tenant=twins.a.tenant_id)
    answer = await stop(twins, text)
    assert (answer.status_code, answer.json()["kind"]) == (422, "stop_key_unknown")


async def test_keys_are_kept_in_the_spelling_that_permits_look_for(twins: Twins) -> None:
    """An id may be typed in capitals, in braces or without hyphens; what is in force is the one spelling."""
    nothing_stopped(twins)
    tenant, rollout = twins.a.tenant_id, twins.a.scene.rollout_id
    for typed in (f"tenant:{str(tenant).upper()}", f"rollout:{{{rollout}}}", f"ring:{rollout.hex}:1"):
        assert (await stop(twins, typed)).status_code == 201
    assert (await stop(twins, f"segment:{tenant.hex}:every:thing")).status_code == 201
    keys = {tenant_stop(tenant), rollout_stop(rollout), ring_stop(rollout, 1), segment_stop(tenant, "every:thing")}
    assert in_force(twins) == keys


async def test_who_has_one_tenant_stops_inside_it(twins: Twins) -> None:
    """A technician halts what is his, at once; what reaches further is not there for him."""
    nothing_stopped(twins)
    twins.principal("tech", StaffRole.TECHNICIAN, twins.a)
    rollout = twins.a.scene.rollout_id
    own = [tenant_stop(twins.a.tenant_id), rollout_stop(rollout), ring_stop(rollout, 1)]
    assert [(await stop(twins, key, who="tech")).status_code for key in own] == [201, 201, 201]
    assert [(await stop(twins, key, who="tech")).status_code for key in ("everything", "patch:apt:x=1")] == [404, 404]
    listed = await twins.http.get("/api/v1/stops", headers=twins.headers("tech"))
    assert {each["stop_key"] for each in listed.json()["items"]} == set(own)
    assert (await stop(twins, own[0], "/stops/lift", who="tech")).status_code == 403


async def test_a_stop_of_everything_is_shown_to_everybody(twins: Twins) -> None:
    """Also across pages: what is not the asker's leaves no holes."""
    await stop(twins, "everything")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        given = {"limit": 1, "cursor": cursor}
        page = (await twins.http.get("/api/v1/stops", params=given, headers=twins.headers("ada"))).json()
        seen += [each["stop_key"] for each in page["items"]]
        cursor = page["next"]
    rollout, tenant = twins.a.scene.rollout_id, twins.a.tenant_id
    own = {tenant_stop(tenant), rollout_stop(rollout), ring_stop(rollout, 1), segment_stop(tenant, "everything")}
    own.add(facet_stop(twins.a.scene.patch_key, f"own/{tenant}"))
    assert (len(seen), set(seen)) == (6, {"everything", *own})


async def test_a_rollout_that_is_open_is_not_started_again(twins: Twins) -> None:
    body = {"patch": twins.a.scene.patch_key}
    answer = await twins.http.post(BASE, json=body, headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["kind"]) == (409, "rollout_not_started")
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["rollout_open"]


async def test_a_person_starts_what_the_policy_would_not_start_again(twins: Twins) -> None:
    """After an abandoned rollout: over the devices that miss the patch, with every ring of the policy."""
    await send(twins, "abandon")
    answer = await twins.http.post(BASE, json={"patch": twins.a.scene.patch_key}, headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["device_count"]) == (201, 1)
    url = f"{BASE}/{answer.json()['rollout_id']}"
    shown = (await twins.http.get(url, headers=twins.headers("all"))).json()
    assert (shown["state"], [ring["name"] for ring in shown["rings"]]) == ("awaiting_approval", ["first", "second"])
    devices = (await twins.http.get(f"{url}/devices", headers=twins.headers("all"))).json()["items"]
    assert [(device["name"], device["ring"], device["state"]) for device in devices] == [("northwind-pc", 1, "waiting")]
