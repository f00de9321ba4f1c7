"""Whatever is wrong with a request, the answer has the one shape, says what to do, and nothing was changed."""

import json
from typing import Any

import pytest

from patchring.api.people.bodies import BODY_BYTES_MAX
from tests.api.agent.world import kind_of
from tests.api.test_twin_tenants import everything
from tests.api.twins import Twins
from tests.api.valid import T, do

pytestmark = pytest.mark.anyio
SITES = "/api/v1/tenants/northwind/sites"


async def post(twins: Twins, content: bytes, url: str = SITES, **headers: str) -> tuple[int, str]:
    sent = {**twins.headers("all"), "content-type": "application/json", **headers}
    before = everything(twins)
    answer = await twins.http.post(url, content=content, headers=sent)
    assert everything(twins) == before
    return kind_of(answer)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (422, "invalid")),
        (b"null", (422, "invalid")),
        (b"[]", (422, "invalid")),
        (b'"text"', (422, "invalid")),
        (b"{", (400, "body_malformed")),
        (b'{"name": "x" "zone": 1}', (400, "body_malformed")),
        (b"\xff\xfe", (400, "body_malformed")),
        (b'{"name": "\\u0000", "zone": "UTC"}', (422, "zero_character")),
        (b'{"na\\u0000me": "x"}', (422, "zero_character")),
        (b'{"name": "\\ud800", "zone": "UTC"}', (422, "invalid")),
        (b'{"name": "x"}', (422, "invalid")),
        (b'{"name": "x", "zone": "UTC", "extra": 1}', (422, "invalid")),
        (b'{"name": 1, "zone": "UTC"}', (422, "invalid")),
        (b'{"name": "   ", "zone": "UTC"}', (422, "invalid")),
        (b'{"name": "a\\tb", "zone": "UTC"}', (422, "invalid")),
        (b'{"name": "x", "zone": "Nowhere/Town"}', (422, "zone_unknown")),
        (b'{"name": "x", "zone": "../../etc/passwd"}', (422, "zone_unknown")),
        (b'{"name": "Head office", "zone": "UTC"}', (409, "site_exists")),
        (b'{"name": "' + b"x" * 121 + b'", "zone": "UTC"}', (422, "invalid")),
        (b"[" * 100_000, (400, "bad_request")),
        (b'{"a": "\\u0000"' + b"[" * 50_000, (400, "body_malformed")),
        (b" " * (BODY_BYTES_MAX + 1), (413, "body_too_large")),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_body_that_is_not_what_is_expected(twins: Twins, content: bytes, expected: tuple[int, str]) -> None:
    assert await post(twins, content) == expected


async def test_a_body_that_comes_in_pieces_has_the_same_bound(twins: Twins) -> None:
    """Nothing says its length beforehand, and no more than the bound is kept."""

    async def endless() -> Any:
        for _ in range(2 + BODY_BYTES_MAX // 65_536):
            yield b" " * 65_536

    answer = await twins.http.post(SITES, content=endless(), headers=twins.headers("all"))
    assert kind_of(answer) == (413, "body_too_large")
    assert answer.json()["bytes_max"] == BODY_BYTES_MAX


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/v1/nothing", (404, "not_found")),
        ("GET", "/", (404, "not_found")),
        ("PUT", "/api/v1/tenants", (405, "method_not_allowed")),
        ("GET", "/api/v1/tenants/northwind/rollouts/1", (422, "invalid")),
        ("GET", "/api/v1/tenants/northwind/devices/nobody", (404, "device_not_found")),
        ("GET", "/api/v1/tenants/northwind/patch?patch=nothing", (404, "patch_not_found")),
        ("GET", "/api/v1/tenants/northwind/policy?version=9", (404, "policy_not_found")),
        ("GET", "/api/v1/tenants/northwind/policy?version=99999999999", (422, "invalid")),
        ("GET", "/api/v1/tenants/northwind/events/verify?after=77", (404, "event_not_found")),
        ("GET", "/api/v1/tenants/%00", (422, "zero_character")),
        ("GET", "/api/v1/tenants/northwind/patches?words=%00", (422, "zero_character")),
        ("GET", f"/api/v1/tenants/{'x' * 400}", (422, "invalid")),
    ],
)
async def test_an_address_that_leads_nowhere(twins: Twins, method: str, path: str, expected: tuple[int, str]) -> None:
    answer = await twins.http.request(method, path, headers=twins.headers("all"))
    assert kind_of(answer) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (428, "version_missing")),
        ({"if-match": "3"}, (422, "if_match_malformed")),
        ({"if-match": '"x"'}, (422, "if_match_malformed")),
        ({"if-match": '"99999999999"'}, (422, "if_match_malformed")),
        ({"if-match": '"7"'}, (412, "stale")),
        ({"if-match": "*", "idempotency-key": "x" * 81}, (422, "invalid")),
        ({"if-match": "*", "idempotency-key": "a b"}, (422, "invalid")),
    ],
    ids=str,
)
async def test_a_change_says_which_version_it_is_for(
    twins: Twins, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    before = everything(twins)
    answer = await do(twins, f"PATCH {T}/devices/{{device}}", headers={**twins.headers("all"), **headers})
    assert kind_of(answer) == expected
    assert everything(twins) == before


async def test_a_change_is_for_the_version_that_was_read(twins: Twins) -> None:
    """The ETag of what was read lets one change through; the second, made without looking again, is stale."""
    url = f"/api/v1/tenants/northwind/devices/{twins.a.device_id}"
    read = await twins.http.get(url, headers=twins.headers("all"))
    given = {**twins.headers("all"), "if-match": read.headers["etag"]}
    first = await twins.http.patch(url, json={"criticality": "low", "reason": "a lobby"}, headers=given)
    assert (first.status_code, first.headers["etag"], first.json()["criticality"]) == (200, '"2"', "low")
    second = await twins.http.patch(url, json={"criticality": "high", "reason": "a lobby"}, headers=given)
    assert kind_of(second) == (412, "stale")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"class": None},
        {"class": "toaster"},
        {"roles": None},
        {"roles": ["x"] * 51},
        {"roles": [""]},
        {"sacrificial": None},
        {"redundancy_group": ""},
        {"observe_only": "perhaps"},
    ],
    ids=json.dumps,
)
async def test_what_a_device_cannot_be(twins: Twins, body: dict[str, Any]) -> None:
    answer = await do(twins, f"PATCH {T}/devices/{{device}}", json={**body, "reason": "because"})
    assert kind_of(answer) == (422, "invalid")


async def test_what_lowers_a_device_is_recorded_as_that(twins: Twins) -> None:
    """Who makes a device count for less is never silent about it: both values and the reason are in the record."""
    url = f"/api/v1/tenants/northwind/devices/{twins.a.device_id}"
    for body in ({"criticality": "high", "internet_facing": False}, {"criticality": "low", "internet_facing": None}):
        given = {**twins.headers("all"), "if-match": "*"}
        await twins.http.patch(url, json={**body, "reason": "walked there"}, headers=given)
    query = "select kind, data from patchring.event where tenant_id = %s and subject_kind = 'device' order by seq"
    found = twins.admin.execute(query, [twins.a.tenant_id]).fetchall()
    assert [kind for kind, _ in found] == ["device_classified", "device_lowered"]
    changed = {"criticality": ["high", "low"], "internet_facing": [False, None]}
    assert found[1][1] == {"name": twins.a.device_name, "changed": changed, "reason": "walked there"}


async def test_a_chain_that_was_tampered_with_is_found(twins: Twins) -> None:
    """Page by page as in one go: the number of the event that does not hold."""
    for number in range(4):
        await do(twins, f"POST {T}/sites", json={"name": f"Office {number}", "zone": "UTC"})
    url = "/api/v1/tenants/northwind/events/verify"
    sound = (await twins.http.get(url, headers=twins.headers("all"))).json()
    assert (sound["event_count"], sound["holds"], sound["broken_at"], sound["next"]) == (5, True, [], None)
    part = (await twins.http.get(f"{url}?limit=2", headers=twins.headers("all"))).json()
    assert (part["event_count"], part["holds"], part["next"]) == (2, True, 2)
    rest = (await twins.http.get(f"{url}?after=2", headers=twins.headers("all"))).json()
    assert (rest["event_count"], rest["holds"], rest["last_hash"]) == (3, True, sound["last_hash"])
    twins.admin.execute(
        'update patchring.event set data = \'{"name": "Another"}\' where tenant_id = %s and seq = 3',
        [twins.a.tenant_id],
    )
    broken = (await twins.http.get(url, headers=twins.headers("all"))).json()
    assert (broken["holds"], broken["broken_at"]) == (False, [3])
    twins.admin.execute("delete from patchring.event where tenant_id = %s and seq = 5", [twins.a.tenant_id])
    cut = (await twins.http.get(f"{url}?after=3", headers=twins.headers("all"))).json()
    assert (cut["holds"], cut["broken_at"], cut["next"]) == (False, [5], None)


async def test_a_principal_gives_no_more_rights_than_he_has(twins: Twins) -> None:
    """And is shown the token once; revoked, it counts no more."""
    given = twins.headers("all")
    new = {"name": "grace", "role": "technician", "tenants": ["northwind"], "days": 30}
    made = (await twins.http.post("/api/v1/principals", json=new, headers=given)).json()
    hers = {"authorization": f"Bearer {made['token']}"}
    seen = (await twins.http.get("/api/v1/tenants", headers=hers)).json()["items"]
    assert [tenant["slug"] for tenant in seen] == ["northwind"]
    listed = (await twins.http.get("/api/v1/principals", headers=given)).json()["items"]
    assert "token" not in listed[0]
    assert {each["name"]: each["tenants"] for each in listed}["grace"] == ["northwind"]
    again = await twins.http.post("/api/v1/principals", json=new, headers=given)
    assert kind_of(again) == (409, "principal_exists")
    gone = await twins.http.delete(f"/api/v1/principals/{made['principal_id']}", headers=given)
    assert gone.json()["revoked_at"] is not None
    assert kind_of(await twins.http.get("/api/v1/tenants", headers=hers)) == (401, "not_signed_in")


async def test_nobody_locks_himself_out(twins: Twins) -> None:
    row = twins.admin.execute("select principal_id from patchring.principal where name = 'all'").fetchone()
    assert row is not None
    answer = await twins.http.delete(f"/api/v1/principals/{row[0]}", headers=twins.headers("all"))
    assert kind_of(answer) == (409, "own_principal")
