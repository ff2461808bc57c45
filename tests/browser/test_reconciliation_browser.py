"""Manual reconciliation by two people at their desks, with the resident's phone beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.console.model import Role
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.service import PaymentsService
from bot.phrasebook import Phrasebook
from bot.sandbox.app import create_app
from bot.sandbox.clock import SandboxClock
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from tests.browser.axe import serious_findings
from tests.browser.cast import only_ticket, resident
from tests.browser.conftest import LAPTOP, PHONE, Open, keep_picture
from tests.conversations.seeded import SERIAL
from tests.doubles.web_house import MONDAY, FakeClock, WebHouse, open_web_house
from tests.integration.reconciliation.visitor import Bureau, Wire
from tests.unit.payments.examples import RememberedAttempts

pytestmark = pytest.mark.browser

PASSWORD = "long enough for us"
LIMIT = 3000
DEAR, PLAIN, TWO_LINES, SHORT = SERIAL["0105"], SERIAL["0210"], SERIAL["0109"], SERIAL["0106"]
"""¥40 with another name on the statement; ¥20 that all agrees; ¥10 with two lines that fit equally."""


@pytest_asyncio.fixture
async def bureau(tmp_path: Path) -> AsyncIterator[Bureau]:
    """A house on the sandbox; ¥30 and more need a second person."""
    clock = FakeClock(MONDAY.replace(day=24, hour=14), live=True)
    sandbox = create_app(clock=SandboxClock(source=clock.now))
    wire = Wire(sandbox)
    clients = [
        ReconciliationClient(ClientConfig("http://sandbox", key), wire)
        for key in (STAFF_KEY, STAFF_KEY, RESIDENT_KEY)
    ]
    house = await open_web_house(
        tmp_path,
        clock,
        Phrasebook.load(),
        staff=clients[0],
        four_eyes_fen=LIMIT,
        payments=PaymentsService(clients[2], RememberedAttempts(), clock),
    )
    yield Bureau(house, sandbox, wire, clients[1])
    await house.aclose()
    for client in clients:
        await client.aclose()


@pytest.fixture
def house(bureau: Bureau) -> WebHouse:
    return bureau.house


async def person(
    house: WebHouse, open_page: Open, name: str, shown: str, role: Role, size: tuple[int, int] = LAPTOP
) -> Page:
    """Somebody at the console."""
    async with house.work() as work:
        if await work.agents.by_name(name) is None:
            one_time = await house.accounts.add(work, name, shown, role)
            await work.commit()
            account = await work.agents.by_name(name)
            assert account is not None
            await house.accounts.change_password(work, account, one_time, PASSWORD)
            await work.commit()
    page = await open_page("/console/login", size=size)
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url("**/console")
    return page


async def to_confirmation(agent: Page, number: str, serial: str) -> None:
    """From the address of a payment to the page that repeats it."""
    await agent.goto(f"/console/tickets/{number}/reconciliation/{serial}")
    await agent.get_by_label("对账说明").fill("已核对居民的付款截图和银行流水")
    await agent.get_by_role("button", name="下一步：确认").click()
    await expect(agent.get_by_role("heading", name="确认手动对账")).to_be_visible()


async def test_an_agent_proposes_a_supervisor_approves_and_the_resident_hears_it_once(
    bureau: Bureau, open_page: Open
) -> None:
    house = bureau.house
    phone = await resident(open_page)
    agent = await person(house, open_page, "wangmin", "王敏", Role.AGENT)
    boss = await person(house, open_page, "chenjie", "陈洁", Role.SUPERVISOR)
    heard = await phone.locator(".message").count()

    # The number that the resident gave is not found, so the agent searches by name.
    await agent.goto(f"/console/tickets/{await only_ticket(house)}/reconciliation")
    await expect(agent.get_by_text("没有查到缴费")).to_be_visible()
    await agent.get_by_label("流水号、缴款码").fill("周婷")
    await agent.get_by_label("缴费状态").select_option("unreconciled")
    await agent.get_by_role("button", name="查找").click()
    await agent.get_by_role("link", name=DEAR).click()
    await expect(agent.locator('[data-field="payer_name"]')).to_contain_text("与缴款书不符")
    await keep_picture(agent, "console-reconciliation.png")
    await agent.get_by_label("对账说明").fill("已核对付款截图；姓名为同音字，窗口已更正")
    await agent.keyboard.press("Tab")
    await agent.keyboard.press("Enter")
    await expect(agent.locator(".sum strong")).to_have_text("¥40.00")
    await agent.get_by_label("以上不一致之处我已逐项核实").check()
    await agent.get_by_role("button", name="提交复核").click()
    await expect(agent.get_by_role("heading", name="等待复核")).to_be_visible()
    assert await phone.locator(".message").count() == heard

    await boss.reload()
    await expect(boss.locator("[data-badge=reconciliations]")).to_have_text("1")
    await boss.get_by_role("link", name="手动对账").click()
    await boss.locator("a.number").click()
    await boss.get_by_label("我已核对以上内容").check()
    await boss.get_by_role("button", name="复核通过，对账 ¥40.00").click()
    await expect(boss.get_by_role("heading", name="对账完成")).to_be_visible()
    told = phone.locator(".message.system")
    await expect(told).to_contain_text("尾号 000105 的缴费", timeout=2000)
    await expect(phone.get_by_role("button", name="看这笔缴费")).to_be_visible()
    await phone.reload()  # what the phone's own clock said of its lines is the server's from here on
    await expect(phone.locator(".message.system", has_text="000105")).to_be_visible()
    await keep_picture(phone, "chat-reconciled.png")
    await expect(agent.get_by_role("heading", name="对账完成")).to_be_visible(timeout=6000)
    assert await told.count() == 1
    assert await bureau.state_of(DEAR) == "reconciled"


async def test_who_comes_second_is_told_with_the_newest_state(bureau: Bureau, open_page: Open) -> None:
    phone = await resident(open_page)
    agent = await person(bureau.house, open_page, "wangmin", "王敏", Role.AGENT)
    boss = await person(bureau.house, open_page, "chenjie", "陈洁", Role.SUPERVISOR)
    number = await only_ticket(bureau.house)
    await to_confirmation(agent, number, DEAR)
    await agent.get_by_label("以上不一致之处").check()
    await agent.get_by_role("button", name="提交复核").click()
    await boss.goto("/console/reconciliations")
    await boss.locator("a.number").click()
    await boss.get_by_label("我已核对以上内容").check()
    await bureau.colleague.reconcile(DEAR, f"SL-{DEAR}", "elsewhere", "first", "elsewhere-1")
    await boss.get_by_role("button", name="复核通过").click()
    await expect(boss.get_by_role("heading", name="没有对账：别人先了一步")).to_be_visible()
    await expect(boss.locator(".outcome")).to_contain_text("缴费的最新状态： 已对账")
    await keep_picture(boss, "console-conflict.png")
    await expect(agent.get_by_role("heading", name="没有对账：别人先了一步")).to_be_visible(timeout=6000)
    assert await phone.locator(".message.system").count() == 0


async def test_another_line_is_compared_at_once_and_the_note_is_kept(bureau: Bureau, open_page: Open) -> None:
    agent = await person(bureau.house, open_page, "wangmin", "王敏", Role.AGENT)
    ticket = await bureau.house.open_ticket("a", TWO_LINES)
    await agent.goto(f"/console/tickets/{ticket.number}/reconciliation")
    comparison = agent.locator("#comparison")
    await expect(comparison).to_contain_text("SL-BK202611200109")
    await agent.get_by_label("对账说明").fill("我写了很久")
    await agent.locator("input[value='SL-4200002611202611170000009212']").check()
    await expect(comparison).to_contain_text("SL-4200002611202611170000009212")
    await expect(agent.get_by_label("对账说明")).to_have_value("我写了很久")
    await agent.get_by_role("button", name="下一步：确认").click()
    await expect(agent.locator(".confirm-card")).to_contain_text("SL-4200002611202611170000009212")
    await agent.get_by_role("button", name="返回修改").click()
    await expect(agent.locator("input[value='SL-4200002611202611170000009212']")).to_be_checked()
    await expect(agent.get_by_label("对账说明")).to_have_value("我写了很久")


async def test_a_page_whose_answer_was_lost_follows_what_becomes_of_it(
    bureau: Bureau, open_page: Open
) -> None:
    agent = await person(bureau.house, open_page, "wangmin", "王敏", Role.AGENT)
    ticket = await bureau.house.open_ticket("a", PLAIN, channel="web")
    await to_confirmation(agent, ticket.number, PLAIN)
    bureau.wire.lost = 3
    await agent.get_by_role("button", name="确认对账 ¥20.00").click()
    await expect(agent.get_by_role("heading", name="对账系统还没有答复")).to_be_visible()
    colleague = await person(bureau.house, open_page, "liqiang", "李强", Role.AGENT)
    await colleague.goto(agent.url)
    await colleague.get_by_role("button", name="现在重试").click()
    await expect(agent.get_by_role("heading", name="对账完成")).to_be_visible(timeout=6000)
    assert len(await bureau.heard(ticket)) == 1


@pytest.mark.parametrize(("size", "language"), [(LAPTOP, "zh"), (LAPTOP, "en"), (PHONE, "zh"), (PHONE, "en")])
async def test_every_page_is_accessible_and_fits(
    bureau: Bureau, open_page: Open, size: tuple[int, int], language: str
) -> None:
    house = bureau.house
    agent = await person(house, open_page, "wangmin", "王敏", Role.AGENT, size)
    boss = await person(house, open_page, "chenjie", "陈洁", Role.SUPERVISOR, size)
    for page in (agent, boss):
        await page.goto(f"/console/reconciliations?lang={language}")
    ticket = await house.open_ticket("a", SHORT)

    async def check(page: Page) -> None:
        assert await serious_findings(page) == [], page.url
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], page.url

    await check(agent)
    await agent.goto("/console/payments")
    await check(agent)
    await agent.fill("input[name=words]", "李")
    await agent.press("input[name=words]", "Enter")
    await agent.wait_for_url("**find=**")
    await check(agent)
    await agent.goto(f"/console/payments/{PLAIN}")
    await check(agent)
    await agent.goto(f"/console/tickets/{ticket.number}/reconciliation")
    await check(agent)
    await agent.fill("textarea[name=note]", "ok")
    await agent.click("#choose button.main")
    await agent.wait_for_url("**/confirm")
    await check(agent)
    await agent.check("input[name=checked]")
    await agent.click("#propose button.main")
    await agent.wait_for_url("**/reconciliations/**")
    await check(agent)
    await boss.goto(agent.url)
    await boss.click("details summary")
    await check(boss)
    await bureau.breaks(outage="unavailable")
    await agent.reload()
    await check(agent)
