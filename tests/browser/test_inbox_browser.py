"""The inbox in Debian's chromium: what comes by itself, who is quicker, the keyboard, axe's findings."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.alerts import AlertKind
from bot.console.model import Role
from bot.messages import Author, Reply
from bot.tickets.model import HandoffReason, Ticket, TicketStatus
from tests.browser.axe import serious_findings
from tests.browser.conftest import LAPTOP, PHONE, Open, keep_picture
from tests.doubles.agent_browser import PASSWORD, new_agent
from tests.doubles.web_house import WebHouse

pytestmark = pytest.mark.browser

SOON = 2000
"""Milliseconds, for what comes within one second on a machine with nothing else to do."""

NOTIFICATIONS = """
class Notification {
  constructor(title, { body }) { document.body.dataset.told = `${document.body.dataset.told || ""}|${body}`; }
  close() {}
}
Notification.permission = "granted";
Notification.requestPermission = async () => "granted";
window.Notification = Notification;
Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
"""


async def agent_at(open_page: Open, name: str, size: tuple[int, int] = LAPTOP) -> Page:
    page = await open_page("/console/login", size=size)
    await page.get_by_label("登录名").fill(name)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="工单")).to_be_visible()
    return page


async def staffed(house: WebHouse) -> None:
    for name, shown in (("wangmin", "王敏"), ("liqiang", "李强")):
        await (await new_agent(house, name, shown)).web.aclose()


async def say(house: WebHouse, ticket: Ticket, text: str) -> None:
    conversation = await house.conversation(ticket)
    async with house.work() as work:
        work.lines.add(conversation, Reply(text, author=Author.RESIDENT), house.clock.now())
        await work.commit()


async def claim(house: WebHouse, ticket: Ticket, name: str) -> None:
    async with house.work() as work:
        await house.casework.claim(work, ticket.number, name)
        await work.commit()


async def focused(page: Page) -> str:
    text: str = await page.evaluate("document.activeElement.textContent.trim()")
    return text


async def test_a_new_ticket_appears_by_itself_and_what_is_marked_stays_marked(
    house: WebHouse, open_page: Open
) -> None:
    await staffed(house)
    first = await house.open_ticket("a")
    page = await agent_at(open_page, "wangmin")
    await page.get_by_label(f"选择工单 {first.number}").check()
    second = await house.open_ticket("b", reason=HandoffReason.COMPLAINT)
    row = page.locator(f'tr[data-number="{second.number}"]')
    await expect(row).to_be_visible(timeout=SOON)
    await expect(row).to_contain_text("投诉")
    await expect(page.locator("#heard")).to_have_text(f"新工单 {second.number}")
    await expect(page.get_by_label(f"选择工单 {first.number}")).to_be_checked()
    await expect(page.locator('[data-count-of="live"]')).to_have_text("2")


async def test_of_two_agents_who_claim_at_once_the_slower_is_told_who_has_it(
    house: WebHouse, open_page: Open
) -> None:
    await staffed(house)
    ticket = await house.open_ticket()
    quick, slow = await agent_at(open_page, "wangmin"), await agent_at(open_page, "liqiang")
    # The slower one's list has not heard of it yet.
    await slow.route("**/console/rows*", lambda route: route.abort())
    await quick.get_by_role("button", name="领取", exact=True).first.click()
    await expect(quick.locator("#notice")).to_have_text("已领取 1 张工单。")
    await slow.get_by_role("button", name="领取", exact=True).first.click()
    await expect(slow.locator("#notice")).to_have_text(f"工单 {ticket.number} 刚被王敏领取了。")
    await expect(slow.locator(f'tr[data-number="{ticket.number}"] .whose')).to_have_text("王敏")
    assert (await house.ticket(ticket.number)).assignee == "wangmin"


async def test_the_whole_list_is_worked_with_the_keyboard(house: WebHouse, open_page: Open) -> None:
    await staffed(house)
    for user in "abc":
        await house.open_ticket(user)
    page = await agent_at(open_page, "wangmin")
    numbers = await page.locator(".number").all_text_contents()
    keys = page.keyboard
    await keys.press("j")
    assert await focused(page) == numbers[0]
    await keys.press("j")
    await keys.press("j")
    await keys.press("j")
    assert await focused(page) == numbers[2]
    await keys.press("k")
    await keys.press("x")
    await expect(page.get_by_label(f"选择工单 {numbers[1]}")).to_be_checked()
    # Marked by the keyboard, still where one was.
    await keys.press("j")
    assert await focused(page) == numbers[2]
    await keys.press("c")
    await expect(page.locator("#notice")).to_have_text("已领取 1 张工单。")
    assert (await house.ticket(numbers[2])).assignee == "wangmin"
    await keys.press("/")
    await keys.type("jkc?1")
    assert await page.input_value("#q") == "jkc?1"
    await expect(page.locator("#keys")).to_be_hidden()
    await page.locator("#q").blur()
    await keys.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keys.press("Escape")
    await keys.press("1")
    await expect(page.locator("tr[data-number]")).to_have_count(1)
    assert "tab=mine" in page.url
    await keys.press("j")
    await keys.press("Enter")
    await page.wait_for_url(f"**/console/tickets/{numbers[2]}")


async def test_many_tickets_are_ended_at_once_after_a_question(house: WebHouse, open_page: Open) -> None:
    await staffed(house)
    tickets = [await house.open_ticket(user) for user in "abc"]
    await claim(house, tickets[2], "liqiang")
    page = await agent_at(open_page, "wangmin")
    await expect(page.locator("#tools")).to_be_hidden()
    await page.locator("#all").check()
    await expect(page.locator("#marked")).to_have_text("3")
    await page.get_by_label("办结原因").select_option("question_answered")
    asked: list[str] = []

    async def refuse(dialog: object) -> None:
        asked.append(dialog.message)  # type: ignore[attr-defined]
        await dialog.dismiss()  # type: ignore[attr-defined]

    page.once("dialog", refuse)
    await page.get_by_role("button", name="办结", exact=True).click()
    assert asked == ["确定办结选中的 3 张工单吗？居民会收到通知。"]
    assert (await house.ticket(tickets[0].number)).status is TicketStatus.NEW
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="办结", exact=True).click()
    await expect(page.locator("#notice")).to_contain_text("已办结 2 张工单。 另有 1 张没有处理")
    await expect(page.locator("tr[data-number]")).to_have_count(1)


async def test_who_looks_elsewhere_hears_of_new_lines_and_tickets(house: WebHouse, open_page: Open) -> None:
    await staffed(house)
    mine = await house.open_ticket("a")
    await claim(house, mine, "wangmin")
    page = await agent_at(open_page, "wangmin")
    await page.add_init_script(NOTIFICATIONS)
    await page.goto("/console")
    bell = page.locator("#bell")
    await expect(bell).to_have_attribute("aria-pressed", "false")
    await bell.click()
    await expect(bell).to_have_text("桌面提醒：开")
    await page.evaluate("window.away = true")
    await say(house, mine, "您好，还在吗")
    await expect(page.locator("body")).to_have_attribute("data-told", "|居民有新消息", timeout=9000)
    await expect(page).to_have_title("(1) 工单 · 坐席工作台")
    assert "icon-unread.svg" in str(await page.get_attribute("#icon", "href"))
    new = await house.open_ticket("b")
    await expect(page.locator("body")).to_have_attribute(
        "data-told", f"|居民有新消息|新工单 {new.number}", timeout=9000
    )
    await page.evaluate("window.away = false")
    await page.goto(f"/console/tickets/{mine.number}")
    await expect(page).to_have_title(f"{mine.number} · 坐席工作台")
    await bell_off(page)


async def test_a_supervisor_who_looks_elsewhere_hears_of_a_broken_promise_once(
    house: WebHouse, open_page: Open
) -> None:
    await (await new_agent(house, "chenjie", "陈洁", Role.SUPERVISOR)).web.aclose()
    page = await agent_at(open_page, "chenjie")
    await page.add_init_script(NOTIFICATIONS)
    await page.goto("/console")
    await page.locator("#bell").click()
    await expect(page.locator("#bell")).to_have_text("桌面提醒：开")
    await page.evaluate("window.away = true")
    async with house.work() as work:
        data = {"promise": "answer", "due": house.clock.now().isoformat()}
        work.alerts.add(AlertKind.TICKET_OVERDUE, "GD261123000001", house.clock.now(), data)
        await work.commit()
    told = "|工单超时 GD261123000001"
    await expect(page.locator("body")).to_have_attribute("data-told", told, timeout=9000)
    async with page.expect_response(lambda answer: "/console/unread" in answer.url):
        pass
    await expect(page.locator("body")).to_have_attribute("data-told", told)
    await page.evaluate("window.away = false")
    await bell_off(page)


async def bell_off(page: Page) -> None:
    await page.goto("/console")
    await page.locator("#bell").click()
    await expect(page.locator("#bell")).to_have_attribute("aria-pressed", "false")


async def test_a_search_finds_words_and_says_when_there_is_nothing(house: WebHouse, open_page: Open) -> None:
    await staffed(house)
    ticket, other = await house.open_ticket("a"), await house.open_ticket("b")
    await say(house, ticket, "居住证工本费扣了两次")
    page = await agent_at(open_page, "wangmin")
    await page.keyboard.press("/")
    await page.keyboard.type("居住")
    await page.keyboard.press("Enter")
    await expect(page.locator("tr[data-number]")).to_have_count(1)
    await expect(page.locator(f'tr[data-number="{other.number}"]')).to_have_count(0)
    await page.fill("#q", "没有人说过")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="清除").click()
    await expect(page.locator("tr[data-number]")).to_have_count(2)


async def test_on_a_phone_the_tools_leave_the_list_in_sight(house: WebHouse, open_page: Open) -> None:
    await staffed(house)
    for user in "abcdef":
        await house.open_ticket(user)
    page = await agent_at(open_page, "wangmin", PHONE)
    await page.locator("tr[data-number] input").first.check()
    tools = page.locator("#tools")
    box = await tools.bounding_box()
    assert box
    assert box["height"] < PHONE[1] * 0.15
    await expect(page.get_by_label("转交给")).to_be_hidden()
    await page.get_by_role("button", name="更多操作").click()
    await expect(page.get_by_label("转交给")).to_have_value("")
    await page.get_by_role("button", name="转交", exact=True).click()
    await expect(page.locator("#notice")).to_have_text("请选择转交给谁。")


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_axe_finds_nothing_serious(
    house: WebHouse, open_page: Open, size: tuple[int, int], language: str
) -> None:
    await staffed(house)
    tickets = [await house.open_ticket(reason.value, reason=reason) for reason in HandoffReason]
    for ticket in tickets:
        await say(house, ticket, "怎么还没有到账，孩子上学要用居住证，很着急，请帮我看看到底是什么原因")
    await claim(house, tickets[0], "wangmin")
    await claim(house, tickets[1], "liqiang")
    async with house.work() as work:
        await house.casework.tag(work, tickets[2].number, "wangmin", "银行核实")
        await work.commit()
    page = await agent_at(open_page, "wangmin", size)
    await page.goto(f"/console?lang={language}")
    await page.locator("tr[data-number] input").first.check()
    assert await serious_findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await keep_picture(page, f"inbox-{'phone' if size == PHONE else 'laptop'}-{language}.png")
    await page.locator("#help").click()
    assert await serious_findings(page) == []
    await page.goto("/console?q=nothing")
    assert await serious_findings(page) == []
