"""The thread: who said what, what the bot made of it, notes among agents, what was read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.messages import (
    Author,
    Contact,
    ConversationStatus,
    IncomingMessage,
    MessageKind,
    Reply,
    Understood,
)
from bot.tickets.model import TicketStatus
from bot.turn import Turn
from tests.doubles.agent_browser import Agent, audited
from tests.doubles.web_house import WebHouse
from tests.integration.ticket_page.scene import lines_of, resident_says, waiting_ticket


async def page(agent: Agent, number: str, query: str = "") -> str:
    return (await agent.get(f"/console/tickets/{number}{query}")).text


async def news(agent: Agent, number: str, line: int = 0, note: int = 0) -> dict[str, object]:
    answer = await agent.get(f"/console/tickets/{number}/live?after={line}&note={note}&key=abcdefghijkl")
    return dict(answer.json())


async def test_a_ticket_shows_why_what_was_checked_and_what_was_said(house: WebHouse, agent: Agent) -> None:
    await resident_says(house, "我的身份证 310101199003077651，要人工")
    number = await waiting_ticket(house)
    text = await page(agent, number)
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
    text = await page(agent, await waiting_ticket(house))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


async def test_a_line_tells_what_the_bot_understood_and_did(
    house: WebHouse, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond = house.dialogue.respond

    async def understanding(turn: Turn, text: str) -> list[Reply]:
        found = {"state": "unreconciled", "reason": "callback_lost"}
        turn.understood = Understood("query_status", 0.874, ("action_look_up",), found)
        return await respond(turn, text)

    monkeypatch.setattr(house.dialogue, "respond", understanding)
    number = await waiting_ticket(house)
    text = re.sub(r"<[^>]+>|\s+", "", await page(agent, number))
    assert "理解为“查缴费状态”把握87%机器人：查询缴费状态未对账·通知丢失（掉单）" in text
    english = await page(agent, number, "?lang=en")
    assert "87% sure" in english
    assert "looked the payment up" in english


async def test_a_reply_reaches_the_resident_and_silences_the_bot(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
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


async def test_a_note_is_for_agents_and_reaches_nobody_else(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    before = await lines_of(house, number)
    assert (await agent.act(number, "note", text="银行说下午补通知")).status_code == 303
    assert await lines_of(house, number) == before
    assert "银行说" not in str(await house.desk.lines_after(Contact("rest", "resident-1")))
    text = await page(colleague, number)
    assert 'class="line note"' in text
    assert "内部备注 · 居民看不到" in text
    assert text.index("人工") < text.index("银行说下午补通知")


async def test_a_note_stands_where_it_was_written(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    await agent.act(number, "note", text="先核实")
    house.clock.move(timedelta(minutes=1))
    await resident_says(house, "还在吗")
    text = await page(agent, number)
    assert text.index("先核实") < text.index("还在吗")


async def test_news_bring_new_lines_and_notes_once_and_the_new_state(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    first = await news(agent, number)
    assert "已转人工" in str(first["entries"])
    assert 'value="abcdefghijkl"' in first["parts"]["actions"]  # type: ignore[index]
    line, note = int(str(first["last"])), int(str(first["note"]))
    assert str((await news(agent, number, line, note))["entries"]).strip() == ""
    await resident_says(house, "还在吗")
    await colleague.act(number, "claim")
    await colleague.act(number, "note", text="我在查")
    second = await news(agent, number, line, note)
    assert "还在吗" in str(second["entries"])
    assert "我在查" in str(second["entries"])
    assert "已转人工" not in str(second["entries"])
    assert "李强" in second["parts"]["facts"]  # type: ignore[index]
    third = await news(agent, number, int(str(second["last"])), int(str(second["note"])))
    assert str(third["entries"]).strip() == ""


async def test_a_long_thread_is_read_back_page_by_page_with_its_notes(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    conversation = await house.conversation(ticket)
    for place in range(250):
        house.clock.move(timedelta(seconds=1))
        async with house.work() as work:
            work.lines.add(conversation, Reply(f"第{place}句"), house.clock.now())
            if place in (20, 200):
                await house.casework.note(work, ticket.number, "wangmin", f"备注{place}")
            await work.commit()
    seen, query = [], ""
    for _ in range(4):
        text = await page(agent, ticket.number, query)
        talk = text[text.index('id="lines"') : text.index('id="composer"')]
        seen.append(re.findall(r"第\d+句|备注\d+", talk))
        before = re.search(r'href="\?before=(\d+)"', text)
        if not before:
            break
        query = f"?before={before.group(1)}"
    everything = [one for part in reversed(seen) for one in part]
    said = [f"第{place}句" for place in range(250)]
    assert [one for one in everything if one.startswith("第")] == said
    assert [one for one in everything if one.startswith("备注")] == ["备注20", "备注200"]
    assert everything.index("备注20") == everything.index("第20句") + 1
    assert len(seen) == 3


async def test_what_was_looked_at_is_read_on_every_ticket_of_the_resident(
    house: WebHouse, agent: Agent
) -> None:
    number = await waiting_ticket(house)
    other = await house.open_ticket(serial_number="2017071221001004660224927787")

    async def unread(name: str) -> dict[str, int]:
        async with house.work() as work:
            return await work.reads.unread(name, [number, other.number])

    assert await unread("wangmin") == {number: 1, other.number: 1}
    await page(agent, number)
    assert await unread("wangmin") == {}
    await resident_says(house, "还在吗")
    assert await unread("wangmin") == {number: 1, other.number: 1}
    await news(agent, number)
    assert await unread("wangmin") == {}
    assert await unread("liqiang") == {number: 2, other.number: 2}


async def test_a_ticket_that_is_not_there_is_a_page(agent: Agent) -> None:
    for address in ("GD0", "GD0/live?after=0", "GD0/events", "GD0/answers", "GD0/payment"):
        answer = await agent.get(f"/console/tickets/{address}")
        assert answer.status_code == 404, address
        assert "没有找到" in answer.text


async def test_what_only_the_chat_page_says_is_not_shown(house: WebHouse, agent: Agent) -> None:
    contact = Contact("rest", "resident-1")
    await house.desk.handle(IncomingMessage(contact, "greet", "/greet", MessageKind.BUTTON))
    number = await waiting_ticket(house)
    text = await page(agent, number)
    assert "/greet" not in text
    assert "户政缴费助手" in text
