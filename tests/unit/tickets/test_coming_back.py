"""Who comes again: weighed anew, called for again, taken up again, or gone. Runs on PostgreSQL too."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.clock import SHANGHAI
from bot.messages import ConversationStatus
from bot.tickets.model import Cause, HandoffReason, Priority, Ticket, TicketStatus
from bot.tickets.service import Arrival, Opened
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, actions, do, stored


async def comes(
    house: FakeHouse,
    words: str = "",
    reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST,
    serial: str | None = None,
    **checked: str,
) -> Opened:
    conversation = await house.conversation()
    async with house.work() as work:
        result = await house.tickets.open(work, conversation, reason, serial, checked, words)
        await work.commit()
    return result


async def leaves(house: FakeHouse) -> list[Ticket]:
    conversation = await house.conversation()
    async with house.work() as work:
        left = await house.tickets.leave(work, conversation)
        await work.commit()
    return left


async def lately_resolved(house: FakeHouse) -> Ticket | None:
    conversation = await house.conversation()
    async with house.work() as work:
        return await house.tickets.lately_resolved(work, conversation)


# Weighed anew


async def test_what_is_known_of_the_payment_and_the_tone_make_the_priority(house: FakeHouse) -> None:
    calm = await comes(house)
    assert calm.ticket.priority is Priority.NORMAL
    worried = await comes(house, "我今年八十了，急死了")
    assert worried.ticket.number == calm.ticket.number
    assert (worried.ticket.priority, worried.ticket.urgency) == (Priority.HIGH, 2)
    assert worried.ticket.due_at == MONDAY_TEN + timedelta(hours=1)


async def test_the_amount_is_kept_in_fen(house: FakeHouse) -> None:
    assert (await comes(house, amount_fen="2000")).ticket.amount == 2000
    again = await comes(house, amount_fen="150000", paid_on="2026-10-01")
    assert (again.ticket.amount, again.ticket.priority) == (150_000, Priority.HIGH)


async def test_coming_again_counts_after_half_an_hour(house: FakeHouse) -> None:
    await comes(house)
    house.clock.move(minutes=29)
    assert (await comes(house)).ticket.contacts == 1
    house.clock.move(minutes=31)
    assert (await comes(house)).ticket.contacts == 2


async def test_who_comes_again_and_again_is_looked_at_sooner(house: FakeHouse) -> None:
    await comes(house)
    priorities = []
    for _ in range(4):
        house.clock.move(minutes=31)
        priorities.append((await comes(house)).ticket.priority)
    assert priorities == [Priority.NORMAL, Priority.HIGH, Priority.HIGH, Priority.HIGH]


async def test_a_tone_once_heard_is_not_forgotten(house: FakeHouse) -> None:
    await comes(house, "我都快急死了")
    again = await comes(house, "我七十多岁的人了")
    assert again.ticket.priority is Priority.HIGH


async def test_what_an_agent_lowered_is_raised_only_by_something_worse(house: FakeHouse) -> None:
    number = (await comes(house, reason=HandoffReason.COMPLAINT)).ticket.number
    await do(house, house.casework.set_priority, number, "li", Priority.LOW)
    assert (await comes(house, reason=HandoffReason.COMPLAINT)).ticket.priority is Priority.LOW
    worse = await comes(house, "气死我了，我八十岁了，急得睡不着", HandoffReason.COMPLAINT)
    assert worse.ticket.priority is Priority.URGENT


async def test_what_an_agent_raised_stays(house: FakeHouse) -> None:
    number = (await comes(house)).ticket.number
    await do(house, house.casework.set_priority, number, "li", Priority.URGENT)
    raised = await stored(house, number)
    assert (raised.priority, raised.urgency) == (Priority.URGENT, 3)
    assert raised.due_at == MONDAY_TEN + timedelta(minutes=30)
    assert (await comes(house)).ticket.priority is Priority.URGENT
    assert (await actions(house, number))[1] == ("li", "prioritised")


async def test_the_log_says_why(house: FakeHouse) -> None:
    number = (await comes(house, "急死了", amount_fen="20000")).ticket.number
    async with house.work() as work:
        [entry] = await work.tickets.log(number)
    assert entry.data == {"priority": "high", "customer_request": "+2", "amount": "+1", "worried": "+1"}


async def test_who_only_asks_how_long_is_heard_when_it_hurts(house: FakeHouse) -> None:
    ticket = (await comes(house)).ticket
    async with house.work() as work:
        assert await house.tickets.heard(work, ticket, "还要等多久") == ticket
        raised = await house.tickets.heard(work, ticket, "我八十岁了，急死了，还要等多久")
        await work.commit()
    assert (await stored(house, ticket.number)).priority is raised.priority is Priority.HIGH


# Called again


async def test_who_asks_again_after_an_answer_is_promised_another(house: FakeHouse) -> None:
    number = (await comes(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    house.clock.move(hours=3)
    again = await comes(house)
    assert (again.arrival, again.ticket.number) == (Arrival.CALLED_AGAIN, number)
    assert (again.ticket.status, again.ticket.first_replied_at) == (TicketStatus.OPEN, None)
    assert again.ticket.due_at == MONDAY_TEN + timedelta(hours=5)
    assert (await actions(house, number))[-1] == ("resident", "called_again")


async def test_a_look_up_calls_nobody_who_has_answered(house: FakeHouse) -> None:
    number = (await comes(house, serial=SERIAL)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    again = await comes(house, reason=HandoffReason.OVERDUE, serial=SERIAL)
    assert again.arrival is Arrival.IN_HAND
    assert again.ticket.first_replied_at is not None


# Taken up again


@pytest.mark.parametrize("serial", [SERIAL, None])
async def test_a_resolved_ticket_goes_to_the_same_agent_and_one_step_up(
    house: FakeHouse, serial: str | None
) -> None:
    number = (await comes(house, serial=SERIAL)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.resolve, number, "li", "", Cause.QUESTION_ANSWERED)
    again = await comes(house, reason=HandoffReason.UNRESOLVED, serial=serial)
    ticket = await stored(house, number)
    assert (again.arrival, again.ticket.number) == (Arrival.REOPENED, number)
    assert (ticket.status, ticket.assignee, ticket.priority) == (TicketStatus.OPEN, "li", Priority.HIGH)
    assert (ticket.resolved_at, ticket.cause, ticket.first_replied_at) == (None, None, None)


async def test_a_look_up_of_some_payment_does_not_take_up_a_ticket_that_named_none(house: FakeHouse) -> None:
    number = (await comes(house)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    assert (await comes(house, reason=HandoffReason.OVERDUE, serial=SERIAL)).arrival is Arrival.NEW
    await leaves(house)
    again = await comes(house, reason=HandoffReason.UNRESOLVED, serial=OTHER_SERIAL)
    assert again.ticket.number == number


async def test_the_last_resolved_ticket_is_the_one_that_is_not_solved(house: FakeHouse) -> None:
    first = (await comes(house, serial=SERIAL)).ticket.number
    house.clock.move(minutes=1)
    second = (await comes(house, serial=OTHER_SERIAL)).ticket.number
    await do(house, house.casework.resolve, second, "li")
    house.clock.move(minutes=1)
    await do(house, house.casework.resolve, first, "li")
    found = await lately_resolved(house)
    assert found is not None
    assert found.number == first
    assert (await comes(house, reason=HandoffReason.UNRESOLVED)).ticket.number == first


async def test_nothing_was_lately_resolved_after_a_week_after_leaving_or_with_a_newer_case(
    house: FakeHouse,
) -> None:
    assert await lately_resolved(house) is None
    number = (await comes(house, serial=SERIAL)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    assert await lately_resolved(house) is not None
    house.clock.move(minutes=1)
    await comes(house, serial=OTHER_SERIAL)
    assert await lately_resolved(house) is None
    await leaves(house)
    assert await lately_resolved(house) is not None  # the left one was not resolved by anybody
    house.clock.move(days=7)
    assert await lately_resolved(house) is None


async def test_a_merged_ticket_is_not_taken_up_again(house: FakeHouse) -> None:
    one = (await comes(house, serial=SERIAL)).ticket.number
    double = (await comes(house, serial=OTHER_SERIAL)).ticket.number
    await do(house, house.casework.merge, double, one, "li")
    await do(house, house.casework.resolve, one, "li")
    assert (await comes(house, reason=HandoffReason.UNRESOLVED)).ticket.number == one


# Leaving


async def test_leaving_ends_what_waits_and_the_bot_serves_again(house: FakeHouse) -> None:
    numbers = {(await comes(house, serial=serial)).ticket.number for serial in (SERIAL, OTHER_SERIAL)}
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.update(conversation, status=ConversationStatus.WAITING_FOR_AGENT)
        await work.commit()
    left = await leaves(house)
    assert {ticket.number for ticket in left} == numbers
    for number in numbers:
        ticket = await stored(house, number)
        assert (ticket.status, ticket.cause) == (TicketStatus.RESOLVED, Cause.LEFT)
        assert (await actions(house, number))[-1] == ("resident", "left")
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert await house.said() == []  # whoever asked to leave says so themselves


async def test_what_an_agent_serves_is_not_left(house: FakeHouse) -> None:
    number = (await comes(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    assert await leaves(house) == []
    assert (await stored(house, number)).status.is_live


async def test_asking_for_a_person_brings_back_into_the_line(house: FakeHouse) -> None:
    number = (await comes(house, serial=SERIAL)).ticket.number
    await leaves(house)
    house.clock.move(hours=1)
    again = await comes(house)
    ticket = await stored(house, number)
    assert (again.arrival, again.ticket.number) == (Arrival.BACK_IN_LINE, number)
    assert (ticket.status, ticket.cause, ticket.priority) == (TicketStatus.NEW, None, Priority.NORMAL)
    assert ticket.due_at == datetime(2026, 11, 23, 13, 0, tzinfo=SHANGHAI)
    assert (await actions(house, number))[-1] == ("resident", "back_in_line")


async def test_the_line_of_one_resident_is_in_the_order_of_urgency(house: FakeHouse) -> None:
    first = (await comes(house, serial=SERIAL)).ticket.number
    house.clock.move(minutes=1)
    second = (await comes(house, reason=HandoffReason.COMPLAINT, serial=OTHER_SERIAL)).ticket.number
    conversation = await house.conversation()
    async with house.work() as work:
        assert [t.number for t in await house.tickets.in_line(work, conversation)] == [second, first]
    await do(house, house.casework.reply, second, *LI, "您好")
    async with house.work() as work:
        assert [t.number for t in await house.tickets.in_line(work, conversation)] == [first]
        assert [t.number for t in await house.tickets.may_leave(work, conversation)] == [first]
