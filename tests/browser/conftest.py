"""A real server and Debian's chromium. SCREENSHOTS=1 keeps pictures in docs/screenshots."""

from __future__ import annotations

import os
from pathlib import Path
from typing import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.phrasebook import Phrasebook
from bot.servers import RunningServer, serve
from bot.settings import ROOT
from tests.doubles.web_house import MONDAY, FakeClock, WebHouse, open_web_house

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SCREENSHOTS = ROOT / "docs" / "screenshots"
AFTERNOON = MONDAY.replace(hour=14, minute=20)
PHONE, LAPTOP = (390, 844), (1280, 800)

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    """A house that says the real words, on a Monday afternoon."""
    house = await open_web_house(tmp_path, FakeClock(AFTERNOON, live=True), Phrasebook.load())
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def server(house: WebHouse) -> AsyncIterator[RunningServer]:
    """The house on a port of its own."""
    server = await serve(house.app, "127.0.0.1", 0)
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium; a test that asks for a browser fails where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.fail("needs /usr/bin/chromium (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def open_page(browser: Browser, server: RunningServer) -> AsyncIterator[Open]:
    """Opens a page as a new person; any script error or refused resource fails the test."""
    troubles: list[str] = []

    async def open_page(path: str, size: tuple[int, int] = PHONE, **options: object) -> Page:
        context = await browser.new_context(
            base_url=server.url,
            viewport={"width": size[0], "height": size[1]},
            **{"locale": "zh-CN", **options},  # type: ignore[arg-type]
        )
        context.set_default_timeout(8000)
        page = await context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None
        )
        await page.goto(path)
        return page

    yield open_page
    for context in browser.contexts:
        await context.close()
    assert troubles == []


async def keep_picture(page: Page, name: str) -> None:
    """Keeps a picture for the documentation, when asked to."""
    if os.environ.get("SCREENSHOTS") == "1":
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.evaluate("document.activeElement.blur()")
        await page.wait_for_timeout(400)
        await page.screenshot(path=SCREENSHOTS / name)
