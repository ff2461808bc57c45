"""The console over a real database: way in, list, ticket, actions, and what keeps others out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import AsyncIterator, Sequence

import httpx
import pytest
import pytest_asyncio

from bot.console.deliveries import SHOWN
from bot.console.model import Role
from bot.messages import (
    Contact,
    Reply,
)
from bot.storage.inbox import Inbox as StoredInbox
from tests.doubles.agent_browser import INPUT, PASSWORD, Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def agent(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house)
    yield agent
    await agent.web.aclose()


@pytest_asyncio.fixture
async def head(house: WebHouse) -> AsyncIterator[Agent]:
    head = await new_agent(house, "chenjie", "陈洁", Role.SUPERVISOR)
    yield head
    await head.web.aclose()


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


# ---------------------------------------------------------------- every page


async def test_a_defect_is_a_page_with_a_reference(
    house: WebHouse, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(StoredInbox, "counts", fail)
    answer = await agent.get("/console/rows")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "secret" not in answer.text


async def test_console_pages_load_nothing_from_elsewhere(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    for address in ("/console", f"/console/tickets/{ticket.number}", "/console/password"):
        page = await agent.get(address)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|https?://", page.text)
        assert page.headers["x-frame-options"] == "DENY"
        for file in re.findall(r'(?:src|href)="(/console/static/[^"]+)"', page.text):
            assert (await agent.get(file)).status_code == 200


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


async def test_undelivered_lines_are_listed_and_sent_again_on_request(house: WebHouse, head: Agent) -> None:
    assert "没有未送达的消息" in (await head.get("/console/deliveries")).text
    delivery_id = await give_up_a_line(house)
    page = (await head.get("/console/deliveries")).text
    assert "您的缴费已经对上账了。" in page
    assert "blocked" in page
    again = f"/console/deliveries/{delivery_id}/send_again"
    answer = await head.post("/console/deliveries", again)
    assert answer.headers["location"] == "/console/deliveries"
    async with house.work() as work:
        assert [one.id for one in await work.outbox.heads(house.clock.now())] == [delivery_id]
    assert ("chenjie", "delivery_sent_again", str(delivery_id)) in await audited(house)


async def give_up(house: WebHouse, user: str, texts: Sequence[str]) -> int:
    """Lines to a Telegram resident that can be reached no more; returns their conversation's id."""
    async with house.work() as work:
        conversation = await work.conversations.open(Contact("telegram", user), house.clock.now(), "zh")
        for text in texts:
            work.lines.add(conversation, Reply(text), house.clock.now())
        await work.commit()
        work.outbox.bury(conversation.id, "blocked")
        await work.commit()
    return conversation.id


async def test_every_undelivered_line_can_be_reached_page_after_page(house: WebHouse, head: Agent) -> None:
    await give_up(house, "4711", [f"〔{number}〕" for number in range(2 * SHOWN + 1)])
    address: str | None = "/console/deliveries"
    seen: list[str] = []
    while address:
        page = (await head.get(address)).text
        seen += re.findall("〔([0-9]+)〕", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following and following[1]
    assert seen == [str(number) for number in reversed(range(2 * SHOWN + 1))]
    assert "回到最新" in page


async def test_everything_of_one_resident_is_sent_again_in_order_and_nothing_of_others(
    house: WebHouse, head: Agent
) -> None:
    contact = await give_up(house, "4711", ["先", "后"])
    other = await give_up(house, "4712", ["别人的"])
    page = (await head.get("/console/deliveries")).text
    assert page.count("这位居民的 2 条全部再发") == 2
    assert "确认再发 2 条" in page
    assert f"contacts/{other}/" not in page  # there is only one, and its own button
    again = f"/console/deliveries/contacts/{contact}/send_again"
    hidden = await head.hidden("/console/deliveries", again)
    answers = [await head.web.post(again, data=hidden) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    async with house.work() as work:
        assert [one.line.text for one in await work.outbox.heads(house.clock.now())] == ["先"]
        assert [one.line.text for one in await work.outbox.dead()] == ["别人的"]
    audit = await audited(house)
    assert audit.count(("chenjie", "deliveries_sent_again", f"{contact}: 2")) == 1
    assert (await head.web.post(again, data={**hidden, "key": "another"})).status_code == 404


async def test_agents_see_undelivered_lines_and_leave_the_rest_to_supervisors(
    house: WebHouse, agent: Agent
) -> None:
    await give_up_a_line(house)
    page = (await agent.get("/console/deliveries")).text
    assert "您的缴费已经对上账了。" in page
    assert "send_again" not in page


async def test_a_line_that_was_not_given_up_cannot_be_sent_again(house: WebHouse, head: Agent) -> None:
    await give_up_a_line(house)
    hidden = await head.hidden("/console/deliveries", "/send_again")
    answer = await head.web.post("/console/deliveries/999/send_again", data=hidden)
    assert answer.status_code == 404


async def test_strangers_do_not_see_what_was_not_delivered(house: WebHouse) -> None:
    await give_up_a_line(house)
    answer = await Agent(house).get("/console/deliveries")
    assert answer.status_code == 303


@pytest.mark.parametrize("address", ["/console/login", "/"])
async def test_cookies_are_secure_where_the_public_address_is_https(tmp_path: Path, address: str) -> None:
    for public, secure in (("https://desk.example", True), ("http://desk.example", False)):
        folder = tmp_path / public[:5].strip(":")
        folder.mkdir()
        house = await open_web_house(folder, public_address=public)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=house.app), base_url="http://10.1.7.5:8000"
        ) as web:
            cookies = (await web.get(address)).headers.get_list("set-cookie")
        assert cookies
        assert all(("Secure" in cookie) is secure for cookie in cookies)
        await house.aclose()
