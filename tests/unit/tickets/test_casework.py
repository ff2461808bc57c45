"""What agents do with a case. Runs on PostgreSQL too (tests/integration)."""

from __future__ import annotations

import pytest

from bot.errors import Conflict, InvalidInput, NotFound
from bot.messages import Author, Button, ConversationStatus
from bot.tickets.model import TicketStatus
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, WANG, actions, do, opened, stored

# Agents at once


async def test_of_two_agents_who_claim_at_once_one_gets_the_ticket(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.claim(one, number, "li")
        await house.casework.claim(other, number, "wang")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert (await stored(house, number)).assignee == "li"
    assert await actions(house, number) == [("bot", "opened"), ("li", "claimed")]


async def test_of_two_agents_who_reply_at_once_one_is_heard(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.reply(one, number, *LI, "我来")
        await house.casework.reply(other, number, *WANG, "我来吧")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert await house.said() == ["utter_agent_joined name=李师傅", "我来"]


async def test_agents_on_two_tickets_of_one_resident_do_not_both_join_at_once(house: FakeHouse) -> None:
    one_number = (await opened(house, SERIAL)).ticket.number
    other_number = (await opened(house, OTHER_SERIAL)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.reply(one, one_number, *LI, "我来")
        await house.casework.reply(other, other_number, *WANG, "我来吧")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()


async def test_a_ticket_saved_from_a_stale_reading_is_a_conflict(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    stale = await stored(house, number)
    await do(house, house.casework.claim, number, "li")
    async with house.work() as work:
        work.tickets.save(stale)
        with pytest.raises(Conflict):
            await work.commit()


# Answering


async def test_the_first_reply_takes_over_and_says_so_once(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    ticket = await do(house, house.casework.reply, number, *LI, "  您好，\n请稍等  ")
    await do(house, house.casework.reply, number, *LI, "查到了")
    assert await house.transcript() == [
        (Author.SYSTEM, "utter_agent_joined name=李师傅"),
        (Author.AGENT, "您好，\n请稍等"),
        (Author.AGENT, "查到了"),
    ]
    assert (ticket.status, ticket.assignee) == (TicketStatus.WAITING, "li")
    conversation = await house.conversation()
    assert conversation.status is ConversationStatus.WITH_AGENT
    assert conversation.offered == ()


@pytest.mark.parametrize(
    ("text", "code"), [("  \n ", "empty_reply"), ("\x00", "empty_reply"), ("长" * 2001, "reply_too_long")]
)
async def test_a_reply_that_cannot_be_sent_is_refused(house: FakeHouse, text: str, code: str) -> None:
    number = (await opened(house)).ticket.number
    with pytest.raises(InvalidInput) as refused:
        await do(house, house.casework.reply, number, *LI, text)
    assert refused.value.code == code
    assert await house.said() == []


@pytest.mark.parametrize("action", ["reply", "claim"])
async def test_a_resolved_ticket_is_neither_answered_nor_claimed(house: FakeHouse, action: str) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    arguments = (number, *LI, "还有") if action == "reply" else (number, "li")
    with pytest.raises(InvalidInput) as refused:
        await do(house, getattr(house.casework, action), *arguments)
    assert refused.value.code == "already_resolved"


async def test_a_ticket_passed_on_still_waits_and_is_nobody_elses_to_claim(
    house: FakeHouse,
) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "请发凭证")
    ticket = await do(house, house.casework.assign, number, "li", "wang")
    assert (ticket.status, ticket.assignee) == (TicketStatus.WAITING, "wang")
    with pytest.raises(InvalidInput) as refused:
        await do(house, house.casework.claim, number, "li")
    assert refused.value.code == "already_claimed"


@pytest.mark.parametrize("action", ["claim", "hand_back", "resolve", "reopen"])
async def test_a_ticket_that_does_not_exist_is_not_found(house: FakeHouse, action: str) -> None:
    with pytest.raises(NotFound):
        await do(house, getattr(house.casework, action), "GD000000000000", "li")


# Handing back and ending


async def test_handing_back_tells_the_resident_once_and_keeps_the_ticket_open(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    await do(house, house.casework.hand_back, number, "li")
    assert (await house.said()).count("utter_handed_back") == 1
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert (await stored(house, number)).status.is_live


async def test_resolving_tells_the_resident_once_and_returns_to_the_bot(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    house.clock.move(minutes=5)
    ticket = await do(house, house.casework.resolve, number, "li", "已补对账\x00" + "长" * 2100)
    await do(house, house.casework.resolve, number, "li")
    assert (ticket.status, ticket.resolved_at) == (TicketStatus.RESOLVED, house.clock.at)
    assert (await house.said()).count(f"utter_ticket_resolved number={number}") == 1
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    async with house.work() as work:
        note = (await work.tickets.log(number))[-1]
    assert (note.action, note.note[:4], len(note.note)) == ("resolved", "已补对账", 2000)


async def test_an_agent_reopens_a_resolved_ticket(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    ticket = await do(house, house.casework.reopen, number, "li")
    assert (ticket.status, ticket.resolved_at) == (TicketStatus.OPEN, None)
    assert (await house.said())[-1] == f"utter_ticket_reopened number={number}"
    with pytest.raises(InvalidInput):
        await do(house, house.casework.reopen, number, "li")


async def test_buttons_of_a_notice_are_offered(house: FakeHouse) -> None:
    buttons = (Button("我的工单", "/ticket_status"),)
    house.phrases.buttons = {"utter_handed_back": buttons}
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    assert (await house.conversation()).offered == buttons
