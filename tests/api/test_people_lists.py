"""Lists come in pages that together are the whole, in one order, whatever the size of a page."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.api.route_table import Declared, routes
from tests.api.test_twin_tenants import QUERIES
from tests.api.twins import Twins, finding
from tests.api.valid import tried, waived

pytestmark = pytest.mark.anyio

PLAIN = {
    "GET /health",
    "GET /server",
    "GET /policy-schema",
    "GET /tenants/{tenant}/test-plans",
    "GET /tenants/{tenant}/events/verify",
}
LISTS = [
    route
    for route in routes()
    if route.method == "GET"
    and route.name not in PLAIN
    and not route.path.endswith("}")
    and not route.path.endswith(
        (
            "/policy",
            "/policy/document",
            "/calendar",
            "/priorities",
            "/explain",
            "/decisions",
            "/ended",
            "/gate",
            "/replay",
        )
    )
]


async def grown(twins: Twins) -> None:
    """More than one of everything that is listed."""
    scene = twins.a.scene
    headers = twins.headers("all")
    devices = scene.add_devices(3)
    own = {"tenant_id": scene.tenant_id, "known_from": scene.now, "installed_version": "1.0"}
    scene.insert("missing", [{**own, "device_id": d.device_id, "patch_id": scene.patch_id} for d in devices])
    scene.insert("finding", [finding(scene, d.device_id) for d in devices])
    looked = {"scanner": "qualys", "names": ["x"], "looked_at": scene.now, "imported_at": scene.now, "imported_by": "x"}
    scene.insert("scanner_host", [{"tenant_id": scene.tenant_id, **looked, "host": f"h{n}"} for n in range(3)])
    found = {"scanner": "nessus", "host": "northwind-pc", "check_id": "1", "port": "", "severity": "", "title": ""}
    own_found = {"tenant_id": scene.tenant_id, **found, "known_from": scene.now}
    scene.insert("scanner_finding", [{**own_found, "cve": f"CVE-2026-008{n}"} for n in range(3)])
    scene.insert("feed", [{"feed": "osv", "part": part} for part in ("Debian", "Ubuntu", "AlmaLinux")])
    said = {"feed": "kev", "part": "", "key": "CVE-2026-0001", "body": Jsonb({"cve": "CVE-2026-0001"})}
    ends = [scene.now + timedelta(hours=hour) for hour in range(4)]
    scene.insert("catalogue", [{**said, "known_from": a, "known_to": b} for a, b in pairwise(ends)])
    base = "/api/v1/tenants/northwind"
    for number in range(3):
        for path, body in {
            f"{base}/sites": {"name": f"Office {number}", "zone": "UTC"},
            f"{base}/tokens": {"site": "Head office"},
            f"{base}/holds": {"patch": scene.patch_key, "reason": f"reason {number}"},
            f"{base}/test-records": tried(twins),
            f"{base}/test-waivers": waived(twins),
            f"{base}/rejections": {"patch": scene.patch_key, "reason": f"reason {number}"},
        }.items():
            answer = await twins.http.post(path, json=body, headers=headers)
            assert answer.status_code == 201, answer.text


def address(twins: Twins, route: Declared) -> tuple[str, dict[str, Any]]:
    places = {"device": twins.a.device_id, "rollout_id": twins.a.scene.rollout_id}
    query = QUERIES[route.name](twins.a) if route.name in QUERIES else {}
    return route.url(tenant="northwind", **places), query


async def pages(twins: Twins, route: Declared, limit: int) -> list[list[Any]]:
    url, query = address(twins, route)
    found: list[list[Any]] = []
    cursor = ""
    while True:
        given = {**query, "limit": limit, "cursor": cursor}
        answer = await twins.http.get(url, params=given, headers=twins.headers("all"))
        assert answer.status_code == 200, answer.text
        listed = answer.json()["devices"] if route.path.endswith("/patch") else answer.json()
        found.append(listed["items"])
        cursor = listed["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
async def test_pages_together_are_the_list(twins: Twins, route: Declared) -> None:
    """One by one, two by two or all at once: the same things in the same order, none twice, none left out."""
    await grown(twins)
    (whole,) = await pages(twins, route, 500)
    assert len(whole) > 0
    for limit in (1, 2):
        parts = await pages(twins, route, limit)
        assert [item for part in parts for item in part] == whole
        assert all(0 < len(part) <= limit for part in parts)


def test_most_lists_have_several_pages_here() -> None:
    """A list of the table that is none would be walked in vain."""
    assert len(LISTS) >= 17


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WyJhIiwiYiIsImMiLCJkIl0", "WzFlOTld", "é"])
async def test_a_cursor_of_nowhere_is_refused(twins: Twins, route: Declared, cursor: str) -> None:
    """Something that no list gave is a 422 that says to begin at the first page."""
    url, query = address(twins, route)
    answer = await twins.http.get(url, params={**query, "cursor": cursor}, headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["kind"]) == (422, "cursor_unknown")


@pytest.mark.parametrize("limit", ["0", "-1", "501", "many"])
async def test_a_page_has_bounds(twins: Twins, limit: str) -> None:
    answer = await twins.http.get("/api/v1/tenants", params={"limit": limit}, headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["kind"]) == (422, "invalid")
    assert answer.json()["fields"][0]["place"] == "query.limit"


async def test_devices_are_found_by_what_they_are(twins: Twins) -> None:
    """Each filter alone finds the one device that it fits; together they narrow."""
    twins.a.scene.add_devices(1, name="till-1", **{"class": "point_of_sale"}, criticality="high", roles=["till"])
    twins.a.scene.add_devices(1, name="dc-1", groups=["pilots"], state="retired")
    queries = {
        "words=TILL": ["till-1"],
        "class=point_of_sale": ["till-1"],
        "criticality=high": ["till-1"],
        "role=till": ["till-1"],
        "role=till&words=dc": [],
        "group=pilots&state=retired": ["dc-1"],
        "group=pilots": [],
        "site=Head%20office&words=-1": ["till-1"],
        "site=Nowhere": [],
        "silent_since=2020-01-01T00:00:00Z&class=point_of_sale": ["till-1"],
    }
    for query, names in queries.items():
        answer = await twins.http.get(f"/api/v1/tenants/northwind/devices?{query}", headers=twins.headers("all"))
        assert [device["name"] for device in answer.json()["items"]] == names, query


async def test_an_unknown_filter_value_is_refused(twins: Twins) -> None:
    """A misspelt class would otherwise look like an empty tenant."""
    answer = await twins.http.get("/api/v1/tenants/northwind/devices?class=toaster", headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["fields"][0]["place"]) == (422, "query.class")
