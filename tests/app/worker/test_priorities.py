"""What `priorities` says of three clients, held to the orders that fleets.py has by hand."""

from datetime import date, timedelta
from typing import Any

import pytest

from patchring.app.catalogue.take import take
from patchring.app.findings.priorities import order_of_work
from patchring.feeds.model import Scored, Snapshot
from patchring.store.roles import Role
from tests.app.worker.fleets import FLEETS, LAW_FIRM, PRACTICE, SHOP, Fleet, Hole
from tests.app.worker.news import advisory, list_exploited, publish
from tests.app.worker.world import Product, World

pytestmark = pytest.mark.anyio

THREE_WEEKS = timedelta(days=21)


def cve(place: int) -> str:
    """Names that say nothing of the order."""
    return f"CVE-2026-{5000 + 37 * (place * 7 % 13):04}"


async def lines_of(world: World, fleet: Fleet) -> list[dict[str, Any]]:
    """What a technician sees who asks for ten lines."""
    tenant = world.add_tenant(fleet.name)
    for place, (count, facts) in fleet.places.items():
        there = [Product(f"p{number}") for number, hole in enumerate(fleet.holes) if place in hole.places]
        tenant.add_devices(count, *there, **facts)
    await learn(world, {number: hole for number, hole in enumerate(fleet.holes) if hole.old})
    world.clock.advance(THREE_WEEKS)
    await learn(world, dict(enumerate(fleet.holes)))
    await list_exploited(world, *(cve(number) for number, hole in enumerate(fleet.holes) if hole.exploited))
    now = world.clock.now()
    scores = tuple(Scored(cve(number), hole.epss, 0, date(2026, 11, 23)) for number, hole in enumerate(fleet.holes))
    await take(world.database, Snapshot("epss", scores, None, "v", now, "0" * 64, 1), now)
    await world.settle()
    async with world.database.tenant(Role.WEB, tenant.tenant_id) as tx:
        return await order_of_work(tx, tenant.tenant_id, now, 10)


async def learn(world: World, holes: dict[int, Hole]) -> None:
    if not holes:
        return
    vectors = {number: [{"type": "CVSS_V3", "score": hole.vector}] for number, hole in holes.items()}
    await publish(world, *(advisory(n, f"p{n}", cve(n), severity=vectors[n]) for n in holes))
    await world.settle()


@pytest.mark.parametrize("fleet", FLEETS, ids=lambda fleet: fleet.name)
async def test_the_order_is_the_one_written_by_hand(world: World, fleet: Fleet) -> None:
    lines = await lines_of(world, fleet)
    numbers = {cve(number): number for number in range(len(fleet.holes))}
    assert [(line["place"], numbers[line["cve"]]) for line in lines] == [(n + 1, n) for n in range(10)]
    assert all(line["why"] and line["reasons"] for line in lines)


async def test_each_line_says_why(world: World) -> None:
    """In the words of its factors; what nobody said is named as that."""
    first, second, third, *_ = await lines_of(world, PRACTICE)
    assert first["why"].startswith("known to be exploited; faces the internet")
    assert (second["device_count"], second["triage"]) == (3, False)
    assert "may face it" in third["why"]
    assert "mission for the business" in third["why"]
    assert any(each["code"] == "exposure_unknown" for each in third["reasons"])
    assert [each["name"] for each in first["factors"]][:3] == ["exploited", "overdue", "exposed"]


async def test_a_broken_promise_is_named(world: World) -> None:
    third = (await lines_of(world, SHOP))[2]
    assert third["why"].startswith("overdue since 2026-12-07; may face it; an attack can be automated")


async def test_what_first_expects_moves_nothing_that_another_factor_tells(world: World) -> None:
    lines = await lines_of(world, LAW_FIRM)
    assert cve(10) not in [line["cve"] for line in lines]
