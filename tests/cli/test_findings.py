"""`patchring findings`: what is open, what was, and what is past its end of life."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.api.twins import finding
from tests.cli.conftest import Desk


def test_what_was_open_at_an_instant(desk: Desk) -> None:
    """From the instant at which it began to the one at which it ended, the latter not included."""
    scene, hour = desk.scene, timedelta(hours=1)
    begun = scene.now - 4 * hour
    row = finding(scene, scene.devices[0].device_id)
    scene.insert("finding", [{**row, "known_from": begun, "known_to": begun + hour}])
    scene.insert("finding", [{**row, "known_from": begun + 2 * hour}])

    def known(*more: object) -> list[tuple[str, str | None]]:
        found = desk("findings", "list", "--tenant", scene.slug, "--json", *more).json
        return [(row["known_from"], row["known_to"]) for row in found]

    first, second = known("--as-of", begun.isoformat()), known()
    assert [len(first), len(second)] == [1, 1]
    assert first != second
    assert first[0][1] is not None
    assert second[0][1] is None
    expected = {-1: [], 0: first, 1: first, 59: first, 60: [], 119: [], 120: second, 180: second}
    for minutes, there in expected.items():
        at = begun + timedelta(minutes=minutes)
        assert known("--as-of", at.isoformat()) == there, minutes
    text = desk("findings", "list", "--tenant", scene.slug, "--as-of", begun.isoformat()).out
    assert "still open" not in text
    assert "CVE-2026-0001" in text


DAY = timedelta(days=1)


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Devices of five systems, one of which runs what its maker packages; and what is said of three of them."""
    scene, today = desk.scene, desk.scene.now.date()
    scene.add_devices(2, os_name="debian", os_version="11")
    scene.add_devices(1, name="retired", os_name="debian", os_version="10", state="retired")
    scene.add_devices(1, name="ring", os_name="ubuntu", os_version="22.04")
    scene.add_devices(1, name="lab", os_name="gentoo", os_version="2")
    [host] = scene.add_devices(1, name="host", os_name="debian", os_version="13")
    packages = [{"provider": "apt", "name": name, "version": "5:26.1.4-1"} for name in ("docker-ce", "docker-ce-cli")]
    own = {"tenant_id": scene.tenant_id, "device_id": host.device_id, "package_set": "one", "reboot_pending": False}
    taken = {"taken_at": scene.now, "received_at": scene.now, "report_id": host.device_id, "boot_id": "b"}
    scene.insert("device_inventory", [{**own, **taken, "scan": Jsonb({"installed": packages})}])
    ends = {"debian 10": -900, "debian 11": -3, "debian 13": 900, "ubuntu 22.04": 40, "docker-engine 26.1": -100}
    for year, (key, days) in enumerate(ends.items(), 2020):
        product, cycle = key.split()
        said = {"product": product, "cycle": cycle, "label": key.title(), "released_on": f"{year}-01-01"}
        body = {**said, "eol": str(today + days * DAY), "support_until": None, "latest": "x"}
        row = {"feed": "endoflife", "part": "", "key": key, "known_from": scene.now - DAY}
        scene.insert("catalogue", [{**row, "body": Jsonb(body)}])
    scene.insert("feed", [{"feed": "endoflife", "observed_at": scene.now - DAY}])
    return desk


def test_what_has_ended_and_what_nobody_knows_of(shop: Desk) -> None:
    """Active devices alone; what is unknown is listed before what is maintained, and never as that."""
    found = shop("findings", "ended", "--tenant", shop.scene.slug, "--json").json
    assert found["observed_at"] is not None

    def told(line: Any) -> tuple[Any, ...]:
        return line["state"], line["kind"], line["name"], line["version"], line["device_count"], line["next_cycle"]

    assert [told(line) for line in found["lines"]] == [
        ("ended", "application", "docker-ce", "5:26.1.4-1", 1, ""),
        ("ended", "system", "debian", "11", 2, "13"),
        ("ending", "system", "ubuntu", "22.04", 1, ""),
        ("unknown", "system", "", "", 1, ""),
        ("unknown", "system", "gentoo", "2", 1, ""),
        ("supported", "system", "debian", "13", 1, ""),
    ]
    assert [line["device_names"] for line in found["lines"][2:]] == [["ring"], ["web-1"], ["lab"], ["host"]]
    today = shop.scene.now.date()
    assert found["lines"][1]["text"] == f"Debian 11 was maintained until {today - 3 * DAY}; next: Debian 13"
    shown = shop("findings", "ended", "--tenant", shop.scene.slug).out
    assert ("gentoo" in shown, "debian 13" in shown) == (True, False)
    assert "debian 13" in shop("findings", "ended", "--tenant", shop.scene.slug, "--all").out


def test_priorities_begin_with_what_has_ended(shop: Desk) -> None:
    shown = shop("priorities", "--tenant", shop.scene.slug)
    assert shown.out.splitlines()[0] == (
        "2 devices have a system past its end of life: debian 11 (2); see `patchring findings ended`"
    )


def test_without_the_feed_all_is_unknown(desk: Desk) -> None:
    desk.scene.add_devices(1, name="old", os_name="debian", os_version="7")
    found = desk("findings", "ended", "--tenant", desk.scene.slug, "--json").json
    assert (found["observed_at"], {line["state"] for line in found["lines"]}) == (None, {"unknown"})
    assert desk("findings", "ended", "--tenant", desk.scene.slug).out.endswith(
        "endoflife.date never came: nothing is known\n"
    )
    assert "end of life" not in desk("priorities", "--tenant", desk.scene.slug).out
