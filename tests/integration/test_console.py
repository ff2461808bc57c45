"""The console over a real database: way in, list, ticket, actions, and what keeps others out."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.console.model import Role
from bot.messages import (
    Author,
    Contact,
    ConversationStatus,
    FileReference,
    IncomingMessage,
    MessageKind,
    Reply,
)
from bot.seal import Seal
from bot.storage.tables import audit
from bot.storage.tickets import Tickets
from bot.tickets.model import HandoffReason, Ticket, TicketStatus
from tests.doubles.web_house import SECRET, WebHouse, open_web_house

PASSWORD = "long enough for us"
INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


class Agent:
    """An agent's browser, without its scripts."""

    def __init__(self, house: WebHouse) -> None:
        transport = httpx.ASGITransport(app=house.app)
        self.web = httpx.AsyncClient(transport=transport, base_url="http://desk.example")

    async def get(self, address: str) -> httpx.Response:
        return await self.web.get(address)

    async def hidden(self, page: str, form: str = "") -> dict[str, str]:
        """The hidden fields of a page's form, the one that posts to an address ending in `form`."""
        text = (await self.get(page)).text
        start = text.index(f'{form}"', text.index("<main")) if form else text.index("<main")
        return dict(INPUT.findall(text[start : text.index("</form>", start)]))

    async def post(self, page: str, address: str = "", **fields: str) -> httpx.Response:
        """Fills in and sends a page's form."""
        hidden = await self.hidden(page, address)
        return await self.web.post(address or page, data={**hidden, **fields})

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/console/login", "/console/login", name=name, password=password)

    async def act(self, number: str, action: str, **fields: str) -> httpx.Response:
        page = f"/console/tickets/{number}"
        return await self.post(page, f"{page}/{action}", **fields)


async def new_agent(house: WebHouse, name: str = "wangmin", display_name: str = "王敏") -> Agent:
    """An agent who has logged in with a password of their own."""
    async with house.work() as work:
        one_time = await house.accounts.add(work, name, display_name, Role.AGENT)
        await work.commit()
        account = await work.agents.by_name(name)
        assert account is not None
        await house.accounts.change_password(work, account, one_time, PASSWORD)
        await work.commit()
    agent = Agent(house)
    assert (await agent.log_in(name)).headers["location"] == "/console"
    return agent


@pytest_asyncio.fixture
async def agent(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house)
    yield agent
    await agent.web.aclose()


async def audited(house: WebHouse) -> list[tuple[str, str, str]]:
    async with house.work() as work:
        rows = await work.fetch(sa.select(audit).order_by(audit.c.id))
    return [(row.actor, row.action, row.subject) for row in rows]


# ---------------------------------------------------------------- the way in


async def test_strangers_are_sent_to_the_login_and_back(house: WebHouse) -> None:
    ticket = await house.open_ticket()
    await new_agent(house)
    stranger = Agent(house)
    page = f"/console/tickets/{ticket.number}"
    answer = await stranger.get(page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/login?next={page}")
    entered = await stranger.post(
        answer.headers["location"], "/console/login", name="wangmin", password=PASSWORD
    )
    assert entered.headers["location"] == page


async def test_a_fragment_for_a_stranger_is_a_401(house: WebHouse) -> None:
    answer = await Agent(house).web.get("/console/rows", headers={"X-Fragment": "1"})
    assert (answer.status_code, answer.text) == (401, "")


async def test_the_set_up_link_makes_the_first_account_once(house: WebHouse) -> None:
    async with house.work() as work:
        token = await house.accounts.setup_token(work)
    page, first = f"/console/setup/{token}", Agent(house)
    assert "初始化链接" in (await first.get("/console/login")).text
    filled = {"name": "admin", "display_name": "管理员", "password": PASSWORD}
    assert (await first.post(page, again="another", **filled)).status_code == 422
    short = await first.post(page, **{**filled, "password": "short", "again": "short"})
    assert "密码至少需要 10 个字符" in short.text
    made = await first.post(page, again=PASSWORD, **filled)
    assert made.headers["location"] == "/console"
    assert "没有待处理的工单" in (await first.get("/console")).text
    assert (await Agent(house).get(page)).headers["location"] == "/console/login"


async def test_a_made_up_set_up_link_is_not_found(house: WebHouse) -> None:
    answer = await Agent(house).get("/console/setup/0000")
    assert answer.status_code == 404
    assert "没有找到" in answer.text


async def test_wrong_passwords_say_nothing_about_names(house: WebHouse, agent: Agent) -> None:
    known = await Agent(house).log_in("wangmin", "wrong")
    unknown = await Agent(house).log_in("nobody", "wrong")
    assert known.status_code == unknown.status_code == 401
    assert "登录名或密码不正确" in known.text
    assert "登录名或密码不正确" in unknown.text


async def test_too_many_wrong_passwords_lock_and_say_for_how_long(house: WebHouse, agent: Agent) -> None:
    for _ in range(5):
        await Agent(house).log_in("wangmin", "wrong")
    locked = await Agent(house).log_in("wangmin")
    assert locked.status_code == 429
    assert "请 10 分钟后再试" in locked.text


async def test_a_one_time_password_leads_only_to_its_change(house: WebHouse) -> None:
    async with house.work() as work:
        one_time = await house.accounts.add(work, "liqiang", "李强", Role.AGENT)
        await work.commit()
    agent = Agent(house)
    await agent.log_in("liqiang", one_time)
    assert (await agent.get("/console")).headers["location"] == "/console/password"
    changed = await agent.post(
        "/console/password", "/console/password", old=one_time, password=PASSWORD, again=PASSWORD
    )
    assert changed.headers["location"] == "/console"
    assert (await agent.get("/console")).status_code == 200


async def test_a_changed_password_ends_other_sessions(house: WebHouse, agent: Agent) -> None:
    other = Agent(house)
    await other.log_in("wangmin")
    new = "another long password"
    await agent.post("/console/password", "/console/password", old=PASSWORD, password=new, again=new)
    assert (await agent.get("/console")).status_code == 200
    assert (await other.get("/console")).status_code == 303


async def test_logging_out_ends_the_session_on_the_server_too(house: WebHouse, agent: Agent) -> None:
    stolen = Agent(house)
    stolen.web.cookies = httpx.Cookies(agent.web.cookies)
    text = (await agent.get("/console")).text
    csrf = dict(INPUT.findall(text))["csrf"]
    await agent.web.post("/console/logout", data={"csrf": csrf})
    assert (await agent.get("/console")).status_code == 303
    assert (await stolen.get("/console")).status_code == 303


async def test_forms_without_their_token_are_refused(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    address = f"/console/tickets/{ticket.number}/claim"
    for form in ({}, {"csrf": "0" * 64}):
        answer = await agent.web.post(address, data={"seen_state": "live", **form})
        assert answer.status_code == 403
        assert "页面已过期" in answer.text
    assert (await house.ticket(ticket.number)).assignee is None


async def test_other_sites_cannot_use_a_session(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    page = f"/console/tickets/{ticket.number}"
    hidden = await agent.hidden(page, "claim")
    answer = await agent.web.post(f"{page}/claim", data=hidden, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


# ---------------------------------------------------------------- the list


async def test_the_list_shows_what_an_agent_needs_to_choose(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(
        serial_number="4200000925202101284997714292", reason=HandoffReason.COMPLAINT
    )
    house.clock.move(timedelta(minutes=30))
    text = (await agent.get("/console")).text
    for words in (ticket.number, "投诉", "高", "…714292", "30 分钟", "剩 1 小时", "待领取", "共 1 张工单"):
        assert words in text


async def test_filters_keep_apart_what_waits_is_late_or_done(house: WebHouse, agent: Agent) -> None:
    late = await house.open_ticket("a")
    house.clock.move(timedelta(hours=5))
    fresh = await house.open_ticket("b")
    done = await house.open_ticket("c")
    await agent.act(done.number, "resolve")
    shown = {
        name: (await agent.get(f"/console?filter={name}")).text
        for name in ("live", "overdue", "resolved", "all")
    }
    listed = {
        name: [ticket for ticket in (late, fresh, done) if f">{ticket.number}<" in text]
        for name, text in shown.items()
    }
    assert listed == {
        "live": [late, fresh],
        "overdue": [late],
        "resolved": [done],
        "all": [late, fresh, done],
    }
    assert "超时 3 小时" in shown["overdue"]


async def test_tickets_are_found_by_their_number_or_a_serial_number(house: WebHouse, agent: Agent) -> None:
    one = await house.open_ticket("a", serial_number="4200000925202101284997714292")
    two = await house.open_ticket("b")
    by_serial = (await agent.get("/console?filter=all&q=7714292")).text
    by_number = (await agent.get(f"/console?filter=all&q={two.number.lower()}")).text
    assert (one.number in by_serial, two.number in by_serial) == (True, False)
    assert (one.number in by_number, two.number in by_number.replace(f'value="{two.number}', "")) == (
        False,
        True,
    )
    assert "没有符合条件的工单" in (await agent.get("/console?q=nothing")).text


async def test_long_lists_have_pages_newest_done_first(house: WebHouse, agent: Agent) -> None:
    numbers = []
    for place in range(30):
        ticket = await house.open_ticket(f"resident-{place}")
        numbers.append(ticket.number)
        house.clock.move(timedelta(minutes=1))
    first = (await agent.get("/console")).text
    assert (numbers[0] in first, numbers[29] in first) == (True, False)
    assert numbers[29] in (await agent.get("/console?page=2")).text
    newest = (await agent.get("/console?filter=all")).text
    assert (numbers[29] in newest, numbers[0] in newest) == (True, False)
    assert numbers[0] in (await agent.get("/console?filter=all&page=2")).text
    assert numbers[29] in (await agent.get("/console?page=99")).text


@pytest.mark.parametrize("query", ["page=x", "page=-1", "filter=<script>", "q=%00%ff", "q=" + "x" * 5000])
async def test_odd_queries_are_pages_too(agent: Agent, query: str) -> None:
    assert (await agent.get(f"/console?{query}")).status_code == 200


async def test_the_list_can_be_english(house: WebHouse, agent: Agent) -> None:
    await house.open_ticket()
    assert "Asked for a person" in (await agent.get("/console?lang=en")).text
    assert "Asked for a person" in (await agent.get("/console")).text


# ---------------------------------------------------------------- a ticket


async def resident_says(house: WebHouse, text: str, sender: str = "resident-1") -> None:
    contact = Contact("rest", sender)
    await house.desk.handle(IncomingMessage(contact, f"{sender}-{text}", text))


async def the_ticket(house: WebHouse) -> str:
    async with house.work() as work:
        [ticket] = await work.tickets.list()
    return ticket.number


async def test_a_ticket_shows_why_what_was_checked_and_what_was_said(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "我的身份证 310101199003077651，要人工")
    number = await the_ticket(house)
    text = (await agent.get(f"/console/tickets/{number}")).text
    for words in (
        "居民要求人工",
        "4200000925202101284997714292",
        "未对账",
        "11-20 09:30",
        "¥40.00",
        "已转人工",
    ):
        assert words in text
    assert "310101199003077651" not in text
    assert "身份证号已隐去" in text
    assert ("wangmin", "ticket_viewed", number) in await audited(house)


async def test_what_residents_write_is_text_and_nothing_else(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "<script>alert(1)</script> 人工")
    text = (await agent.get(f"/console/tickets/{await the_ticket(house)}")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


async def test_a_reply_reaches_the_resident_and_silences_the_bot(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "人工")
    number = await the_ticket(house)
    sent = await agent.act(number, "reply", text="您好\r\n我来看看")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/console/tickets/{number}")
    lines = await house.desk.lines_after(Contact("rest", "resident-1"))
    assert (lines[-1].author, lines[-1].author_name, lines[-1].text) == (
        Author.AGENT,
        "王敏",
        "您好\n我来看看",
    )
    ticket = await house.ticket(number)
    assert (ticket.status, ticket.assignee) == (TicketStatus.WAITING, "wangmin")
    assert (await house.conversation(ticket)).status is ConversationStatus.WITH_AGENT
    assert house.notified
    assert ("wangmin", "ticket_reply", number) in await audited(house)


async def test_a_form_sent_twice_is_obeyed_once(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    page = f"/console/tickets/{ticket.number}"
    form = {**await agent.hidden(page, "reply"), "text": "您好"}
    for _ in range(2):
        assert (await agent.web.post(f"{page}/reply", data=form)).status_code == 303
    lines = await house.desk.lines_after(Contact("rest", "resident-1"))
    assert [line.text for line in lines if line.author is Author.AGENT] == ["您好"]


async def test_two_agents_at_once_one_is_told_and_loses_no_words(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    other = await new_agent(house, "liqiang", "李强")
    page = f"/console/tickets/{ticket.number}"
    form = {**await other.hidden(page, "reply"), "text": "我写了很久"}
    await agent.act(ticket.number, "claim")
    conflict = await other.web.post(f"{page}/reply", data=form)
    assert conflict.status_code == 409
    assert "另一位坐席刚刚处理了此工单" in conflict.text
    assert "我写了很久</textarea>" in conflict.text
    assert (await house.ticket(ticket.number)).assignee == "wangmin"
    again = {**dict(INPUT.findall(conflict.text)), "text": "我写了很久"}
    assert (await other.web.post(f"{page}/reply", data=again)).status_code == 303
    assert (await house.ticket(ticket.number)).assignee == "liqiang"


async def test_a_resident_who_writes_meanwhile_does_not_stop_an_agent(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "人工")
    number = await the_ticket(house)
    await agent.act(number, "reply", text="您好")
    page = f"/console/tickets/{number}"
    form = {**await agent.hidden(page, "reply"), "text": "还在吗"}
    await resident_says(house, "我等着")
    assert (await agent.web.post(f"{page}/reply", data=form)).status_code == 303


@pytest.mark.parametrize(("text", "words"), [("  ", "回复内容为空"), ("字" * 2001, "回复过长")])
async def test_a_reply_that_cannot_be_sent_is_kept(
    house: WebHouse, agent: Agent, text: str, words: str
) -> None:
    ticket = await house.open_ticket()
    answer = await agent.act(ticket.number, "reply", text=text)
    assert answer.status_code == 422
    assert words in answer.text
    assert f"{text}</textarea>" in answer.text


async def test_a_case_goes_its_whole_way(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "人工")
    number = await the_ticket(house)
    statuses = []
    for action, fields in (
        ("claim", {}),
        ("reply", {"text": "您好"}),
        ("hand_back", {}),
        ("resolve", {"note": "已与银行核实"}),
        ("reopen", {}),
    ):
        assert (await agent.act(number, action, **fields)).status_code == 303, action
        ticket = await house.ticket(number)
        statuses.append((ticket.status.value, (await house.conversation(ticket)).status.value))
    assert statuses == [
        ("open", "waiting_for_agent"),
        ("waiting", "with_agent"),
        ("waiting", "with_bot"),
        ("resolved", "with_bot"),
        ("open", "with_bot"),
    ]
    page = (await agent.get(f"/console/tickets/{number}")).text
    for words in ("创建工单", "领取", "交回机器人", "已与银行核实", "重新打开"):
        assert words in page


async def test_a_ticket_that_is_not_there_is_a_page(agent: Agent) -> None:
    for address in ("/console/tickets/GD0", "/console/nowhere", "/console/tickets/GD0/live?after=0"):
        answer = await agent.get(address)
        assert answer.status_code == 404
        assert "没有找到" in answer.text


async def test_an_action_nobody_knows_is_not_found(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    page = f"/console/tickets/{ticket.number}"
    hidden = await agent.hidden(page, "claim")
    assert (await agent.web.post(f"{page}/delete", data=hidden)).status_code == 404


async def test_a_defect_is_a_page_with_a_reference(
    house: WebHouse, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Tickets, "count", fail)
    answer = await agent.get("/console/rows")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "secret" not in answer.text


async def test_live_parts_bring_new_lines_and_the_new_state(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "人工")
    number = await the_ticket(house)
    live = f"/console/tickets/{number}/live"
    first = (await agent.get(f"{live}?after=0&key=abcdefghijkl")).json()
    assert "已转人工" in first["lines"]
    assert 'value="abcdefghijkl"' in first["parts"]["actions"]
    assert (await agent.get(f"{live}?after={first['last']}")).json()["lines"].strip() == ""
    await resident_says(house, "还在吗")
    other = await new_agent(house, "liqiang", "李强")
    await other.act(number, "claim")
    news = (await agent.get(f"{live}?after={first['last']}")).json()
    assert "还在吗" in news["lines"]
    assert "已转人工" not in news["lines"]
    assert "李强" in news["parts"]["facts"]


async def test_long_conversations_have_earlier_pages(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    conversation = await house.conversation(ticket)
    async with house.work() as work:
        for place in range(320):
            work.lines.add(conversation, Reply(f"第{place}句"), house.clock.now())
        await work.commit()
    page = (await agent.get(f"/console/tickets/{ticket.number}")).text
    assert ("第319句" in page, "第5句" in page) == (True, False)
    before = re.search(r'href="\?before=(\d+)"', page)
    assert before
    assert "第5句" in (await agent.get(f"/console/tickets/{ticket.number}?before={before.group(1)}")).text


async def test_console_pages_load_nothing_from_elsewhere(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    for address in ("/console", f"/console/tickets/{ticket.number}", "/console/password"):
        page = await agent.get(address)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|https?://", page.text)
        assert page.headers["x-frame-options"] == "DENY"
        for file in re.findall(r'(?:src|href)="(/console/static/[^"]+)"', page.text):
            assert (await agent.get(file)).status_code == 200


# ---------------------------------------------------------------- what residents sent


async def attached(house: WebHouse, ticket: Ticket, content: bytes) -> int:
    """A photo of the ticket's resident, kept."""
    conversation = await house.conversation(ticket)
    contact, now = conversation.contact, house.clock.now()
    async with house.work() as work:
        work.incoming.add(conversation.id, contact, "photo", MessageKind.PHOTO, b"", now)
        work.attachments.expect(contact.channel, "photo", FileReference("r", "k"), now)
        await work.commit()
    async with house.work() as work:
        accepted = await work.incoming.find(contact.channel, "photo")
        assert accepted
        photo = (await work.attachments.of_incoming(accepted.id))[0]
        sealed = Seal(SECRET).close_bytes(content)
        work.attachments.keep(photo, "image/jpeg", "0" * 64, len(content), sealed)
        shown = Reply("‹photo›", author=Author.RESIDENT, custom={"attachment": photo.id})
        work.lines.add(conversation, shown, now)
        await work.commit()
    return photo.id


async def test_a_photo_can_be_saved_from_its_ticket_and_that_is_recorded(
    house: WebHouse, agent: Agent
) -> None:
    ticket = await house.open_ticket()
    photo = await attached(house, ticket, b"\xff\xd8\xff a photo")
    address = f"/console/tickets/{ticket.number}/attachments/{photo}"
    assert f'href="{address}"' in (await agent.get(f"/console/tickets/{ticket.number}")).text
    live = await agent.get(f"/console/tickets/{ticket.number}/live")
    assert address in live.json()["lines"]
    answer = await agent.get(address)
    assert (answer.status_code, answer.content) == (200, b"\xff\xd8\xff a photo")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'attachment; filename="{ticket.number}-{photo}.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("wangmin", "attachment_viewed", f"{ticket.number}/{photo}") in await audited(house)


async def test_a_photo_is_found_only_by_agents_and_under_its_own_ticket(
    house: WebHouse, agent: Agent
) -> None:
    ticket, other = await house.open_ticket(), await house.open_ticket("resident-2")
    photo = await attached(house, ticket, b"\xff\xd8\xff a photo")
    assert (await agent.get(f"/console/tickets/{other.number}/attachments/{photo}")).status_code == 404
    assert (await agent.get(f"/console/tickets/{ticket.number}/attachments/{photo + 1}")).status_code == 404
    assert (await agent.get(f"/console/tickets/{ticket.number}/attachments/{2**70}")).status_code == 404
    stranger = await Agent(house).get(f"/console/tickets/{ticket.number}/attachments/{photo}")
    assert stranger.status_code == 303
    assert "/console/login" in stranger.headers["location"]


# ---------------------------------------------------------------- what was not delivered


async def give_up_a_line(house: WebHouse) -> int:
    """A line to a Telegram resident that the outbox gave up; returns its delivery's id."""
    async with house.work() as work:
        conversation = await work.conversations.open(Contact("telegram", "4711"), house.clock.now(), "zh")
        work.lines.add(conversation, Reply("您的缴费已经对上账了。"), house.clock.now())
        await work.commit()
    async with house.work() as work:
        [delivery] = await work.outbox.heads(house.clock.now())
        work.outbox.mark_dead(delivery.id, "blocked")
        await work.commit()
    return delivery.id


async def test_undelivered_lines_are_listed_and_sent_again_on_request(house: WebHouse, agent: Agent) -> None:
    assert "没有未送达的消息" in (await agent.get("/console/deliveries")).text
    delivery_id = await give_up_a_line(house)
    page = (await agent.get("/console/deliveries")).text
    assert "您的缴费已经对上账了。" in page
    assert "blocked" in page
    again = f"/console/deliveries/{delivery_id}/send_again"
    answer = await agent.post("/console/deliveries", again)
    assert answer.headers["location"] == "/console/deliveries"
    async with house.work() as work:
        assert [one.id for one in await work.outbox.heads(house.clock.now())] == [delivery_id]
    assert ("wangmin", "delivery_sent_again", str(delivery_id)) in await audited(house)


async def test_a_line_that_was_not_given_up_cannot_be_sent_again(house: WebHouse, agent: Agent) -> None:
    await give_up_a_line(house)
    hidden = await agent.hidden("/console/deliveries", "/send_again")
    answer = await agent.web.post("/console/deliveries/999/send_again", data=hidden)
    assert answer.status_code == 404


async def test_strangers_do_not_see_what_was_not_delivered(house: WebHouse) -> None:
    await give_up_a_line(house)
    answer = await Agent(house).get("/console/deliveries")
    assert answer.status_code == 303
