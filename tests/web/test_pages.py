"""The pages tell what is in the database, to whom it was given, and to nobody else."""

import re
from datetime import timedelta

import httpx
import pytest
from psycopg.types.json import Jsonb

from patchring.store.ids import new_id
from tests.web.world import World

pytestmark = pytest.mark.anyio


def words(page: httpx.Response) -> str:
    """The text of a page without its markup, in one line."""
    assert page.status_code == 200, page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def test_the_board_shows_every_rollout_ring_and_reason(world: World, operator: httpx.AsyncClient) -> None:
    text = words(await operator.get("/"))
    for expected in (
        "1 halted", "2 running", "1 waits for approval", "Runtime 8.0.29", "Harbour Dental", "Kestrel Enginee",
        "Ring 1 soaks.", "0:42 left", "Ring 1 halted: its first device failed.", "1 failed", "0 of 120",
        "patchring approve kestrel",
    ):  # fmt: skip
        assert expected in text, expected


async def test_the_board_says_what_is_not_known_and_who_only_observes(
    world: World, operator: httpx.AsyncClient
) -> None:
    text = words(await operator.get("/"))
    for expected in ("1 device not heard of for more than 60 s:", "HD-GONE-01", "3 h ago", "4 of 5 devices heard of",
                     "build-host", "1 pending, 1 security"):  # fmt: skip
        assert expected in text, expected


async def test_a_rollout_shows_its_devices_versions_and_reasons(world: World, operator: httpx.AsyncClient) -> None:
    address = f"/rollouts/{world.tenants['harbour']}/{world.rollouts['bad']}"
    text = words(await operator.get(address))
    for expected in (
        "WebView 149",
        "HD-LOBBY-01",
        "1.0 → 2.0",
        "Probe service:KioskShell fails now.",
        "version 3",
        "kiosks",
    ):
        assert expected in text, expected
    failed = words(await operator.get(address, params={"state": "failed"}))
    assert ("HD-LOBBY-01" in failed, "HD-CHAIR-01" in failed) == (True, False)


async def test_a_device_shows_what_it_misses_and_why(world: World, operator: httpx.AsyncClient) -> None:
    text = words(await operator.get(f"/devices/{world.tenants['harbour']}/{world.devices['HD-LOBBY-01']}"))
    assert "Probe service:KioskShell fails now." in text
    observing = words(await operator.get(f"/devices/{world.tenants['ringmaster']}/{world.devices['build-host']}"))
    assert "This device only observes: Patchring never installs on it." in observing


async def test_what_happened_is_told_in_sentences(world: World, operator: httpx.AsyncClient) -> None:
    device, why = ("device", world.devices["HD-LOBBY-01"]), [{"code": "x", "text": "probe fails now"}]
    await world.happened("harbour", "device_enrolled", device, {"name": "HD-LOBBY-01"})
    await world.happened("harbour", "patch_failed", device, {"title": "WebView 149", "reasons": why})
    failed, enrolled = "HD-LOBBY-01: WebView 149 failed. Probe fails now.", "HD-LOBBY-01 was enrolled."
    board = words(await operator.get("/"))
    page = words(await operator.get(f"/devices/{world.tenants['harbour']}/{world.devices['HD-LOBBY-01']}"))
    assert [failed in board, enrolled in board, failed in page, enrolled in page] == [True, False, True, True]


async def test_a_technician_of_one_client_reads_of_no_other(world: World, visitor: httpx.AsyncClient) -> None:
    world.stop(f"tenant:{world.tenants['kestrel']}", "secret of Kestrel")
    world.stop(f"rollout:{world.rollouts['bad']}", "our own trouble")
    await visitor.get("/", params={"key": world.principal("technician", "harbour")})
    text = words(await visitor.get("/"))
    assert ("our own trouble" in text, "Kestrel" in text, "build-host" in text) == (True, False, False)
    for address in (
        f"/rollouts/{world.tenants['kestrel']}/{world.rollouts['good-kestrel']}",
        f"/rollouts/{world.tenants['harbour']}/{world.rollouts['good-kestrel']}",
        f"/devices/{world.tenants['kestrel']}/{world.devices['KE-CAD-01']}",
        f"/devices/{world.tenants['harbour']}/{world.devices['KE-CAD-01']}",
    ):
        assert (await visitor.get(address)).status_code == 404, address


async def test_texts_from_devices_stay_texts(world: World, operator: httpx.AsyncClient) -> None:
    world.device("harbour", "<img src=x onerror=alert(1)>", seen=None)
    page = await operator.get("/")
    assert ("<img src=x" in page.text, "&lt;img src=x" in page.text) == (False, True)


async def test_addresses_that_make_no_sense_are_refused_with_a_sentence(
    world: World, operator: httpx.AsyncClient
) -> None:
    base = f"/rollouts/{world.tenants['harbour']}/{world.rollouts['bad']}"
    found = {
        address: (await operator.get(address)).status_code
        for address in (
            "/?before=yesterday",
            f"{base}?after=x",
            f"{base}?ring=one",
            f"{base}?state=blue",
            "/rollouts/1/2",
        )
    }
    assert list(found.values()) == [422, 422, 422, 404, 404]


async def test_older_rollouts_follow_page_by_page(world: World, operator: httpx.AsyncClient) -> None:
    patch_id = world.patch("kestrel", "Many")
    for number in range(45):
        world.clock.advance(timedelta(seconds=1))
        world.rollout("kestrel", f"many-{number}", patch_id, new_id(world.clock.now()), "completed")
    first = await operator.get("/")
    older = re.search(r'href="(/\?before=[^"]+)"', first.text)
    assert older is not None
    second = await operator.get(older[1])
    shown = [name in words(page) for page in (first, second) for name in ("Many-44 is", "Many-0 is")]
    assert (shown, "Older rollouts" in second.text) == ([True, False, False, True], False)


async def test_devices_of_a_rollout_come_page_by_page_in_their_order(world: World, operator: httpx.AsyncClient) -> None:
    world.ring("harbour", "bad", 2, "open", {"waiting": 100}, "Ring 2 opens")
    for number in range(100):
        name = f"PC-{number:03}"
        world.device("harbour", name)
        state = ("waiting", "offered", "verified")[number % 3]
        world.in_rollout("harbour", "bad", name, 2, state, 99 - number, "in its turn")
    base = f"/rollouts/{world.tenants['harbour']}/{world.rollouts['bad']}"
    seen, address = [], f"{base}?ring=2"
    while address:
        text = (await operator.get(address)).text
        seen += re.findall(r"PC-\d{3}", text)
        following = re.search(r'href="([^"]+)">Next devices', text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"PC-{number:03}" for number in reversed(range(100))]
    offered = re.findall(r"PC-\d{3}", (await operator.get(f"{base}?state=offered")).text)
    assert offered == [f"PC-{number:03}" for number in reversed(range(100)) if number % 3 == 1]


async def test_a_patch_that_goes_nowhere_is_shown_with_its_reason(world: World, operator: httpx.AsyncClient) -> None:
    driver = world.patch("kestrel", "Display driver", security=False)
    world.missing("kestrel", "KE-CAD-01", driver)
    why = [{"code": "rule_matched", "text": "rule optional drivers says hold"}]
    decision = {"segments": {"cad": {"outcome": "hold", "rule": "optional drivers", "reasons": why}}, "reasons": why}
    world.run(
        "update patchring.patch set decision = %(decision)s, decided_at = %(at)s where patch_id = %(id)s",
        {"decision": Jsonb(decision), "at": world.clock.now(), "id": driver},
    )
    board = words(await operator.get("/"))
    assert "Display driver Kestrel Engineering, 1 device: Rule optional drivers says hold." in board
