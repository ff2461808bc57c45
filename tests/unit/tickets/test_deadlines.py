"""Promises by priority, in working time."""

from __future__ import annotations

import dataclasses
from datetime import datetime, time, timedelta

import pytest

from bot.clock import SHANGHAI
from bot.tickets.deadlines import (
    FIRST_RESPONSE,
    RESOLUTION,
    Deadlines,
    Promise,
    awaits_answer,
    broken_promise,
    is_overdue,
    targets_of,
)
from bot.tickets.hours import WorkingHours
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketStatus
from tests.fakes.clock import MONDAY_TEN

HOURS = WorkingHours(time(9), time(17, 30))
USUAL = Deadlines.usual(HOURS)
DAY = timedelta(hours=8, minutes=30)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def ticket(priority: Priority = Priority.NORMAL, **changes: object) -> Ticket:
    made = Ticket(
        number="GD261123000019",
        conversation_id=1,
        reason=HandoffReason.CUSTOMER_REQUEST,
        status=TicketStatus.NEW,
        priority=priority,
        serial_number=None,
        checked={},
        created_at=MONDAY_TEN,
        updated_at=MONDAY_TEN,
        due_at=MONDAY_TEN,
    )
    return dataclasses.replace(USUAL.begun(made, MONDAY_TEN), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("priority", "answer", "end"),
    [
        (Priority.URGENT, at(23, 10, 30), at(23, 14)),
        (Priority.HIGH, at(23, 11), at(24, 10)),
        (Priority.NORMAL, at(23, 12), at(25, 10)),
        (Priority.LOW, at(23, 14), at(26, 10)),
    ],
)
def test_the_more_pressing_the_sooner(priority: Priority, answer: datetime, end: datetime) -> None:
    begun = ticket(priority)
    assert (begun.due_at, begun.resolve_by, begun.urgency) == (answer, end, priority.rank)


def test_what_begins_on_a_holiday_is_promised_for_after_it() -> None:
    begun = USUAL.begun(ticket(), at(1, 12, month=10))
    assert begun.due_at == at(8, 11, month=10)
    assert begun.resolve_by == at(9, 17, 30, month=10)


def test_a_made_up_saturday_counts() -> None:
    assert USUAL.answer_by(Priority.NORMAL, at(9, 17, month=10)) == at(10, 10, 30, month=10)


def test_nobody_is_promised_something_to_the_minute() -> None:
    assert USUAL.answer_by(Priority.NORMAL, at(23, 10, 51)) == at(23, 12, 55)
    assert USUAL.answer_by(Priority.NORMAL, MONDAY_TEN + timedelta(seconds=5)) == at(23, 12)


def test_a_higher_priority_brings_promises_forward_and_a_lower_one_puts_nothing_off() -> None:
    raised = USUAL.prioritised(ticket(), Priority.URGENT, at(23, 10, 30))
    assert (raised.due_at, raised.resolve_by, raised.urgency) == (at(23, 11), at(23, 14, 30), 3)
    lowered = USUAL.prioritised(raised, Priority.LOW, at(23, 10, 30))
    assert (lowered.due_at, lowered.resolve_by, lowered.urgency) == (at(23, 11), at(23, 14, 30), 0)


def test_a_ticket_that_was_answered_has_no_answer_to_bring_forward() -> None:
    answered = ticket(first_replied_at=at(23, 10, 5), status=TicketStatus.WAITING)
    assert USUAL.prioritised(answered, Priority.URGENT, at(23, 10, 30)).due_at == answered.due_at


def test_being_called_again_promises_another_answer_but_the_same_end() -> None:
    answered = ticket(first_replied_at=at(23, 10, 5), escalated_at=at(23, 10, 2))
    called = USUAL.called_again(answered, at(23, 14))
    assert (called.due_at, called.resolve_by) == (at(23, 16), answered.resolve_by)
    assert awaits_answer(called)
    assert called.escalated_at is None


@pytest.mark.parametrize(
    ("changes", "now", "broken"),
    [
        ({}, at(23, 12), None),
        ({}, at(23, 12, 1), Promise.ANSWER),
        ({"first_replied_at": at(23, 11)}, at(23, 12, 1), None),
        ({"first_replied_at": at(23, 11)}, at(25, 10, 1), Promise.RESOLUTION),
        ({}, at(25, 10, 1), Promise.RESOLUTION),
        ({"status": TicketStatus.RESOLVED}, at(25, 10, 1), None),
        ({"status": TicketStatus.CLOSED}, at(25, 10, 1), None),
    ],
)
def test_a_promise_is_broken_once_its_time_has_passed(
    changes: dict[str, object], now: datetime, broken: Promise | None
) -> None:
    found = broken_promise(ticket(**changes), now)
    assert (found and found[0]) == broken
    assert is_overdue(ticket(**changes), now) is (broken is not None)


def test_targets_are_read_in_minutes_hours_and_working_days() -> None:
    targets = targets_of("urgent=15m, LOW=1d", DAY, FIRST_RESPONSE)
    assert targets[Priority.URGENT] == timedelta(minutes=15)
    assert targets[Priority.LOW] == DAY
    assert targets[Priority.HIGH] == timedelta(hours=1)
    assert targets_of(RESOLUTION, DAY, RESOLUTION)[Priority.NORMAL] == 2 * DAY
    assert targets_of("low=1.5h", DAY, "urgent=1m, high=2m, normal=3m, low=4m")[Priority.LOW] == timedelta(
        minutes=90
    )


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("urgent=soon", "write it like"),
        ("critical=5m", "write it like"),
        ("30m", "write it like"),
        ("urgent=0m", "longer than nothing"),
        ("urgent=3h", "must not have a longer time"),
    ],
)
def test_unusable_targets_are_refused_with_what_is_accepted(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        targets_of(written, DAY, FIRST_RESPONSE)
