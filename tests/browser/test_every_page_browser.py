"""Every page of the console, in both languages, on a phone and at a desk; the resident's pages beside them.

A page that the console serves and this does not know fails the first test.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bot.channels.assets import Assets
from bot.channels.requests import HERE as RESIDENTS
from bot.channels.requests import request_routes
from bot.console.model import Role
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.service import PaymentsService
from bot.phrasebook import Phrasebook
from bot.requests.links import RequestLinks
from bot.requests.service import RequestsService
from bot.sandbox.app import create_app
from bot.sandbox.clock import SandboxClock
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from bot.servers import serve
from tests.browser.axe import serious_findings
from tests.browser.conftest import LAPTOP, PHONE, Open
from tests.browser.whole_console import BEFORE_LOGIN, PARTS, Scene, furnish
from tests.doubles.agent_browser import PASSWORD
from tests.doubles.web_house import MONDAY, NO_PAYMENTS, SECRET, FakeClock, WebHouse, open_web_house
from tests.integration.reconciliation.visitor import Bureau, Wire
from tests.unit.payments.examples import RememberedAttempts

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
CHINESE = re.compile("[\u4e00-\u9fff]")
WRITTEN = re.compile(
    "中文|李强|周丽|陈洁|孙悦|市局工单系统|侬帮我看看伐|赵\\*|身份证\\S*|居住证\\S*|护照\\S*|\\S+派出所"
)
"""The name of a language, and what people wrote."""


@pytest_asyncio.fixture
async def bureau(tmp_path: Path) -> AsyncIterator[Bureau]:
    """A house on the sandbox; whatever is over ¥5 needs a second person."""
    clock = FakeClock(MONDAY.replace(day=24, hour=14), live=True)
    sandbox = create_app(clock=SandboxClock(source=clock.now))
    wire = Wire(sandbox)
    clients = [
        ReconciliationClient(ClientConfig("http://sandbox", key), wire)
        for key in (STAFF_KEY, STAFF_KEY, RESIDENT_KEY)
    ]
    house = await open_web_house(
        tmp_path, clock, Phrasebook.load(), staff=clients[0], four_eyes_fen=500,
        payments=PaymentsService(clients[2], RememberedAttempts(), clock),
    )  # fmt: skip
    yield Bureau(house, sandbox, wire, clients[1])
    await house.aclose()
    for client in clients:
        await client.aclose()


@pytest.fixture
def house(bureau: Bureau) -> WebHouse:
    return bureau.house


@pytest_asyncio.fixture
async def scene(bureau: Bureau) -> Scene:
    return await furnish(bureau)


async def admin(open_page: Open, size: tuple[int, int]) -> Page:
    page = await open_page("/console/login", size=size)
    assert await troubles(page) == []
    await page.get_by_label("登录名").fill("zhouli")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url("**/console")
    return page


async def troubles(page: Page) -> list[str]:
    """What axe finds serious, and whether the page scrolls sideways."""
    found = await serious_findings(page)
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{wide}px too wide"] if wide > 0 else [])]


async def shown(page: Page, address: str, language: str) -> None:
    """The page with what hides on it opened, and what it asks for by itself there."""
    joint = "&" if "?" in address else "?"
    await page.goto(f"{address}{joint}lang={language}")
    if await page.locator("#payment").count():
        await expect(page.locator("#payment [data-loading]")).to_have_count(0)
    for details in await page.locator("main details").all():
        await details.evaluate("one => one.open = true")


def test_no_page_is_left_out(house: WebHouse) -> None:
    pages = {
        route.path
        for route in house.app.routes
        if isinstance(route, Route) and route.path.startswith("/console") and "GET" in (route.methods or ())
    }
    known = {*Scene("", "", "", (0, "")).pages, *PARTS, *BEFORE_LOGIN}
    assert pages == known


@LANGUAGES
@SIZES
async def test_the_consoles_pages_have_no_serious_finding_and_do_not_scroll_sideways(
    scene: Scene, open_page: Open, size: tuple[int, int], language: str
) -> None:
    page = await admin(open_page, size)
    found = {}
    for name, address in {**scene.pages, **scene.more}.items():
        await shown(page, address, language)
        found[name] = await troubles(page)
    assert {name: what for name, what in found.items() if what} == {}


async def test_english_pages_speak_chinese_only_where_people_do(scene: Scene, open_page: Open) -> None:
    """The words of the pages themselves; what residents, agents and the bureau wrote stays as it is."""
    page = await admin(open_page, LAPTOP)
    chinese = {}
    for name, address in scene.pages.items():
        await shown(page, address, "en")
        labels = await page.locator(
            "h1, h2, h3, th, dt, legend, main label > :not(input), button:not(.tag *), summary, nav a, .hint"
        ).all_inner_texts()
        chinese[name] = [text for text in labels if CHINESE.search(WRITTEN.sub("", text))]
    assert [text for texts in chinese.values() for text in texts] == []


@SIZES
async def test_the_pages_before_login(house: WebHouse, open_page: Open, size: tuple[int, int]) -> None:
    async with house.work() as work:
        token = await house.accounts.setup_token(work)
    for language in ("zh", "en"):
        for address in (f"/console/setup/{token}", "/console/login", "/console/nothing-here"):
            page = await open_page(f"{address}?lang={language}", size=size)
            assert await troubles(page) == [], (address, language)


@SIZES
async def test_the_first_login_has_to_change_the_password(
    house: WebHouse, open_page: Open, size: tuple[int, int]
) -> None:
    async with house.work() as work:
        one_time = await house.accounts.add(work, "sunyue", "孙悦", Role.AGENT)
        await work.commit()
    page = await open_page("/console/login", size=size)
    await page.get_by_label("登录名").fill("sunyue")
    await page.get_by_label("密码").fill(one_time)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url("**/console/password")
    assert await troubles(page) == []


@LANGUAGES
@SIZES
async def test_the_residents_chat_and_a_requests_status_page(
    scene: Scene, house: WebHouse, open_page: Open, size: tuple[int, int], language: str
) -> None:
    chat = await open_page(f"/?lang={language}", size=size)
    await chat.fill("#text", "转人工")
    await chat.press("#text", "Enter")
    await expect(chat.locator(".message.bot").last).to_contain_text("已转人工")
    assert await troubles(chat) == []
    links = RequestLinks(SECRET, "")
    requests = RequestsService(NO_PAYMENTS, house.clock, Phrasebook.load(), links)
    assets = Assets(RESIDENTS / "pages" / "static", "/static/chat")
    routes = [
        *request_routes(requests, house.work, house.clock, Phrasebook.load()),
        Mount("/static/chat", assets.files()),
    ]
    server = await serve(Starlette(routes=routes), "127.0.0.1", 0)
    try:
        for address in (links.page(*scene.requested), "/requests/made-up"):
            page = await open_page(f"{server.url}{address}?lang={language}", size=size)
            assert await troubles(page) == [], address
    finally:
        await server.stop()
