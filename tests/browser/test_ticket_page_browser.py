"""A ticket's page with two agents on it and a resident's phone beside them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Page, Route, expect

from bot.messages import Contact, Reply
from bot.tickets.model import Cause, TicketStatus
from tests.browser.axe import serious_findings
from tests.browser.cast import console, log_in, only_ticket, resident, staffed_house, ticket_page
from tests.browser.conftest import LAPTOP, PHONE, Open, keep_picture
from tests.doubles.web_house import WebHouse
from tests.integration.ticket_page.scene import SERIAL

pytestmark = pytest.mark.browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5f64545"
    "0000000049454e44ae426082"
)
"""One grey dot."""


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await staffed_house(tmp_path)
    yield house
    await house.aclose()


async def test_what_is_said_comes_at_once_both_ways_and_notes_stay_inside(
    house: WebHouse, open_page: Open
) -> None:
    phone = await resident(open_page)
    agent = await ticket_page(house, open_page)
    colleague = await ticket_page(house, open_page, "liqiang")
    await agent.fill("#text", "您好，马上为您核实")
    await expect(phone.locator("#typing")).to_contain_text("工作人员正在输入")
    await expect(colleague.locator(".present")).to_have_text("王敏 正在输入…")
    await agent.keyboard.press("Control+Enter")
    await expect(phone.locator(".message.agent .bubble")).to_contain_text("马上为您核实")
    await expect(phone.locator("#typing")).to_be_hidden()
    await expect(agent.locator("#text")).to_have_value("")
    await expect(agent.locator("#text")).to_be_focused()
    for page in (agent, colleague):
        await expect(page.locator(".line.agent")).to_have_count(1)
        await expect(page.locator(".head .badge").first).to_have_text("等居民回复")
    await phone.fill("#text", "谢谢")
    await phone.press("#text", "Enter")
    for page in (agent, colleague):
        await expect(page.locator(".line.resident").last).to_contain_text("谢谢")
    await colleague.get_by_role("tab", name="内部备注").click()
    await colleague.fill("#note-text", "银行说下午补")
    await colleague.keyboard.press("Control+Enter")
    await expect(agent.locator(".line.note")).to_contain_text("银行说下午补")
    await agent.fill("#text", "还有一句")
    await agent.keyboard.press("Control+Enter")
    await expect(phone.locator(".message.agent").last).to_contain_text("还有一句")
    assert "下午补" not in await phone.content()
    await keep_picture(agent, "console-two-agents.png")


async def test_what_is_written_while_the_line_before_is_sent_is_neither_lost_nor_sent_twice(
    house: WebHouse, open_page: Open
) -> None:
    phone = await resident(open_page)
    agent = await ticket_page(house, open_page)
    held: asyncio.Queue[Route] = asyncio.Queue()
    await agent.route(re.compile(r"/reply\?"), held.put)
    await agent.fill("#text", "第一句")
    await agent.keyboard.press("Control+Enter")
    first = await asyncio.wait_for(held.get(), 8)
    await agent.press("#text", "End")
    await agent.keyboard.type("第二句")
    await agent.keyboard.press("Control+Enter")
    await first.continue_()
    second = await asyncio.wait_for(held.get(), 8)
    await agent.press("#text", "End")
    await agent.keyboard.type("写了一半")
    await second.continue_()
    for place, said in enumerate(("第一句", "第二句")):
        await expect(phone.locator(".message.agent .bubble").nth(place)).to_contain_text(said)
    await expect(agent.locator("#text")).to_have_value("写了一半")


async def test_agents_see_each_other_come_and_go(house: WebHouse, open_page: Open) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    await expect(agent.locator(".present")).to_have_text("")
    colleague = await ticket_page(house, open_page, "liqiang")
    await expect(agent.locator(".present")).to_have_text("李强 也在看")
    await expect(colleague.locator(".present")).to_have_text("王敏 也在看")
    await colleague.goto("/console")
    await expect(agent.locator(".present")).to_have_text("")


async def claim(page: Page) -> None:
    async with page.expect_response(re.compile("/claim")):
        await page.get_by_role("button", name="领取").click()


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told(
    house: WebHouse, open_page: Open
) -> None:
    await resident(open_page)
    pages = []
    for name in ("wangmin", "liqiang"):
        page = await console(open_page, name)
        # As if both clicked before either heard of the other.
        await page.route(re.compile(r"/(events|live)\?"), lambda route: route.abort())
        await page.goto(f"/console/tickets/{await only_ticket(house)}")
        pages.append(page)
    await asyncio.gather(*(claim(page) for page in pages))
    winner = (await house.ticket(await only_ticket(house))).assignee
    loser = pages[1] if winner == "wangmin" else pages[0]
    await expect(loser.get_by_role("alert")).to_contain_text(re.compile("另一位坐席|别的坐席"))
    for page in pages:
        await page.reload()
        await expect(page.locator("[data-part=facts]")).to_contain_text(
            "王敏" if winner == "wangmin" else "李强"
        )
    await expect(loser.locator("[data-part=actions]")).to_contain_text("这张工单由")


async def test_a_reply_to_a_ticket_that_somebody_took_is_refused_and_its_words_kept(
    house: WebHouse, open_page: Open
) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    await agent.fill("#text", "我写了很久")
    number = await only_ticket(house)
    async with house.work() as work:
        await house.casework.claim(work, number, "liqiang")
        await work.commit()
    await agent.get_by_role("button", name="发送回复").click()
    await expect(agent.get_by_role("alert")).to_contain_text("另一位坐席刚刚处理了此工单")
    await expect(agent.locator("#text")).to_have_value("我写了很久")
    await expect(agent.locator("[data-part=facts]")).to_contain_text("李强")


async def test_canned_answers_are_picked_with_the_keyboard(house: WebHouse, open_page: Open) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    await agent.focus("#text")
    await agent.keyboard.type("/预计")
    options = agent.locator("#choices li")
    await expect(options.first).to_contain_text("/when")
    await agent.keyboard.press("Enter")
    await expect(agent.locator("#text")).to_have_value(
        re.compile("尾号 714292 的这笔缴费，预计今天下午5点前对上账")
    )
    await agent.fill("#text", "")
    await agent.keyboard.type("您好。\n/w")
    await expect(options).not_to_have_count(0)
    first = await options.nth(0).inner_text()
    await agent.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await agent.keyboard.press("ArrowUp")
    await agent.keyboard.press("Tab")
    await expect(agent.locator("#picker")).to_be_hidden()
    value = await agent.locator("#text").input_value()
    assert value.startswith("您好。\n")
    assert value[4:14] in first
    await agent.fill("#text", "")
    await agent.keyboard.type("/zzz")
    await expect(agent.locator("#found")).to_have_text("没有找到，换个词试试")
    await agent.keyboard.press("Escape")
    await expect(agent.locator("#picker")).to_be_hidden()
    await expect(agent.locator("#text")).to_be_focused()


async def test_a_draft_outlives_the_page_and_leaving_asks(house: WebHouse, open_page: Open) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    agent.on("dialog", answer)
    await agent.locator("#text").press_sequentially("写了一半")
    await agent.reload()
    assert asked == ["beforeunload"]
    await expect(agent.locator("#text")).to_have_value("写了一半")
    await expect(agent.locator("#draft")).to_be_visible()
    await agent.get_by_role("button", name="发送回复").click()
    await expect(agent.locator("#text")).to_have_value("")
    await agent.reload()
    await expect(agent.locator("#text")).to_have_value("")
    assert asked == ["beforeunload"]


async def test_what_is_not_sent_is_its_writers_and_goes_with_them(house: WebHouse, open_page: Open) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    agent.on("dialog", lambda dialog: dialog.accept())
    address = agent.url
    await agent.locator("#do-resolve summary").click()
    await agent.get_by_label("办结说明").fill("已与银行核实")
    await agent.fill("#text", "写了一半")
    await agent.context.clear_cookies()
    await agent.get_by_role("button", name="发送回复").click()
    for name, kept in (("wangmin", True), ("liqiang", False), ("wangmin", True)):
        await log_in(agent, name)
        await expect(agent.locator("#payment .payment-state")).to_be_visible()
        assert agent.url == address
        await expect(agent.locator("#text")).to_have_value("写了一半" if kept else "")
        await expect(agent.locator("#do-resolve textarea")).to_have_value("已与银行核实" if kept else "")
        await agent.context.clear_cookies()
        await agent.goto(address)
    await log_in(agent, "wangmin")
    await agent.get_by_role("button", name="退出").click()
    await agent.goto(address)
    await log_in(agent, "wangmin")
    await expect(agent.locator("#text")).to_have_value("")


async def test_a_picture_goes_to_the_phone_and_stands_in_the_thread(house: WebHouse, open_page: Open) -> None:
    phone = await resident(open_page)
    agent = await ticket_page(house, open_page)
    file = {"name": "回执.png", "mimeType": "image/png", "buffer": PNG}
    await agent.set_input_files("#file", file)  # type: ignore[arg-type]
    await expect(agent.locator("#chosen")).to_contain_text("回执.png")
    await agent.get_by_role("button", name="去掉附件").click()
    await expect(agent.locator("#chosen")).to_be_hidden()
    await agent.set_input_files("#file", file)  # type: ignore[arg-type]
    await agent.fill("#text", "这是回执")
    await agent.get_by_role("button", name="发送回复").click()
    for page, place in ((phone, ".message.agent .file img"), (agent, ".line.agent .picture img")):
        picture = page.locator(place)
        await expect(picture).to_be_visible()
        await page.wait_for_function("place => document.querySelector(place)?.naturalWidth > 0", arg=place)
    await expect(agent.locator("#chosen")).to_be_hidden()


async def test_keys_lead_to_actions_and_never_fire_while_typing(house: WebHouse, open_page: Open) -> None:
    phone = await resident(open_page)
    agent = await ticket_page(house, open_page)
    await agent.focus("#text")
    await agent.keyboard.type("ernas?")
    await expect(agent.locator("#text")).to_have_value("ernas?")
    await expect(agent.locator("details.confirm[open]")).to_have_count(0)
    await agent.fill("#text", "")
    await agent.keyboard.press("Escape")
    await agent.keyboard.press("n")
    await expect(agent.locator("#note-text")).to_be_focused()
    await agent.keyboard.press("Escape")
    await agent.keyboard.press("?")
    await expect(agent.get_by_role("dialog")).to_be_visible()
    await agent.keyboard.press("Escape")
    await expect(agent.get_by_role("dialog")).to_be_hidden()
    await agent.keyboard.press("e")
    cause = agent.get_by_label("办结原因")
    await expect(cause).to_be_focused()
    await expect(agent.locator("optgroup").first).to_have_attribute("label", "建议（来自缴费状态）")
    await cause.select_option("callback_lost")
    await agent.get_by_label("办结说明").fill("通知已补")
    await agent.get_by_role("button", name="确认办结").click()
    await expect(agent.locator(".head .badge").first).to_have_text("已办结")
    await expect(agent.locator("#text")).to_be_disabled()
    await expect(phone.locator(".message.system")).not_to_have_count(0)
    ticket = await house.ticket(await only_ticket(house))
    assert (ticket.status, ticket.cause) == (TicketStatus.RESOLVED, Cause.CALLBACK_LOST)
    await expect(agent.locator("[data-part=history]")).to_contain_text("王敏办结，原因：通知丢失（掉单）")
    await agent.locator("#do-reopen summary").click()
    await agent.locator("#do-reopen").get_by_role("button", name="重新打开").click()
    await expect(agent.locator("#text")).to_be_enabled()


async def test_putting_aside_passing_on_and_tagging_change_the_page_in_place(
    house: WebHouse, open_page: Open
) -> None:
    await resident(open_page)
    agent = await ticket_page(house, open_page)
    await agent.fill("#text", "还没写完")
    await agent.get_by_label("添加标签").first.fill("急用证")
    await agent.keyboard.press("Enter")
    await expect(agent.locator(".tag")).to_contain_text("急用证")
    await agent.locator("#do-snooze summary").click()
    await agent.get_by_role("button", name="确认搁置").click()
    await expect(agent.locator(".badge.snoozed")).to_contain_text("搁置至")
    await agent.locator("#do-assign summary").click()
    await agent.get_by_label("交给").select_option("liqiang")
    await agent.get_by_role("button", name="确认转交").click()
    await expect(agent.locator("[data-part=actions]")).to_contain_text("这张工单由 李强 负责")
    await expect(agent.locator("#text")).to_have_value("还没写完")


async def test_what_was_revealed_is_gone_with_the_page(house: WebHouse, open_page: Open) -> None:
    ticket = await house.open_ticket("a-resident-of-shanghai", serial_number=SERIAL)
    agent = await console(open_page, "wangmin", f"/console/tickets/{ticket.number}")
    await agent.locator("#do-reveal summary").click()
    await agent.get_by_label("查看目的").select_option("call_back")
    await agent.get_by_role("button", name="确认查看").click()
    await expect(agent.locator("#revealed")).to_contain_text("a-resident-of-shanghai")
    await expect(agent.locator("[data-part=history]")).to_contain_text("王敏查看居民完整信息")
    await agent.reload()
    await expect(agent.locator("#revealed")).to_be_empty()


async def test_an_open_page_keeps_the_focus_and_what_is_being_chosen(
    house: WebHouse, open_page: Open
) -> None:
    phone = await resident(open_page)
    agent = await ticket_page(house, open_page)
    await agent.locator("#do-resolve summary").click()
    await agent.get_by_label("办结说明").fill("正在写")
    await phone.fill("#text", "还在吗")
    await phone.press("#text", "Enter")
    await expect(agent.locator(".line.resident").last).to_contain_text("还在吗")
    await expect(agent.get_by_label("办结说明")).to_have_value("正在写")
    await expect(agent.get_by_label("办结说明")).to_be_focused()


async def test_from_an_earlier_part_of_the_thread_a_reply_leads_to_its_end(
    house: WebHouse, open_page: Open
) -> None:
    ticket = await house.open_ticket("anna", serial_number=SERIAL)
    conversation = await house.conversation(ticket)
    async with house.work() as work:
        for place in range(130):
            work.lines.add(conversation, Reply(f"第{place}句"), house.clock.now())
        await work.commit()
    agent = await console(open_page, "wangmin", f"/console/tickets/{ticket.number}")
    await agent.get_by_role("link", name="查看更早的对话").click()
    await expect(agent.locator(".line").first).to_contain_text("第0句")
    await agent.fill("#text", "您好")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".line.agent")).to_contain_text("您好")
    await expect(agent.locator(".line").first).to_contain_text("第32句")


async def test_without_scripts_the_page_still_works(house: WebHouse, open_page: Open) -> None:
    ticket = await house.open_ticket("anna", serial_number=SERIAL)
    page = await console(open_page, "wangmin", f"/console/tickets/{ticket.number}", java_script_enabled=False)
    await page.fill("#text", "您好")
    await page.get_by_role("button", name="发送回复").click()
    await expect(page.locator(".line.agent .said")).to_have_text("您好")
    await page.fill("#note-text", "只给同事")
    await page.get_by_role("button", name="保存备注").click()
    await expect(page.locator(".line.note .said")).to_have_text("只给同事")
    lines = await house.desk.lines_after(Contact("rest", "anna"))
    assert [line.text for line in lines if line.author.value == "agent"] == ["您好"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_everybody_can_use_it(
    house: WebHouse, open_page: Open, language: str, size: tuple[int, int]
) -> None:
    ticket = await house.open_ticket("anna", serial_number=SERIAL)
    await house.open_ticket("anna", serial_number="2017071221001004660224927787")
    page = await console(open_page, "chenjie", f"/console/tickets/{ticket.number}")
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto(f"/console/tickets/{ticket.number}?lang={language}")
    await expect(page.locator("#payment .payment-state")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert await serious_findings(page) == []
    for opened in ("resolve", "assign", "snooze", "merge", "priority", "reveal"):
        await page.locator(f"#do-{opened} summary").click()
        assert await serious_findings(page) == [], opened
        await page.locator(f"#do-{opened} summary").click()
    await page.locator("#tab-note").click()
    assert await serious_findings(page) == []
    await page.locator("#tab-reply").click()
    await page.fill("#text", "/")
    await expect(page.locator("#choices li").first).to_be_visible()
    assert await serious_findings(page) == []
    for address in ("/console/answers", "/console/answers/1", "/console/answers/new"):
        await page.fill("#text", "") if "tickets" in page.url else None
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], address
        assert await serious_findings(page) == [], address
