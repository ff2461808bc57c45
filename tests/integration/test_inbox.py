"""The inbox over a real database: tabs, search, claims, many tickets at once, what is new."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, AsyncIterator

import pytest
import pytest_asyncio

from bot.alerts import AlertKind
from bot.console.model import Role
from bot.messages import Author, Contact, IncomingMessage, Reply
from bot.tickets.model import HandoffReason, Ticket
from tests.doubles.agent_browser import Agent, audited, new_agent
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
async def colleague(house: WebHouse) -> AsyncIterator[Agent]:
    colleague = await new_agent(house, "liqiang", "李强")
    yield colleague
    await colleague.web.aclose()


async def say(house: WebHouse, ticket: Ticket, text: str, author: Author = Author.RESIDENT) -> None:
    async with house.work() as work:
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None
        work.lines.add(conversation, Reply(text, author=author), house.clock.now())
        await work.commit()


async def bulk(agent: Agent, act: str, *tickets: Ticket, page: str = "/console", **fields: str) -> str:
    """Marks tickets on the list, does one thing with them, and returns the page that follows."""
    marks = {f"ticket.{ticket.number}": "on" for ticket in tickets}
    answer = await agent.post(page, "/console/bulk", act=act, **marks, **fields)
    assert answer.status_code == 303
    return (await agent.get(answer.headers["location"])).text


async def listed(agent: Agent, query: str, *tickets: Ticket) -> list[int]:
    """Which of the tickets a list shows, by their place."""
    text = (await agent.get(f"/console?{query}")).text
    return [place for place, ticket in enumerate(tickets) if f'data-number="{ticket.number}"' in text]


async def test_a_row_shows_what_an_agent_needs_to_choose(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(
        serial_number="4200000925202101284997714292", reason=HandoffReason.COMPLAINT
    )
    await say(house, ticket, "到底什么时候到账")
    house.clock.move(timedelta(minutes=30))
    text = (await agent.get("/console")).text
    for words in (
        ticket.number,
        "投诉",
        "高",
        "…714292",
        "30 分钟",
        "剩",
        "到底什么时候到账",
        "接口",
        "共 1 张工单",
    ):
        assert words in text


async def test_tabs_keep_apart_whose_turn_it_is(house: WebHouse, agent: Agent) -> None:
    late = await house.open_ticket("a")
    house.clock.move(timedelta(hours=5))
    fresh, mine, waiting, aside, done = [await house.open_ticket(user) for user in "bcdef"]
    await agent.act(mine.number, "claim")
    await agent.act(waiting.number, "reply", text="请发凭证")
    await agent.act(aside.number, "snooze", until="hour")
    await agent.act(done.number, "resolve", cause="other")
    everything = (late, fresh, mine, waiting, aside, done)
    tabs = ("mine", "unassigned", "live", "waiting", "snoozed", "overdue", "resolved", "all")
    shown = {tab: await listed(agent, f"tab={tab}", *everything) for tab in tabs}
    assert shown == {
        "mine": [2, 3],
        "unassigned": [0, 1],
        "live": [0, 1, 2, 3],
        "waiting": [3],
        "snoozed": [4],
        "overdue": [0],
        "resolved": [5],
        "all": [0, 1, 2, 3, 4, 5],
    }
    assert "超时" in (await agent.get("/console?tab=overdue")).text


@pytest.mark.parametrize(
    "words", ["7714292", "4200000925202101284997714292", "户口本", "派出所", "电话核实", "核实"]
)
async def test_tickets_are_found_by_numbers_and_by_words_said_or_noted(
    house: WebHouse, agent: Agent, words: str
) -> None:
    one = await house.open_ticket("a", serial_number="4200000925202101284997714292")
    two = await house.open_ticket("b")
    await say(house, one, "我在徐家汇派出所补办户口本")
    await say(house, two, "身份证的钱")
    await agent.act(one.number, "note", text="已电话核实")
    assert await listed(agent, f"tab=all&q={words}", one, two) == [0]
    assert "没有符合条件的工单" in (await agent.get("/console?q=不存在的词语")).text


async def test_a_ticket_is_found_by_its_own_number(house: WebHouse, agent: Agent) -> None:
    one, two = await house.open_ticket("a"), await house.open_ticket("b")
    assert await listed(agent, f"q={two.number.lower()}", one, two) == [1]


async def test_tags_and_channels_narrow_a_list(house: WebHouse, agent: Agent) -> None:
    one, two = await house.open_ticket("a", channel="telegram"), await house.open_ticket("b", channel="web")
    await bulk(agent, "tag", one, tag_with="催办")
    assert await listed(agent, "tag=催办", one, two) == [0]
    assert await listed(agent, "channel=web", one, two) == [1]


async def test_long_lists_have_pages(house: WebHouse, agent: Agent) -> None:
    tickets = []
    for place in range(30):
        tickets.append(await house.open_ticket(f"resident-{place}"))
        house.clock.move(timedelta(minutes=5))
    assert await listed(agent, "", *tickets) == list(range(25))
    assert await listed(agent, "page=2", *tickets) == list(range(25, 30))
    assert await listed(agent, "page=99", *tickets) == list(range(25, 30))
    assert await listed(agent, "tab=all&page=2", *tickets) == list(range(5))


@pytest.mark.parametrize(
    "query", ["page=x", "tab=<script>", "q=%00%ff", "q=" + "x" * 5000, "tag=%27--", "q=%22 OR"]
)
async def test_odd_queries_are_pages_too(house: WebHouse, agent: Agent, query: str) -> None:
    await house.open_ticket()
    answer = await agent.get(f"/console?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


async def test_the_list_can_be_english(house: WebHouse, agent: Agent) -> None:
    await house.open_ticket()
    assert "Asked for a person" in (await agent.get("/console?lang=en")).text
    assert "Asked for a person" in (await agent.get("/console")).text


async def test_two_agents_cannot_both_win_a_ticket(house: WebHouse, agent: Agent, colleague: Agent) -> None:
    ticket = await house.open_ticket()
    pages = await asyncio.gather(bulk(agent, "claim", ticket), bulk(colleague, "claim", ticket))
    winner = (await house.ticket(ticket.number)).assignee
    name = {"wangmin": "王敏", "liqiang": "李强"}[winner or ""]
    assert sum("已领取 1 张工单。" in page for page in pages) == 1
    assert sum(f"工单 {ticket.number} 刚被{name}领取了。" in page for page in pages) == 1


async def test_many_are_assigned_tagged_and_resolved_at_once(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    tickets = [await house.open_ticket(user) for user in "abc"]
    assert "请选择转交给谁。" in await bulk(agent, "assign", *tickets)
    assert {(await house.ticket(one.number)).assignee for one in tickets} == {None}
    assert "已转交 3 张工单。" in await bulk(agent, "assign", *tickets, to="liqiang")
    assert {(await house.ticket(ticket.number)).assignee for ticket in tickets} == {"liqiang"}
    # They are the colleague's now.
    assert "另有 3 张没有处理" in await bulk(agent, "resolve", *tickets, cause="other")
    assert "已办结 3 张工单。" in await bulk(colleague, "resolve", *tickets, cause="other")
    assert not any([(await house.ticket(ticket.number)).status.is_live for ticket in tickets])
    assert ("liqiang", "ticket_resolve", tickets[0].number) in await audited(house)


async def test_a_supervisor_may_pass_on_what_agents_have(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    await bulk(agent, "claim", ticket)
    head = await new_agent(house, "zhangjie", "张杰", Role.SUPERVISOR)
    assert "已转交 1 张工单。" in await bulk(head, "assign", ticket, to="zhangjie")
    assert (await house.ticket(ticket.number)).assignee == "zhangjie"
    await head.web.aclose()


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("resolve", {}, "请选择办结原因"),
        ("assign", {"to": "nobody"}, "没有这位坐席"),
        ("tag", {"tag_with": "a b"}, "标签只能用"),
        ("dance", {}, "没有这个操作"),
    ],
)
async def test_what_is_wrong_with_the_form_is_said(
    house: WebHouse, agent: Agent, act: str, fields: dict[str, str], said: str
) -> None:
    ticket = await house.open_ticket()
    assert said in await bulk(agent, act, ticket, **fields)
    assert (await house.ticket(ticket.number)).version == ticket.version


async def test_nothing_marked_is_said(house: WebHouse, agent: Agent) -> None:
    await house.open_ticket()
    assert "请先选中工单" in await bulk(agent, "claim")


async def test_a_list_that_shows_everything_already_is_not_sent_again(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    state = (await agent.get("/console/rows")).headers["x-state"]
    again = await agent.web.get("/console/rows", params={"state": state})
    assert (again.status_code, again.text) == (204, "")
    house.clock.move(timedelta(seconds=1))
    await bulk(agent, "claim", ticket)
    changed = await agent.web.get("/console/rows", params={"state": state})
    assert (changed.status_code, "王敏" in changed.text) == (200, True)


async def test_unread_lines_are_counted_until_they_are_seen(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    await bulk(agent, "claim", ticket)
    await say(house, ticket, "还在吗")
    assert (await agent.get("/console/unread")).json()["count"] == 1
    assert "新 1" in (await agent.get("/console")).text
    page = f"/console/tickets/{ticket.number}"
    await agent.get(page)
    await agent.web.get(f"{page}/live", params={"seen": "1"}, headers={"X-Fragment": "1"})
    assert (await agent.get("/console/unread")).json()["count"] == 0


async def test_looking_and_searching_are_recorded_but_not_what_was_searched_for(
    house: WebHouse, agent: Agent
) -> None:
    ticket = await house.open_ticket()
    await say(house, ticket, "我叫张伟，住徐家汇路九号")
    before = await audited(house)
    for query in ("", "?tab=all&tag=%E6%80%A5&page=2", "?q=徐家汇", "?q=徐家汇", "?q=张伟",
                  f"?q={ticket.number}", "?q=4200000925202101284997714292&channel=rest"):  # fmt: skip
        await agent.get(f"/console{query}")
    seen = (await audited(house))[len(before) :]
    assert {actor for actor, _, _ in seen} == {"wangmin"}
    entries = [(action, subject) for _, action, subject in seen]
    assert entries[:2] == [("inbox_viewed", "live"), ("inbox_viewed", "all tag=急")]
    words = [re.fullmatch(r"words #([0-9a-f]{12}) live", subject) for _, subject in entries[2:5]]
    prints = [found[1] for found in words if found]
    assert len(prints) == 3
    assert prints[0] == prints[1] != prints[2]
    assert entries[5:] == [
        ("inbox_searched", f"{ticket.number} live"),
        ("inbox_searched", "number …714292 live channel=rest"),
    ]
    assert {action for action, _ in entries[2:]} == {"inbox_searched"}


async def test_a_list_that_keeps_itself_up_to_date_is_looked_at_once(house: WebHouse, agent: Agent) -> None:
    await house.open_ticket()
    await agent.get("/console")
    before = await audited(house)
    assert (await agent.get("/console/rows")).status_code == 200
    assert await audited(house) == before


def row_of(page: str, ticket: Ticket) -> str:
    """A ticket's row of a list, without its markup."""
    start = page.index(f'data-number="{ticket.number}"')
    return " ".join(re.sub(r"<[^>]+>", " ", page[start : page.index("</tr>", start)]).split())


async def test_once_answered_a_row_counts_down_to_the_end_and_stops_counting_the_wait(
    house: WebHouse, agent: Agent
) -> None:
    ticket = await house.open_ticket(reason=HandoffReason.COMPLAINT)
    house.clock.move(timedelta(minutes=30))
    assert "回复还剩 30 分钟 30 分钟" in row_of((await agent.get("/console")).text, ticket)
    await agent.act(ticket.number, "reply", text="正在核实")
    house.clock.move(timedelta(hours=2))
    assert "办结还剩 21 小时 —" in row_of((await agent.get("/console")).text, ticket)
    contact = Contact("rest", "resident-1")
    await house.desk.handle(IncomingMessage(contact, "m1", "好的，麻烦您"))
    house.clock.move(timedelta(minutes=5))
    # Who writes again is promised an answer again.
    assert "回复还剩 55 分钟 5 分钟" in row_of((await agent.get("/console")).text, ticket)
    house.clock.move(timedelta(days=2))
    assert "办结已超时" in row_of((await agent.get("/console")).text, ticket)


async def test_what_comes_back_to_be_taken_and_what_is_late_is_news_once(
    house: WebHouse, agent: Agent
) -> None:
    async def news(who: Agent) -> dict[str, Any]:
        return dict((await who.get("/console/unread")).json())

    assert await news(agent) == {"count": 0, "came": 0, "came_said": "", "alert": 0, "alert_said": ""}
    first, second = await house.open_ticket("a"), await house.open_ticket("b")
    opened = await news(agent)
    assert opened["came_said"] == f"新工单 {second.number}"
    await agent.act(first.number, "resolve", cause="other")
    await agent.act(first.number, "reopen")
    again = await news(agent)
    assert again["came_said"] == f"工单待领取 {first.number}"
    assert again["came"] > opened["came"]
    await agent.act(second.number, "claim")
    await agent.act(second.number, "assign", to="")
    assert (await news(agent))["came_said"] == f"工单待领取 {second.number}"
    boss = await new_agent(house, "chenjie", "陈洁", Role.SUPERVISOR)
    async with house.work() as work:
        data = {"promise": "answer", "due": house.clock.now().isoformat()}
        work.alerts.add(AlertKind.TICKET_OVERDUE, first.number, house.clock.now(), data)
        await work.commit()
    assert (await news(boss))["alert_said"] == f"工单超时 {first.number}"
    assert (await news(agent))["alert"] == 0
    await boss.web.aclose()
