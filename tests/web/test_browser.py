"""The pages in a real browser: live, keyboard, narrow, without JavaScript, and clean for axe in light and dark."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from patchring.web import web_routes
from tests.web.chromium import axe_faults, chromium, needs_axe, needs_chromium, opened
from tests.web.world import World

pytestmark = [pytest.mark.anyio, needs_chromium]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    """The address of a server with the pages on a filled world."""
    app = Starlette(routes=web_routes(world.services()))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def sign_in(page: Page, world: World) -> None:
    """By the address that is printed; the page goes on to the board by itself."""
    await page.goto(f"/?key={world.principal('operator')}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rollouts")
    assert "key=" not in page.url


async def test_the_page_follows_what_happens_and_keeps_what_one_is_doing(
    world: World, address: str, browser: Browser
) -> None:
    async with opened(browser, address) as (page, trouble):
        await sign_in(page, world)
        await expect(page.locator("#live-word")).to_have_text("Live")
        await page.get_by_text("Halt…").click()
        await page.get_by_label("Why (may stay empty)").fill("half a sen")
        rollout = page.locator(f"#r-{world.rollouts['good-harbour'].hex}")
        await expect(rollout.locator(".ring").nth(1)).to_contain_text("soaking")
        passed = {"tenant": world.tenants["harbour"], "rollout": world.rollouts["good-harbour"]}
        world.run("""update patchring.rollout_ring set state = 'passed'
                     where tenant_id = %(tenant)s and rollout_id = %(rollout)s and ring = 1""", passed)  # fmt: skip
        why = {"reasons": [{"code": "x", "text": "Ring 1 passed: 3 devices verified"}], "ring": 1}
        await world.happened("harbour", "ring_passed", ("rollout", world.rollouts["good-harbour"]), why)
        await expect(rollout.locator(".ring").nth(1)).to_contain_text("passed")
        await expect(page.locator("#says")).to_have_text("Runtime 8.0.29: Ring 1 passed: 3 devices verified.")
        field = page.get_by_label("Why (may stay empty)")
        await expect(field).to_have_value("half a sen")
        await expect(field).to_be_focused()
        assert trouble == []


async def test_a_session_that_ends_is_noticed_by_an_open_page(world: World, address: str, browser: Browser) -> None:
    async with opened(browser, address) as (page, _):
        await sign_in(page, world)
        await expect(page.locator("#live-word")).to_have_text("Live")
        world.run("update patchring.principal set revoked_at = %(at)s", {"at": world.clock.now()})
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=20_000)


async def test_halting_and_resuming_work_without_javascript(world: World, address: str, browser: Browser) -> None:
    async with opened(browser, address, java_script_enabled=False) as (page, _):
        await page.goto(f"/?key={world.principal('operator')}")
        await page.goto("/")
        await page.get_by_text("Halt…").click()
        await page.get_by_label("What to halt").select_option("everything")
        await page.get_by_role("button", name="Halt now").click()
        await expect(page.get_by_text("1 stop in force")).to_be_visible()
        await page.get_by_text("Resume…").click()
        await page.get_by_label("Why it may go on (needed)").fill("a false alarm")
        await page.get_by_role("button", name="Resume", exact=True).click()
        await expect(page.get_by_text("Resumed. The reason is part of the record.")).to_be_visible()
        await expect(page.get_by_text("stop in force")).to_have_count(0)


async def test_the_halt_is_reached_and_left_by_keyboard(world: World, address: str, browser: Browser) -> None:
    async with opened(browser, address) as (page, _):
        await sign_in(page, world)
        names = []
        for _ in range(3):
            await page.keyboard.press("Tab")
            names.append((await page.evaluate("document.activeElement.textContent")).strip())
        assert names == ["To the content", "Patchring", "Halt…"]
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("What to halt")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_label("What to halt")).to_be_hidden()
        assert (await page.evaluate("document.activeElement.textContent")).strip() == "Halt…"


@pytest.mark.parametrize("name", ["board", "rollout", "device"])
async def test_a_telephone_scrolls_in_one_direction_only(
    world: World, address: str, browser: Browser, name: str
) -> None:
    async with opened(browser, address, viewport=PHONE) as (page, trouble):
        await sign_in(page, world)
        await page.goto(addresses(world)[name])
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert trouble == []


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(world: World, address: str, browser: Browser, scheme: str) -> None:
    world.stop(f"rollout:{world.rollouts['bad']}")
    found = {}
    async with opened(browser, address, color_scheme=scheme) as (page, _):
        await page.goto("/")
        found["sign-in"] = await axe_faults(page)
        await sign_in(page, world)
        for name, path in addresses(world).items():
            await page.goto(path)
            await page.get_by_text("Halt…").click()
            found[name] = await axe_faults(page)
    assert found == {"sign-in": [], "board": [], "rollout": [], "device": []}


def addresses(world: World) -> dict[str, str]:
    tenant = world.tenants["harbour"]
    return {
        "board": "/",
        "rollout": f"/rollouts/{tenant}/{world.rollouts['bad']}",
        "device": f"/devices/{tenant}/{world.devices['HD-LOBBY-01']}",
    }
