"""The life of a case. Runs on PostgreSQL too (tests/integration)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.errors import Conflict, InvalidInput, NotFound
from bot.messages import Author, Button, ConversationStatus
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketStatus
from bot.tickets.service import Opened
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"
LI, WANG = ("li", "李师傅"), ("wang", "王师傅")


async def opened(
    house: FakeHouse,
    serial: str | None = None,
    reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST,
    user: str = "anna",
    **checked: str,
) -> Opened:
    conversation = await house.conversation(user)
    async with house.work() as work:
        result = await house.tickets.open(work, conversation, reason, serial, checked)
        await work.commit()
    return result


async def stored(house: FakeHouse, number: str) -> Ticket:
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    return ticket


async def do(house: FakeHouse, action: Callable[..., Awaitable[Ticket]], *arguments: Any) -> Ticket:
    async with house.work() as work:
        result = await action(work, *arguments)
        await work.commit()
    return result


async def actions(house: FakeHouse, number: str) -> list[tuple[str, str]]:
    async with house.work() as work:
        return [(note.actor, note.action) for note in await work.tickets.log(number)]


# Opening


async def test_a_ticket_says_when_the_first_answer_is_due(house: FakeHouse) -> None:
    result = await opened(house, SERIAL, state="unreconciled")
    ticket = await stored(house, result.ticket.number)
    assert ticket == result.ticket
    assert (ticket.status, ticket.priority) == (TicketStatus.NEW, Priority.NORMAL)
    assert ticket.due_at == MONDAY_TEN + timedelta(hours=2)
    assert ticket.checked == {"state": "unreconciled"}
    assert (result.is_new, result.ahead, result.opens_at) == (True, 0, None)
    assert await actions(house, ticket.number) == [("bot", "opened")]


async def test_outside_working_hours_it_says_when_agents_are_back(house: FakeHouse) -> None:
    house.clock.at = datetime(2026, 9, 30, 20, 0, tzinfo=SHANGHAI)
    result = await opened(house)
    assert result.opens_at == datetime(2026, 10, 8, 9, 0, tzinfo=SHANGHAI)
    assert result.ticket.due_at == datetime(2026, 10, 8, 11, 0, tzinfo=SHANGHAI)


async def test_a_complaint_is_looked_at_before_an_outage(house: FakeHouse) -> None:
    complaint = await opened(house, reason=HandoffReason.COMPLAINT, user="anna")
    outage = await opened(house, reason=HandoffReason.OUTAGE, user="berta")
    assert complaint.ticket.priority is Priority.HIGH
    assert outage.ticket.priority is Priority.LOW


async def test_the_place_in_line_counts_new_tickets_opened_before(house: FakeHouse) -> None:
    first = await opened(house, user="anna")
    house.clock.move(minutes=1)
    await opened(house, user="berta")
    house.clock.move(minutes=1)
    assert (await opened(house, user="clara")).ahead == 2
    await do(house, house.casework.claim, first.ticket.number, "li")
    house.clock.move(minutes=1)
    assert (await opened(house, user="dora")).ahead == 2


@pytest.mark.parametrize(("first", "again"), [(None, None), (SERIAL, SERIAL), (SERIAL, None), (None, SERIAL)])
async def test_the_same_trouble_keeps_its_ticket(
    house: FakeHouse, first: str | None, again: str | None
) -> None:
    one = await opened(house, first)
    other = await opened(house, again)
    assert other.ticket.number == one.ticket.number
    assert not other.is_new
    assert (await stored(house, one.ticket.number)).serial_number == (first or again)
    assert await actions(house, one.ticket.number) == [("bot", "opened"), ("resident", "asked_again")]


async def test_another_payment_is_another_ticket(house: FakeHouse) -> None:
    one, other = await opened(house, SERIAL), await opened(house, OTHER_SERIAL)
    assert other.is_new
    assert other.ticket.number != one.ticket.number


async def test_another_residents_trouble_is_another_ticket(house: FakeHouse) -> None:
    one, other = await opened(house, SERIAL, user="anna"), await opened(house, SERIAL, user="berta")
    assert other.ticket.number != one.ticket.number


async def test_asking_again_adds_what_was_found_out_since(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL, state="unreconciled")).ticket.number
    await opened(house, SERIAL, state="unreconciled", amount="2000")
    assert (await stored(house, number)).checked == {"state": "unreconciled", "amount": "2000"}


async def test_a_complaint_about_a_known_trouble_raises_its_priority_and_nothing_lowers_it(
    house: FakeHouse,
) -> None:
    number = (await opened(house, SERIAL, HandoffReason.OUTAGE)).ticket.number
    await opened(house, SERIAL, HandoffReason.COMPLAINT)
    assert (await stored(house, number)).priority is Priority.HIGH
    await opened(house, SERIAL, HandoffReason.CUSTOMER_REQUEST)
    assert (await stored(house, number)).priority is Priority.HIGH


async def test_a_live_ticket_is_found_behind_many_resolved_ones(house: FakeHouse) -> None:
    live = await opened(house, SERIAL)
    for number in range(25):
        house.clock.move(minutes=1)
        done = await opened(house, f"42000009252021012849977142{number:02d}")
        await do(house, house.casework.resolve, done.ticket.number, "li")
    assert (await opened(house, SERIAL)).ticket.number == live.ticket.number


async def test_two_troubles_in_one_message_are_two_tickets_and_one_is_found_before_it_is_stored(
    house: FakeHouse,
) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        first = await house.tickets.open(work, conversation, HandoffReason.NOT_FOUND, SERIAL)
        again = await house.tickets.open(work, conversation, HandoffReason.OVERDUE, SERIAL, {"a": "b"})
        other = await house.tickets.open(work, conversation, HandoffReason.OVERDUE, OTHER_SERIAL)
        await work.commit()
    assert (again.ticket.number, again.is_new, other.is_new) == (first.ticket.number, False, True)
    assert (await stored(house, first.ticket.number)).checked == {"a": "b"}


# Finding


async def test_somebody_elses_ticket_and_none_sound_the_same(house: FakeHouse) -> None:
    number = (await opened(house, user="berta")).ticket.number
    conversation = await house.conversation("anna")
    async with house.work() as work:
        for asked in (number, "GD000000000000"):
            with pytest.raises(NotFound):
                await house.tickets.find(work, conversation, asked)


async def test_a_resident_finds_the_own_tickets_newest_first(house: FakeHouse) -> None:
    numbers = []
    for serial in (SERIAL, OTHER_SERIAL):
        numbers.append((await opened(house, serial)).ticket.number)
        house.clock.move(minutes=1)
    conversation = await house.conversation()
    async with house.work() as work:
        found = await house.tickets.of(work, conversation)
        one = await house.tickets.find(work, conversation, numbers[0])
    assert [ticket.number for ticket in found] == numbers[::-1]
    assert one.serial_number == SERIAL


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


async def test_the_same_trouble_within_a_week_takes_its_resolved_ticket_up_again(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await do(house, house.casework.claim, number, "li")
    await do(house, house.casework.resolve, number, "li")
    house.clock.move(days=6)  # to a Sunday
    again = await opened(house, SERIAL, HandoffReason.UNRESOLVED)
    assert (again.ticket.number, again.is_new) == (number, False)
    assert (again.ticket.status, again.ticket.assignee) == (TicketStatus.OPEN, "li")
    assert again.ticket.due_at == datetime(2026, 11, 30, 11, 0, tzinfo=SHANGHAI)
    assert (await actions(house, number))[-1] == ("resident", "reopened")


async def test_unresolved_takes_up_whatever_was_resolved_last(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    assert (await opened(house, None, HandoffReason.UNRESOLVED)).ticket.number == number


async def test_after_a_week_or_for_another_payment_it_is_a_new_ticket(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    assert (await opened(house, OTHER_SERIAL)).is_new
    house.clock.move(days=7)
    assert (await opened(house, SERIAL)).is_new


async def test_buttons_of_a_notice_are_offered(house: FakeHouse) -> None:
    buttons = (Button("我的工单", "/ticket_status"),)
    house.phrases.buttons = {"utter_handed_back": buttons}
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    assert (await house.conversation()).offered == buttons
