"""Debian's chromium by playwright, closed to everything but our own server, and axe-core where it is there.

Neither is a part of the product: `tests/prepare.sh` installs them where it can, and tests skip clearly without them.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).resolve().parents[2] / ".tools/axe/node_modules/axe-core/axe.min.js"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not here: apt-get install chromium")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not here: {AXE} (npm install axe-core)")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Trouble(list[str]):
    """What a page complained of: errors of scripts, refused content, failed requests of our own."""

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(f"error: {error}"))
        page.on("console", lambda message: self.append(f"console: {message.text}") if message.type == "error" else None)


@asynccontextmanager
async def opened(browser: Browser, address: str, **options: Any) -> AsyncIterator[tuple[Page, Trouble]]:
    """A page of a fresh context that reaches `address` and nothing else."""
    context: BrowserContext = await browser.new_context(base_url=address, **options)

    async def only_ours(route: Route) -> None:
        await (route.continue_() if route.request.url.startswith(address) else route.abort())

    await context.route("**/*", only_ours)
    page, trouble = await context.new_page(), Trouble()
    trouble.watch(page)
    try:
        yield page, trouble
    finally:
        await context.close()


async def axe_faults(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, as rule and first place."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate("tags => axe.run({ runOnly: tags })", tags)
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found["violations"]]
