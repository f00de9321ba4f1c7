"""Reports of scanners over the API: host by host, matched to devices, compared and never merged."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.test_people_proposals import ask
from tests.api.twins import Twins, finding

pytestmark = pytest.mark.anyio
OURS, THEIRS = "CVE-2026-0001", "CVE-2026-0099"


def host(*names: str, **said: Any) -> dict[str, Any]:
    return {"names": list(names), **said}


def found(*cves: str) -> list[dict[str, str]]:
    return [{"cve": cve, "check": "1", "severity": "high", "title": "OpenSSL"} for cve in cves]


async def taken(twins: Twins, *hosts: dict[str, Any], **said: Any) -> Any:
    """A moment after whatever was before."""
    twins.clock.advance(timedelta(seconds=1))
    body = {"scanner": "qualys", "hosts": list(hosts), **said}
    return await ask(twins, "POST", "/tenants/northwind/scanner-reports", body)


async def apart(twins: Twins, scanner: str = "qualys") -> list[tuple[str, str]]:
    rows = (await ask(twins, "GET", "/tenants/northwind/scanner-disagreements"))["items"]
    return [(row["cve"], row["kind"]) for row in rows if row["scanner"] == scanner]


async def test_a_report_speaks_of_its_hosts_and_of_no_others(twins: Twins) -> None:
    """What it does not say of a host any more is over there; a host that it lacks stays; again changes nothing."""
    first = await taken(twins, host("a", found=found(OURS, THEIRS)), host("b", found=found(OURS)))
    assert first == {
        "hosts": 2, "unmatched": ["a", "b"], "older": 0, "added": 3, "ended": 0, "unchanged": 0, "dry_run": False,
    }  # fmt: skip
    again = await taken(twins, host("a", found=found(THEIRS)), dry_run=True)
    assert (again["added"], again["ended"], again["unchanged"]) == (0, 1, 1)
    assert await taken(twins, host("a", found=found(THEIRS))) == {**again, "dry_run": False}
    rows = (await ask(twins, "GET", "/tenants/northwind/scanner-hosts"))["items"]
    assert {row["host"]: row["open_count"] for row in rows if row["scanner"] == "qualys"} == {"a": 1, "b": 1}


async def test_a_host_is_the_device_that_has_one_of_its_names(twins: Twins) -> None:
    """Whole, or before the first dot, in letters of any size; what two devices are called is neither."""
    scene = twins.a.scene
    scene.add_devices(1, name="WEB-1.northwind.example")
    for name in ("twin.one", "twin.two"):
        scene.add_devices(1, name=name)
    await taken(twins, host("10.0.0.7", "web-1"), host("northwind-pc.lan"), host("twin"), host("192.168.0.1"))
    rows = (await ask(twins, "GET", "/tenants/northwind/scanner-hosts"))["items"]
    assert {row["host"]: row["device_name"] for row in rows if row["scanner"] == "qualys"} == {
        "10.0.0.7": "WEB-1.northwind.example", "northwind-pc.lan": "northwind-pc", "twin": None, "192.168.0.1": None,
    }  # fmt: skip
    unmatched = (await ask(twins, "GET", "/tenants/northwind/scanner-hosts?unmatched=true"))["items"]
    assert [row["host"] for row in unmatched] == ["192.168.0.1", "twin"]


async def test_a_whole_name_goes_first_and_domains_are_kept_apart(twins: Twins) -> None:
    """A device called mail is not hidden by mail.lan; a host of one domain is no device of another."""
    for name in ("mail", "mail.lan", "dc.branch-b.example"):
        twins.a.scene.add_devices(1, name=name)
    await taken(twins, host("mail"), host("mail.lan"), host("dc.branch-a.example", "dc"), host("10.0.0.9", "dc"))
    rows = (await ask(twins, "GET", "/tenants/northwind/scanner-hosts"))["items"]
    assert {row["host"]: row["device_name"] for row in rows if row["scanner"] == "qualys"} == {
        "mail": "mail", "mail.lan": "mail.lan", "dc.branch-a.example": None, "10.0.0.9": "dc.branch-b.example",
    }  # fmt: skip


async def test_an_older_report_changes_nothing(twins: Twins) -> None:
    """Of a host of which something newer is known; an instant ahead counts as now."""
    now = twins.clock.now()
    ahead = (now + timedelta(days=400)).isoformat()
    await taken(twins, host("a", found=found(OURS), seen_at=ahead))
    before = (now - timedelta(days=1)).isoformat()
    older = await taken(twins, host("a", seen_at=before))
    assert (older["hosts"], older["older"], older["ended"]) == (0, 1, 0)
    newer = await taken(twins, host("a"))
    assert (newer["hosts"], newer["ended"]) == (1, 1)


async def test_where_they_disagree_is_listed_and_resolved_by_nobody(twins: Twins) -> None:
    """What one alone says, with a sentence; what both say, and what came up since the scanner looked, is left out."""
    name = twins.a.device_name
    assert await apart(twins) == []
    twins.clock.advance(timedelta(days=1))
    await taken(twins, host(name, found=found(THEIRS)))
    assert await apart(twins) == [(OURS, "patchring_alone"), (THEIRS, "scanner_alone")]
    rows = (await ask(twins, "GET", "/tenants/northwind/scanner-disagreements"))["items"]
    day = f"{twins.clock.now():%Y-%m-%d}"
    assert [row["text"] for row in rows if row["scanner"] == "qualys"] == [
        f"{OURS} is open on {name}, and qualys did not find it on {day}",
        f"qualys found {THEIRS} on {name} on {day}; nothing that Patchring reads says so",
    ]
    scene = twins.a.scene
    later = {"known_from": twins.clock.now() + timedelta(hours=1)}
    scene.insert("finding", [finding(scene, twins.a.device_id) | later | {"cve": "CVE-2026-0500"}])
    scene.insert("finding", [finding(scene, twins.a.device_id) | later | {"cve": THEIRS}])
    assert await apart(twins) == [(OURS, "patchring_alone")]
    await taken(twins, host(name, found=found(OURS, THEIRS)))
    assert await apart(twins) == []


async def test_the_record_has_each_report(twins: Twins) -> None:
    """And a dry run leaves none."""
    await taken(twins, host("a", found=found(OURS)), dry_run=True)
    await taken(twins, host("a", found=found(OURS)))
    query = "select data from patchring.event where tenant_id = %s and kind = 'scan_imported'"
    rows = twins.a.scene.connection.execute(query, [twins.a.tenant_id]).fetchall()
    assert [row[0] for row in rows] == [{"scanner": "qualys", "host_count": 1, "added": 1, "ended": 0}]


@pytest.mark.parametrize(
    "said",
    [{"hosts": []}, {"scanner": "Nessus Pro"}, {"hosts": [host("A")]}, {"hosts": [host("a", found=[{"cve": "x"}])]}],
)
async def test_what_is_no_report_is_refused(twins: Twins, said: dict[str, Any]) -> None:
    answer = await ask(
        twins, "POST", "/tenants/northwind/scanner-reports", {"scanner": "x", "hosts": [host("a")], **said}
    )
    assert answer["status"] == 422
