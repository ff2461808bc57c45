"""The life of a case. Runs on PostgreSQL too (tests/integration)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.clock import SHANGHAI
from bot.errors import NotFound
from bot.tickets.model import HandoffReason, Priority, TicketStatus
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import OTHER_SERIAL, SERIAL, actions, do, opened, stored

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


async def test_who_was_answered_is_ahead_of_nobody_and_a_claim_is_no_answer(house: FakeHouse) -> None:
    first = await opened(house, user="anna")
    house.clock.move(minutes=1)
    await opened(house, user="berta")
    house.clock.move(minutes=1)
    assert (await opened(house, user="clara")).ahead == 2
    await do(house, house.casework.claim, first.ticket.number, "li")
    house.clock.move(minutes=1)
    assert (await opened(house, user="dora")).ahead == 3
    await do(house, house.casework.reply, first.ticket.number, "li", "李师傅", "您好")
    house.clock.move(minutes=1)
    assert (await opened(house, user="elsa")).ahead == 3


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


# Coming back


async def test_the_same_trouble_within_a_week_takes_its_resolved_ticket_up_again(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await do(house, house.casework.claim, number, "li")
    await do(house, house.casework.resolve, number, "li")
    house.clock.move(days=6)  # to a Sunday
    again = await opened(house, SERIAL, HandoffReason.UNRESOLVED)
    assert (again.ticket.number, again.is_new) == (number, False)
    assert (again.ticket.status, again.ticket.assignee) == (TicketStatus.OPEN, "li")
    assert again.ticket.priority is Priority.HIGH
    assert again.ticket.due_at == datetime(2026, 11, 30, 10, 0, tzinfo=SHANGHAI)
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
