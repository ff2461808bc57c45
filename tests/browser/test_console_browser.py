"""The console as an agent meets it, beside a resident's phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from bot.console.model import Role
from bot.messages import Author, Contact, Reply
from bot.tickets.model import HandoffReason
from tests.browser.conftest import LAPTOP, Open
from tests.doubles.web_house import WebHouse

pytestmark = pytest.mark.browser

PASSWORD = "long enough for us"


async def set_up(house: WebHouse, open_page: Open) -> Page:
    """Follows the set-up link and makes the first account."""
    async with house.work() as work:
        token = await house.accounts.setup_token(work)
    page = await open_page(f"/console/setup/{token}", size=LAPTOP)
    await page.get_by_label("登录名").fill("wangmin")
    await page.get_by_label("显示名").fill("王敏")
    await page.get_by_label("新密码", exact=True).fill(PASSWORD)
    await page.get_by_label("再输一次新密码").fill(PASSWORD)
    await page.get_by_role("button", name="创建并登录").click()
    await expect(page.get_by_role("heading", name="工单")).to_be_visible()
    return page


async def resident(open_page: Open) -> Page:
    """A resident's phone, waiting for a person."""
    page = await open_page("/")
    await page.fill("#text", "转人工")
    await page.press("#text", "Enter")
    await expect(page.locator(".message.bot").last).to_contain_text("已转人工")
    return page


async def test_from_the_set_up_link_to_a_resolved_ticket(house: WebHouse, open_page: Open) -> None:
    agent = await set_up(house, open_page)
    await agent.get_by_role("button", name="退出").click()
    await agent.get_by_label("登录名").fill("wangmin")
    await agent.get_by_label("密码").fill(PASSWORD)
    await agent.keyboard.press("Enter")
    await expect(agent.get_by_text("没有待处理的工单")).to_be_visible()
    phone = await resident(open_page)
    # The list finds the new ticket by itself.
    await agent.locator("a.number").first.click(timeout=8000)
    await agent.fill("#text", "您好，马上为您核实")
    await agent.keyboard.press("Control+Enter")
    await expect(phone.locator(".message.agent .bubble")).to_contain_text("马上为您核实", timeout=2000)
    await phone.fill("#text", "谢谢")
    await phone.press("#text", "Enter")
    await expect(agent.locator(".line.resident").last).to_contain_text("谢谢", timeout=4000)
    await agent.locator("#do-resolve summary").click()
    await agent.get_by_label("办结原因").select_option("other")
    await agent.get_by_label("办结说明").fill("已对账")
    await agent.get_by_role("button", name="确认办结").click()
    await expect(agent.locator(".head .badge")).to_have_text("已办结")
    await expect(agent.locator("#text")).to_be_disabled()
    await expect(phone.locator(".message.system", has_text="GD")).to_be_visible()
    assert house.notified


async def test_an_open_page_keeps_what_is_being_written_and_the_focus(
    house: WebHouse, open_page: Open
) -> None:
    agent = await set_up(house, open_page)
    phone = await resident(open_page)
    await agent.reload()
    await agent.locator("a.number").first.click()
    await agent.fill("#text", "正在写")
    await phone.fill("#text", "还在吗")
    await phone.press("#text", "Enter")
    await expect(agent.locator(".line.resident").last).to_contain_text("还在吗", timeout=4000)
    await expect(agent.locator("#text")).to_have_value("正在写")
    await expect(agent.locator("#text")).to_be_focused()


async def test_the_list_keeps_the_focus_when_it_refreshes(house: WebHouse, open_page: Open) -> None:
    agent = await set_up(house, open_page)
    first = await house.open_ticket("a")
    await agent.reload()
    await agent.locator("a.number").focus()
    second = await house.open_ticket("b")
    await expect(agent.get_by_role("link", name=second.number)).to_be_visible(timeout=8000)
    await expect(agent.get_by_role("link", name=first.number)).to_be_focused()


async def test_another_agents_change_is_told_and_the_words_kept(house: WebHouse, open_page: Open) -> None:
    agent = await set_up(house, open_page)
    ticket = await house.open_ticket("a")
    await agent.goto(f"/console/tickets/{ticket.number}")
    await agent.fill("#text", "我写了很久")
    async with house.work() as work:
        await house.casework.claim(work, ticket.number, "liqiang")
        await work.commit()
    await agent.get_by_role("button", name="发送回复").click()
    await expect(agent.get_by_role("alert")).to_contain_text("另一位坐席刚刚处理了此工单")
    await expect(agent.locator("#text")).to_have_value("我写了很久")


async def test_english_and_a_narrow_window(house: WebHouse, open_page: Open) -> None:
    agent = await set_up(house, open_page)
    ticket = await house.open_ticket("a", serial_number="4200000925202101284997714292")
    await agent.get_by_role("link", name="English").click()
    await expect(agent.get_by_role("heading", name="Tickets")).to_be_visible()
    await agent.set_viewport_size({"width": 600, "height": 800})
    for address in ("/console", f"/console/tickets/{ticket.number}"):
        await agent.goto(address)
        assert await agent.evaluate("document.documentElement.scrollWidth") <= 600


async def test_the_pictures(house: WebHouse, open_page: Open) -> None:
    agent = await set_up(house, open_page)
    await _seed(house)
    await agent.goto("/console")
    await expect(agent.locator("tbody tr")).to_have_count(7)
    async with house.work() as work:
        [ticket] = await work.tickets.list(words="4200000925202101284997714292")
    await agent.goto(f"/console/tickets/{ticket.number}")
    await expect(agent.locator(".line")).to_have_count(7)


async def _seed(house: WebHouse) -> None:
    """A morning's tickets."""
    async with house.work() as work:
        await house.accounts.add(work, "liqiang", "李强", Role.AGENT)
        await house.accounts.add(work, "chenjie", "陈洁", Role.SUPERVISOR)
        await work.commit()
    kinds = [
        (HandoffReason.OVERDUE, "2026111922001004660224927787", 250),
        (HandoffReason.COMPLAINT, "34000019081115065040", 65),
        (HandoffReason.UNKNOWN_STATE, "4200000925202611204997714307", 48),
        (HandoffReason.OUTAGE, "2026112322001004660224927790", 31),
        (HandoffReason.MISUNDERSTOOD, None, 12),
        (HandoffReason.MISMATCH, "34000019081115065057", 6),
    ]
    numbers = []
    real = house.clock.now
    for place, (reason, serial_number, minutes) in enumerate(kinds):
        house.clock.now = lambda minutes=minutes: real() - timedelta(minutes=minutes)  # type: ignore[method-assign]
        ticket = await house.open_ticket(f"resident-{place}", serial_number, reason, "web")
        numbers.append(ticket.number)
    house.clock.now = real  # type: ignore[method-assign]
    async with house.work() as work:
        await house.casework.claim(work, numbers[1], "liqiang")
        await house.casework.reply(work, numbers[2], "chenjie", "陈洁", "您好，正在核实。")
        await work.commit()
    await _conversation(house)


async def _conversation(house: WebHouse) -> None:
    """The case that the picture shows."""
    async with house.work() as work:
        contact = Contact("web", "resident-picture")
        conversation = await work.conversations.open(contact, house.clock.now(), "zh")
        opened = await house.tickets.open(
            work,
            conversation,
            HandoffReason.CUSTOMER_REQUEST,
            "4200000925202101284997714292",
            {"state": "unreconciled", "reason": "callback_lost", "channel": "wechat_pay",
             "paid_at": "2026-11-20T09:30:00+08:00", "expected_by": "2026-11-24T17:30:00+08:00"},
        )  # fmt: skip
        said = [
            (Author.RESIDENT, "上周五用微信交的身份证补领费，到现在还显示未缴费"),
            (Author.BOT, "请把微信账单里的交易单号发给我，28 位，4200 开头。"),
            (Author.RESIDENT, "4200000925202101284997714292，身份证 ‹id_card›"),
            (Author.BOT, "查到了：付款成功，财政还没有对上账。支付平台的通知没有收到，正在按账单补。"),
            (Author.RESIDENT, "我明天就要用证，能不能找人帮我看看"),
        ]
        for author, text in said:
            work.lines.add(conversation, Reply(text, author=author), house.clock.now())
        await work.commit()
    async with house.work() as work:
        number = opened.ticket.number
        await house.casework.reply(
            work, number, "wangmin", "王敏", "您好，我是王敏。已联系银行补发通知，今天下班前给您答复。"
        )
        await work.commit()
