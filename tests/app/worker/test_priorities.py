"""What a patch administrator would do first in a practice, written down by hand, and what `priorities` says.

The practice: a web server that faces the internet, an imaging workstation of which nobody said whether it does and
without which nothing works, three office computers that nobody from outside reaches. The reasoning, line by line:

 1. somebody breaks into this kind of server by this very hole, and ours is reachable
 2. the same hole is used elsewhere; ours is behind the router, but a promise of three days was made
 3. nobody uses it yet; it needs no user and gives everything, on the machine without which nothing works
 4. the same on the web server, which can be rebuilt in an hour
 5. gives everything too, but somebody has to click
 6. can be done by a program, gives a little
 7. inside, gives everything without a user: on three computers
 8. the same on one computer
 9. inside, small; FIRST expects it to be used
10. inside, small
"""

from datetime import date
from typing import Any

import pytest

from patchring.app.catalogue.take import take
from patchring.app.findings.priorities import order_of_work
from patchring.feeds.model import Scored, Snapshot
from patchring.store.roles import Role
from tests.app.worker.news import advisory, list_exploited, publish
from tests.app.worker.world import Product, World

pytestmark = pytest.mark.anyio

ALL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
CLICK = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
LITTLE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
SMALL = "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"
WEB, IMAGING, OFFICE, ONE = "web", "imaging", "office", "one"
# Number of the line above -> where it is, what it gives, whether it is exploited, EPSS in millionths.
HOLES: dict[int, tuple[str, str, bool, int]] = {
    1: (WEB, SMALL, True, 1_000),
    2: (OFFICE, SMALL, True, 1_000),
    3: (IMAGING, ALL, False, 1_000),
    4: (WEB, ALL, False, 1_000),
    5: (WEB, CLICK, False, 900_000),
    6: (WEB, LITTLE, False, 1_000),
    7: (OFFICE, ALL, False, 1_000),
    8: (ONE, ALL, False, 999_000),
    9: (OFFICE, SMALL, False, 600_000),
    10: (OFFICE, SMALL, False, 2_000),
}
# By a program before by a click: what can be automated spreads by itself.
ORDER = [1, 2, 3, 4, 6, 5, 7, 8, 9, 10]
DEVICES: dict[str, tuple[int, dict[str, Any]]] = {
    WEB: (1, {"internet_facing": True, "criticality": "high"}),
    IMAGING: (1, {"criticality": "mission"}),
    OFFICE: (2, {"internet_facing": False}),
    ONE: (1, {"internet_facing": False}),
}


def cve(number: int) -> str:
    return f"CVE-2026-{5000 + 37 * (number * 7 % 11):04}"


async def practice(world: World) -> Any:
    tenant = world.add_tenant("practice")
    for place, (count, facts) in DEVICES.items():
        there = [n for n, hole in HOLES.items() if hole[0] == place or (place == ONE and hole[0] == OFFICE)]
        tenant.add_devices(count, *(Product(f"p{number}") for number in there), **facts)
    await publish(
        world,
        *(advisory(n, f"p{n}", cve(n), severity=[{"type": "CVSS_V3", "score": hole[1]}]) for n, hole in HOLES.items()),
    )
    await list_exploited(world, *(cve(n) for n, hole in HOLES.items() if hole[2]))
    rows = tuple(Scored(cve(n), hole[3], 0, date(2026, 11, 23)) for n, hole in HOLES.items())
    now = world.clock.now()
    await take(world.database, Snapshot("epss", rows, None, "v", now, "0" * 64, 1), now)
    await world.settle()
    return tenant


async def test_the_order_is_the_one_written_by_hand(world: World) -> None:
    tenant = await practice(world)
    async with world.database.tenant(Role.WEB, tenant.tenant_id) as tx:
        lines = await order_of_work(tx, tenant.tenant_id, world.clock.now(), 10)
    numbers = {cve(number): number for number in HOLES}
    assert [numbers[line["cve"]] for line in lines] == ORDER
    assert [line["place"] for line in lines] == list(range(1, 11))


async def test_each_line_says_why(world: World) -> None:
    """In the words of its factors; what nobody said is named as that."""
    tenant = await practice(world)
    async with world.database.tenant(Role.WEB, tenant.tenant_id) as tx:
        lines = await order_of_work(tx, tenant.tenant_id, world.clock.now(), 10)
    first, second, third = lines[:3]
    assert first["why"].startswith("known to be exploited; faces the internet")
    assert (second["device_count"], second["triage"]) == (3, False)
    assert "may face it" in third["why"]
    assert "mission for the business" in third["why"]
    assert any(each["code"] == "exposure_unknown" for each in third["reasons"])
    assert [each["name"] for each in first["factors"]][:3] == ["overdue", "exploited", "exposed"]
