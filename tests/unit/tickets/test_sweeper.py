"""What the clock does to tickets. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any

from bot.alerts import AlertKind
from bot.clock import SHANGHAI
from bot.messages import Author
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketStatus
from bot.tickets.sweeper import Sweeper
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, WANG, actions, do, opened, stored


class Swept:
    """A sweeper over a house, and whom it told."""

    def __init__(self, house: FakeHouse) -> None:
        self.told: list[int] = []
        self.notified = 0
        self.sweeper = Sweeper(
            house.work,
            house.casework,
            house.deadlines,
            house.phrases,
            self.told.append,
            self._notify,
            house.clock,
        )

    def _notify(self) -> None:
        self.notified += 1

    async def sweep(self) -> None:
        await self.sweeper.sweep()


async def swept(house: FakeHouse) -> Swept:
    one = Swept(house)
    await one.sweep()
    return one


async def alerts(house: FakeHouse) -> list[tuple[str, str]]:
    async with house.work() as work:
        found = await work.alerts.list()
    assert {alert.kind for alert in found} <= {AlertKind.TICKET_OVERDUE}
    return [(alert.subject, alert.data["promise"]) for alert in reversed(found)]


async def ticket_of(house: FakeHouse, **more: Any) -> Ticket:
    return (await opened(house, **more)).ticket


# Overdue


async def test_what_is_in_time_is_left_alone(house: FakeHouse) -> None:
    ticket = await ticket_of(house)
    house.clock.move(hours=2)
    one = await swept(house)
    assert await stored(house, ticket.number) == ticket
    assert (await alerts(house), one.told) == ([], [])


async def test_an_overdue_ticket_rises_above_the_most_urgent_and_the_supervisor_hears_once(
    house: FakeHouse,
) -> None:
    low = await ticket_of(house, reason=HandoffReason.OUTAGE, user="anna")
    house.clock.move(hours=4, minutes=1)
    await swept(house)
    await swept(house)
    raised = await stored(house, low.number)
    assert raised.escalated_at == house.clock.at
    urgent = await ticket_of(house, user="berta")
    urgent = await do(house, house.casework.set_priority, urgent.number, "li", Priority.URGENT)
    assert raised.urgency > urgent.urgency
    assert await alerts(house) == [(low.number, "answer")]
    assert (await actions(house, low.number)).count(("desk", "overdue")) == 1


async def test_an_overdue_ticket_that_slipped_down_rises_again_without_another_alert(
    house: FakeHouse,
) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    await swept(house)
    async with house.work() as work:
        work.tickets.save(dataclasses.replace(await stored(house, number), urgency=1))
        await work.commit()
    await swept(house)
    assert (await stored(house, number)).urgency > Priority.URGENT.rank
    assert await alerts(house) == [(number, "answer")]


async def test_each_promise_that_is_broken_is_told_by_itself(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.at = datetime(2026, 11, 23, 12, 1, tzinfo=SHANGHAI)
    await swept(house)
    house.clock.at = datetime(2026, 11, 25, 10, 1, tzinfo=SHANGHAI)
    await swept(house)
    await swept(house)
    assert await alerts(house) == [(number, "answer"), (number, "resolution")]


async def test_an_answer_takes_an_overdue_ticket_back_to_its_place(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    await swept(house)
    await do(house, house.casework.reply, number, *LI, "您好")
    await swept(house)
    ticket = await stored(house, number)
    assert (ticket.urgency, ticket.escalated_at is not None) == (Priority.NORMAL.rank, True)


async def test_a_ticket_that_was_answered_but_not_resolved_in_time_is_overdue_again(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    await do(house, house.casework.reply, number, *LI, "您好")
    house.clock.at = datetime(2026, 11, 25, 10, 1, tzinfo=SHANGHAI)
    await swept(house)
    assert await alerts(house) == [(number, "resolution")]
    assert (await stored(house, number)).urgency > Priority.URGENT.rank


async def test_an_overdue_ticket_stays_raised_when_an_agent_changes_its_priority(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    await swept(house)
    lowered = await do(house, house.casework.set_priority, number, "li", Priority.LOW)
    assert lowered.urgency > Priority.URGENT.rank


async def test_a_ticket_taken_up_again_can_be_late_again(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    await swept(house)
    await do(house, house.casework.resolve, number, "li")
    await ticket_of(house)
    house.clock.move(hours=2)
    await swept(house)
    assert await alerts(house) == [(number, "answer"), (number, "answer")]


async def test_resolved_tickets_are_not_overdue(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    await do(house, house.casework.resolve, number, "li")
    house.clock.move(days=3)
    await swept(house)
    assert await alerts(house) == []


# Waking and closing


async def test_what_was_put_aside_wakes_at_its_time(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.snooze, number, "li", MONDAY_TEN + timedelta(hours=1))
    await swept(house)
    assert (await stored(house, number)).snoozed_until is not None
    house.clock.move(hours=1)
    await swept(house)
    assert (await stored(house, number)).snoozed_until is None
    assert (await actions(house, number))[-1] == ("desk", "woken")


async def test_a_resolved_ticket_closes_when_it_can_no_longer_be_taken_up_again(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    await do(house, house.casework.resolve, number, "li")
    said = await house.said()
    house.clock.move(days=7)
    await swept(house)
    assert (await stored(house, number)).status is TicketStatus.RESOLVED
    house.clock.move(seconds=1)
    one = await swept(house)
    assert (await stored(house, number)).status is TicketStatus.CLOSED
    assert (await actions(house, number))[-1] == ("desk", "closed")
    assert (await house.said(), one.told) == (said, [])  # nobody is bothered with that


# Telling of a delay


async def test_a_late_answer_is_owned_up_to_once_with_a_new_time(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    one = await swept(house)
    await swept(house)
    house.clock.move(hours=3)
    await swept(house)
    [(author, text)] = await house.transcript()
    assert (author, text.split()[:2]) == (Author.SYSTEM, ["utter_ticket_delayed", f"number={number}"])
    assert (len(one.told), one.notified) == (1, 1)
    assert (await actions(house, number)).count(("desk", "delay_told")) == 1


async def test_nobody_is_told_after_closing_time_but_first_thing_in_the_morning(house: FakeHouse) -> None:
    house.clock.at = datetime(2026, 11, 27, 15, 30, tzinfo=SHANGHAI)  # a Friday; due at closing time
    await ticket_of(house)
    for moment in ((27, 17, 31), (28, 12, 0), (30, 8, 59)):
        house.clock.at = datetime(2026, 11, *moment, tzinfo=SHANGHAI)
        await swept(house)
        assert await house.said() == []
    house.clock.at = datetime(2026, 11, 30, 9, 0, tzinfo=SHANGHAI)
    await swept(house)
    assert len(await house.said()) == 1


async def test_who_was_answered_or_is_served_hears_nothing_of_delays(house: FakeHouse) -> None:
    answered = (await ticket_of(house, serial=SERIAL, user="anna")).number
    await do(house, house.casework.reply, answered, *LI, "您好")
    served = (await ticket_of(house, serial=SERIAL, user="berta")).number
    await ticket_of(house, serial=OTHER_SERIAL, user="berta")
    await do(house, house.casework.reply, served, *WANG, "您好")
    house.clock.move(hours=2, minutes=1)
    assert (await swept(house)).told == []


async def test_who_cannot_be_reached_is_told_when_they_can(house: FakeHouse) -> None:
    await ticket_of(house)
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.set_reachable(conversation.id, False)
        await work.commit()
    house.clock.move(hours=2, minutes=1)
    await swept(house)
    assert await house.said() == []
    async with house.work() as work:
        work.conversations.set_reachable(conversation.id, True)
        await work.commit()
    await swept(house)
    assert len(await house.said()) == 1


# Two at once


async def test_what_an_agent_changes_in_the_same_moment_is_left_to_the_agent(house: FakeHouse) -> None:
    number = (await ticket_of(house)).number
    house.clock.move(hours=2, minutes=1)
    one = Swept(house)
    async with house.work() as work:
        overdue = await work.queue.newly_overdue(house.clock.at)
    await do(house, house.casework.reply, number, *LI, "您好")
    await one.sweeper._each(overdue, one.sweeper._escalate, house.clock.at)
    assert await alerts(house) == []
    assert (await stored(house, number)).escalated_at is None


async def test_two_sweepers_alert_and_tell_once(house: FakeHouse) -> None:
    numbers = [(await ticket_of(house, user=user)).number for user in ("anna", "berta", "clara")]
    house.clock.move(hours=2, minutes=1)
    await asyncio.gather(*(Swept(house).sweep() for _ in range(3)))
    assert sorted(await alerts(house)) == sorted((number, "answer") for number in numbers)
    for user in ("anna", "berta", "clara"):
        assert len(await house.said(user)) == 1
