"""The web chat as a resident meets it: on a phone, by keyboard, with a bad connection."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Page, expect

from bot.channels.visitor import Visitors
from bot.messages import Button, Contact, Reply
from tests.browser.conftest import AFTERNOON, Open
from tests.doubles.web_house import SECRET, WebHouse

pytestmark = pytest.mark.browser

STATUS = Reply(
    "查到了：这笔缴费已经付款成功，财政还没有对上账。\n微信支付的账单要到下一个工作日上午 10 点以后才有，"
    "预计 11 月 24 日 17:30 前更新。\n\n不用重复缴费。",
    buttons=(
        Button("更新时提醒我", "/watch_payment"),
        Button("申请对账", "/request_reconciliation"),
        Button("转人工", "/request_human"),
    ),
)


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def heard(page: Page, text: str) -> None:
    await expect(page.locator(".message.bot .bubble").last).to_contain_text(text)


async def contact_of(page: Page) -> Contact:
    """Who the server takes this browser for."""
    [cookie] = [one for one in await page.context.cookies() if one["name"] == "visitor"]
    value = Visitors(SECRET)._signer.unsign(cookie["value"]).decode()
    return Contact("web", value)


async def agent_says(house: WebHouse, page: Page, text: str) -> None:
    async with house.work() as work:
        conversation = await work.conversations.of(await contact_of(page))
        assert conversation is not None
        [ticket] = await work.tickets.live_of(conversation.id)
        await house.casework.reply(work, ticket.number, "wangmin", "王敏", text)
        await work.commit()
    house.announcer.announce(conversation.id)


async def test_the_first_visit_is_greeted_once_and_a_reload_keeps_everything(
    house: WebHouse, open_page: Open
) -> None:
    page = await open_page("/")
    await heard(page, "您好")
    await say(page, "我交了钱还显示未缴费")
    await heard(page, "收到：我交了钱还显示未缴费")
    await page.reload()
    await heard(page, "收到：我交了钱还显示未缴费")
    assert await page.locator(".message").count() == 3
    assert house.dialogue.heard == ["/greet", "我交了钱还显示未缴费"]


async def test_everything_can_be_done_by_keyboard(house: WebHouse, open_page: Open) -> None:
    page = await open_page("/", size=(1280, 800))
    await heard(page, "您好")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("你好")
    await page.keyboard.press("Enter")
    await heard(page, "收到：你好")
    await page.locator("#log").focus()
    await page.reload()
    await heard(page, "收到：你好")


async def test_a_choice_pressed_by_keyboard_leaves_the_focus_in_the_box(open_page: Open) -> None:
    page = await open_page("/")
    await page.locator(".choices button").first.focus()
    await page.keyboard.press("Enter")
    await heard(page, "收到：/query_status")
    await expect(page.locator("#text")).to_be_focused()


async def test_a_choice_is_pressed_or_its_number_typed(open_page: Open) -> None:
    pressed = await open_page("/")
    await expect(pressed.locator(".choices button").nth(1)).to_have_text("2为什么未对账")
    await pressed.locator(".choices button").nth(1).click()
    await heard(pressed, "收到：/faq_why_unreconciled")
    await expect(pressed.locator(".message.resident .bubble")).to_contain_text("为什么未对账")
    await expect(pressed.locator(".choices")).to_have_count(0)
    typed = await open_page("/")
    await typed.wait_for_selector(".choices")
    await say(typed, "２")
    await heard(typed, "收到：/faq_why_unreconciled")
    await expect(typed.locator(".message.resident .bubble")).to_contain_text("为什么未对账")


async def test_an_agents_answer_appears_without_a_reload(house: WebHouse, open_page: Open) -> None:
    page = await open_page("/")
    await say(page, "转人工")
    await heard(page, "已转人工")
    started = time.monotonic()
    await agent_says(house, page, "您好，我是王敏")
    await expect(page.locator(".message.agent .bubble")).to_contain_text("您好，我是王敏", timeout=2000)
    assert time.monotonic() - started < 2
    await expect(page.locator(".message.agent .name")).to_contain_text("王敏")
    await expect(page.locator(".message.system")).to_contain_text("王敏")


async def test_identity_numbers_are_hidden_on_the_page_too(open_page: Open) -> None:
    page = await open_page("/")
    await heard(page, "您好")
    await say(page, "身份证 310101199003077651 查一下")
    await expect(page.locator(".resident .hidden-part")).to_have_text("身份证号已隐去")
    assert "310101199003077651" not in await page.content()


async def test_what_could_not_be_sent_is_shown_and_sent_later_once(house: WebHouse, open_page: Open) -> None:
    page = await open_page("/")
    await heard(page, "您好")
    await page.context.set_offline(True)
    await say(page, "在吗")
    await expect(page.locator(".message.resident .meta")).to_contain_text("正在发送")
    await expect(page.locator(".message.failed .meta")).to_contain_text("未送达", timeout=8000)
    await expect(page.locator("#banner")).to_contain_text("正在重新连接", timeout=8000)
    await page.context.set_offline(False)
    await heard(page, "收到：在吗")
    await expect(page.locator(".failed")).to_have_count(0)
    assert house.dialogue.heard.count("在吗") == 1


async def test_a_lost_answer_does_not_double_the_message(house: WebHouse, open_page: Open) -> None:
    page = await open_page("/")
    await heard(page, "您好")
    lost = 0

    async def lose_two(route):  # type: ignore[no-untyped-def]
        nonlocal lost
        lost += 1
        await route.fetch()
        await (route.abort() if lost <= 2 else route.continue_())

    await page.route("**/chat/messages", lose_two)
    await say(page, "在吗")
    await heard(page, "收到：在吗")
    await expect(page.locator(".message.resident")).to_have_count(1)
    await expect(page.locator(".message.resident .meta")).to_have_text(
        re.compile(r"^\d\d:\d\d$"), timeout=9000
    )
    assert house.dialogue.heard.count("在吗") == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_nothing_is_wider_than_the_screen(house: WebHouse, open_page: Open, width: int) -> None:
    house.dialogue.script = {"长": [STATUS, Reply("https://desk.example/" + "x" * 200)]}
    page = await open_page("/", size=(width, 700))
    await say(page, "长")
    await heard(page, "https://desk.example/")
    for _ in range(3):
        await page.click("#larger")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    log = "document.getElementById('log')"
    assert await page.evaluate(f"{log}.scrollWidth <= {log}.clientWidth")
    await expect(page.locator("#send")).to_be_in_viewport()


async def test_letters_grow_and_stay_grown(open_page: Open) -> None:
    page = await open_page("/")
    size = "parseFloat(getComputedStyle(document.querySelector('#text')).fontSize)"
    assert await page.evaluate(size) >= 18
    await expect(page.locator("#smaller")).to_be_disabled()
    await page.click("#larger")
    await page.click("#larger")
    grown = await page.evaluate(size)
    await page.reload()
    assert await page.evaluate(size) == grown > 20


async def test_the_language_is_switched_and_kept(house: WebHouse, open_page: Open) -> None:
    page = await open_page("/")
    await heard(page, "您好")
    await page.click("#language")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#send")).to_have_text("Send")
    assert house.dialogue.heard[-1] == '/switch_language{"choice": "english"}'
    await expect(page.locator(".message.resident")).to_have_count(0)
    await page.reload()
    await expect(page.locator("#send")).to_have_text("Send")


async def test_screen_readers_are_told_who_speaks(open_page: Open) -> None:
    page = await open_page("/")
    log = page.get_by_role("log", name="对话内容")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(log).to_contain_text("助手说： 您好")
    await expect(page.get_by_role("textbox", name="输入您的问题")).to_be_visible()
    await expect(page.get_by_role("list", name=re.compile("快捷选项"))).to_be_visible()


async def test_a_second_tab_follows_the_first(open_page: Open) -> None:
    first = await open_page("/")
    await heard(first, "您好")
    second = await first.context.new_page()
    await second.goto("/")
    await say(first, "你好")
    await heard(second, "收到：你好")
    await expect(second.locator(".message.resident .bubble")).to_contain_text("你好")


async def test_the_pictures(house: WebHouse, open_page: Open) -> None:
    house.dialogue.script = {"我用微信交了身份证补领费，怎么还显示未缴费？": [STATUS]}
    page = await open_page("/", device_scale_factor=2)
    await page.clock.set_fixed_time(AFTERNOON)
    await heard(page, "您好")
    await say(page, "我用微信交了身份证补领费，怎么还显示未缴费？")
    await heard(page, "查到了")
    await say(page, "转人工")
    await heard(page, "已转人工")
    await agent_says(
        house, page, "您好，我是王敏。您的缴费记录我看到了，正在和银行核实，今天下班前给您答复。"
    )
    await expect(page.locator(".message.agent")).to_be_visible()
