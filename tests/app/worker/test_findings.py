"""What a device has, what advisories and KEV say of it, and until when it is to be settled: feeds to due dates."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchring.app.catalogue.take import take
from patchring.app.findings.advice import SHARED
from patchring.feeds import kev
from patchring.feeds.errors import FeedRefused, Shrunken
from tests.app.worker.news import advisory, list_exploited, publish
from tests.app.worker.world import POLICY, Product, Tenant, World
from tests.feeds.material import shared

pytestmark = pytest.mark.anyio

DEMO, OTHER = Product("demo"), Product("other")
APPEARED, WITHDRAWN = "CVE-2026-73570", "CVE-2026-69836"


def findings(tenant: Tenant) -> list[tuple[Any, ...]]:
    """Device, CVE, package, versions, due day, triage; open ones."""
    rows = tenant.rows(
        "select device.name, cve, package, installed_version, fixed_version, due_at, triage from patchring.finding"
        " join patchring.device using (tenant_id, device_id)"
        " where finding.tenant_id = %(t)s and known_to is null order by 1, 2"
    )
    return [(*list(row.values())[:5], f"{row['due_at']:%m-%d}" if row["due_at"] else "", row["triage"]) for row in rows]


def told(tenant: Tenant, kind: str) -> list[Any]:
    rows = tenant.rows("select data from patchring.event where tenant_id = %(t)s and kind = %(k)s order by seq", k=kind)
    return [row["data"] for row in rows]


async def test_a_device_has_what_advisories_say_of_its_packages(world: World) -> None:
    """Due by BOD 26-04: 3 days where anybody can reach it, 60 where nobody from outside can."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(1, DEMO)
    tenant.add_devices(1, DEMO, OTHER, internet_facing=False)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"), advisory(2, "absent", "CVE-2026-0002"))
    await world.settle()
    assert findings(tenant) == [
        ("alpha-0", "CVE-2026-0001", "demo", "1.0", "1.1", "11-26", False),
        ("alpha-1", "CVE-2026-0001", "demo", "1.0", "1.1", "01-22", False),
    ]


async def test_a_finding_ends_when_the_device_shows_the_fix(world: World) -> None:
    tenant = world.add_tenant("alpha")
    [first, _] = tenant.add_devices(2, DEMO, internet_facing=False)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"))
    await world.settle()
    first.installed["demo"] = "1.1"
    first.report_scan()
    await world.settle()
    assert [row[0] for row in findings(tenant)] == ["alpha-1"]
    first.installed["demo"] = "1.0"
    first.report_scan()
    await world.settle()
    [before, after] = tenant.rows(
        "select known_from, known_to from patchring.finding where tenant_id = %(t)s and device_id = %(d)s"
        " order by known_from",
        d=first.device_id,
    )
    assert before["known_to"] <= after["known_from"]
    assert after["known_to"] is None


async def test_what_a_feed_no_longer_says_closes_nothing(world: World) -> None:
    """It vanished, and nobody can tell why; the device still has the version that was weak."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(1, DEMO, OTHER)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"), advisory(2, "other", "CVE-2026-0002"))
    await world.settle()
    before = findings(tenant)
    taken = await publish(world, advisory(2, "other", "CVE-2026-0002"))
    assert taken.vanished_count == 1
    await world.settle()
    assert findings(tenant) == before


async def test_a_corrected_advisory_counts(world: World) -> None:
    """Its author says now that a version is not affected after all."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(1, DEMO, OTHER)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"), advisory(2, "other", "CVE-2026-0002"))
    await world.settle()
    await publish(world, advisory(1, "demo", "CVE-2026-0001", fixed="0.9"), advisory(2, "other", "CVE-2026-0002"))
    await world.settle()
    assert [row[1] for row in findings(tenant)] == ["CVE-2026-0002"]


async def test_a_listing_shortens_the_clock_and_a_withdrawal_gives_it_back(world: World) -> None:
    """Said in the record, and the patch that settles it is marked, and asked about again."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(2, DEMO, internet_facing=False)
    await list_exploited(world)
    await publish(world, advisory(1, "demo", WITHDRAWN))
    await world.settle()
    assert {row[5:] for row in findings(tenant)} == {("01-22", False)}
    assert told(tenant, "due_date_changed") == []
    world.clock.advance(timedelta(minutes=5))
    await list_exploited(world, WITHDRAWN)
    await world.settle()
    assert {row[5:] for row in findings(tenant)} == {("11-26", True)}
    [shorter] = told(tenant, "due_date_changed")
    assert (shorter["cve"], shorter["device_count"]) == (WITHDRAWN, 2)
    assert shorter["change"].startswith("due 2026-11-26 instead of 2027-01-22: due 2026-11-26 06:")
    assert tenant.rows("select exploited from patchring.patch where tenant_id = %(t)s") == [{"exploited": True}]
    assert told(tenant, "patch_exploited") == [{"patch_key": DEMO.key}]
    world.clock.advance(timedelta(minutes=96))
    assert (await list_exploited(world)).vanished_count == 1
    await world.settle()
    assert {row[5:] for row in findings(tenant)} == {("01-22", False)}
    assert told(tenant, "due_date_changed")[1]["change"] == (
        "due 2027-01-22 instead of 2026-11-26: no longer listed as exploited"
    )
    assert tenant.rows("select exploited from patchring.patch where tenant_id = %(t)s") == [{"exploited": False}]
    [kept] = world.rows("select known_from, known_to from patchring.catalogue where key = %(cve)s", cve=WITHDRAWN)
    assert kept["known_to"] - kept["known_from"] == timedelta(minutes=96, seconds=2)


async def test_the_three_polls_of_2026_08_21(world: World) -> None:
    """Two CVEs appear in the second, and one of them is gone in the third: 96 minutes between the two."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(1, DEMO, OTHER, internet_facing=False)
    await publish(world, advisory(1, "demo", APPEARED), advisory(2, "other", WITHDRAWN))
    changes = []
    for poll in ("poll1_2026-08-21T1248Z", "poll2_2026-08-21T1711Z", "poll3_2026-08-21T1847Z"):
        now = world.clock.now()
        taken = await take(world.database, kev.parse(shared(f"kev/polls/{poll}.json.gz"), now), now)
        await world.settle()
        urgent = [row[1] for row in findings(tenant) if row[5] == "11-26"]
        changes.append((taken.appeared_count, taken.vanished_count, urgent))
        world.clock.advance(timedelta(hours=1))
    assert changes == [(1673, 0, []), (2, 0, [WITHDRAWN, APPEARED]), (0, 1, [APPEARED])]


async def test_what_is_refused_changes_nothing_but_the_record(world: World) -> None:
    first = [advisory(number, f"p{number}", f"CVE-2026-{number:04}") for number in range(20)]
    await publish(world, *first)
    before = world.rows("select * from patchring.catalogue order by key")
    world.clock.advance(timedelta(hours=1))
    with pytest.raises(Shrunken):
        await publish(world, *first[:5])
    assert world.rows("select * from patchring.catalogue order by key") == before
    [feed] = world.rows("select problem_kind, failure_count, row_count from patchring.feed where feed = 'osv'")
    assert feed == {"problem_kind": "feed_shrunken", "failure_count": 1, "row_count": 20}
    outcomes = world.rows("select outcome, problem_kind from patchring.feed_observation order by observed_at")
    assert [tuple(row.values()) for row in outcomes] == [("taken", ""), ("refused", "feed_shrunken")]
    assert issubclass(Shrunken, FeedRefused)


async def test_the_clock_of_a_device_begins_with_its_own_finding(world: World) -> None:
    """A device that comes later has its own term, and one whose other packages changed keeps its own."""
    tenant = world.add_tenant("alpha", policy=POLICY.replace("automation: automatic", "automation: observe"))
    [first] = tenant.add_devices(1, DEMO, OTHER)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"))
    await world.settle()
    world.clock.advance(timedelta(days=2))
    tenant.add_devices(1, DEMO)
    first.installed["other"] = "1.1"
    first.report_scan()
    await world.settle()
    assert [(row[0], row[5]) for row in findings(tenant)] == [("alpha-0", "11-26"), ("alpha-1", "11-28")]
    assert world.clock.now() > datetime(2026, 11, 25, tzinfo=UTC)


async def test_the_policy_names_the_table(world: World) -> None:
    """The dates move with the policy, and the record says from when to when."""
    tenant = world.add_tenant("alpha")
    tenant.add_devices(1, DEMO, internet_facing=False)
    await publish(world, advisory(1, "demo", "CVE-2026-0001"))
    await world.settle()
    assert [row[5] for row in findings(tenant)] == ["01-22"]
    tenant.apply_policy(POLICY.replace("automation:", "due_dates: cyber_essentials\nautomation:", 1))
    world.wake(tenant, "catalogue", tenant.tenant_id)
    await world.settle()
    assert [row[5] for row in findings(tenant)] == ["12-07"]
    [said] = told(tenant, "due_date_changed")
    assert said["change"].startswith("due 2026-12-07 instead of 2027-01-22")
    [reasons] = tenant.rows("select due_reasons from patchring.finding where tenant_id = %(t)s")
    assert reasons["due_reasons"][0]["text"] == "Cyber Essentials: CVSS 9.8, 7.0 or above"


async def test_tenants_share_what_is_found_out_of_a_set_and_have_due_dates_of_their_own(world: World) -> None:
    """One device of each tenant has the same packages; who can reach it decides until when, and nothing else."""
    alpha, beta = world.add_tenant("alpha"), world.add_tenant("beta")
    alpha.add_devices(1, DEMO, OTHER)
    beta.add_devices(1, DEMO, OTHER, internet_facing=False)
    await world.settle()
    await publish(world, advisory(1, "demo", "CVE-2026-0001"), advisory(2, "absent", "CVE-2026-0002"))
    await world.settle()
    assert findings(alpha) == [("alpha-0", "CVE-2026-0001", "demo", "1.0", "1.1", "11-26", False)]
    assert findings(beta) == [("beta-0", "CVE-2026-0001", "demo", "1.0", "1.1", "01-22", False)]
    assert matched_count() == 1
    gamma = world.add_tenant("gamma")
    gamma.add_devices(1, DEMO, OTHER, internet_facing=True)
    await world.settle()
    assert findings(gamma) == [("gamma-0", "CVE-2026-0001", "demo", "1.0", "1.1", "11-26", False)]
    assert matched_count() == 1, "the set was known"
    gamma.add_devices(1, DEMO)
    await world.settle()
    assert matched_count() == 2, "another set is another question"
    await publish(world, advisory(1, "demo", "CVE-2026-0001"), advisory(2, "other", "CVE-2026-0003"))
    await world.settle()
    assert [row[:2] for tenant in (alpha, beta, gamma) for row in findings(tenant)] == [
        ("alpha-0", "CVE-2026-0001"),
        ("alpha-0", "CVE-2026-0003"),
        ("beta-0", "CVE-2026-0001"),
        ("beta-0", "CVE-2026-0003"),
        ("gamma-0", "CVE-2026-0001"),
        ("gamma-0", "CVE-2026-0003"),
        ("gamma-1", "CVE-2026-0001"),
    ]
    assert matched_count() == 2, "each set was asked about once again, for all tenants"


async def test_a_device_that_joins_a_set_gets_what_the_others_have_and_they_keep_their_beginning(world: World) -> None:
    """Also when the catalogue is looked at before the device itself is."""
    tenant = world.add_tenant("alpha")
    [first] = tenant.add_devices(1, DEMO)
    await publish(world, advisory(1, "demo", "CVE-2026-0001", fixed="1.1"))
    await world.settle()
    world.clock.advance(timedelta(days=1))
    tenant.add_devices(1, DEMO)
    await publish(world, advisory(1, "demo", "CVE-2026-0001", fixed="1.2"))
    await world.settle()
    rows = tenant.rows(
        "select device_id = %(d)s as first, fixed_version, known_from from patchring.finding"
        " where tenant_id = %(t)s and known_to is null order by known_from",
        d=first.device_id,
    )
    assert [(row["first"], row["fixed_version"]) for row in rows] == [(True, "1.2"), (False, "1.2")]
    assert rows[0]["known_from"] + timedelta(days=1) <= rows[1]["known_from"]


def matched_count() -> int:
    """How many sets were worked out since a feed of advisories last said something else."""
    assert SHARED.newest is not None
    return SHARED.newest.matched_count
