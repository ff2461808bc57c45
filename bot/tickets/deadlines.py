"""Until when a case is promised an answer and an end, by its priority and in working time.

A promise is brought forward when a case becomes more pressing, and never put off.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Optional

from bot.tickets.hours import WorkingHours, rounded
from bot.tickets.model import Priority, Ticket
from bot.tickets.priority import urgency_of

FIRST_RESPONSE = "urgent=30m, high=1h, normal=2h, low=4h"
RESOLUTION = "urgent=4h, high=1d, normal=2d, low=3d"

TARGET = re.compile(r"(urgent|high|normal|low)=(\d+(?:\.\d+)?)([mhd])")
Targets = Mapping[Priority, timedelta]


class Promise(str, Enum):
    """What was to happen in time."""

    ANSWER = "answer"
    """The first one."""
    REPLY = "reply"
    """To what a resident wrote who is served already."""
    RESOLUTION = "resolution"


def targets_of(written: str, day: timedelta, default: str) -> dict[Priority, timedelta]:
    """Reads `urgent=30m, high=1h, normal=2h, low=1d`: minutes, hours, working days of length `day`.

    A priority that is left out has its default. Raises ValueError with what is accepted.
    """
    found: dict[Priority, timedelta] = {}
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": day}
    for part in f"{default}, {written}".split(","):
        match = TARGET.fullmatch(part.strip().lower())
        if not match:
            raise ValueError(f"write it like {default} (m minutes, h hours, d working days)")
        found[Priority(match[1])] = float(match[2]) * units[match[3]]
    in_order = [found[priority] for priority in Priority]
    if not all(earlier > timedelta() for earlier in in_order):
        raise ValueError("every time must be longer than nothing")
    if in_order != sorted(in_order, reverse=True):
        raise ValueError("a higher priority must not have a longer time than a lower one")
    return found


@dataclass(frozen=True)
class Deadlines:
    """Working hours, and how much of them a priority may take until the first answer and until the end."""

    hours: WorkingHours
    first_response: Targets
    resolution: Targets

    @classmethod
    def usual(cls, hours: WorkingHours) -> "Deadlines":
        """The deadlines with nothing set."""
        return cls(
            hours,
            targets_of(FIRST_RESPONSE, hours.day, FIRST_RESPONSE),
            targets_of(RESOLUTION, hours.day, RESOLUTION),
        )

    def answer_by(self, priority: Priority, since: datetime) -> datetime:
        """When an answer is due that is asked for at `since`."""
        return rounded(self.hours.after(since, self.first_response[priority]))

    def resolve_by(self, priority: Priority, since: datetime) -> datetime:
        """When a case that begins at `since` should be ended."""
        return self.hours.after(since, self.resolution[priority])

    def begun(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket with both promises made now: opened, or taken up again."""
        return dataclasses.replace(
            ticket,
            urgency=urgency_of(ticket.priority, overdue=False),
            due_at=self.answer_by(ticket.priority, now),
            resolve_by=self.resolve_by(ticket.priority, now),
            first_replied_at=None,
            escalated_at=None,
            reply_by=None,
        )

    def called_again(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket with another answer promised, though it was answered before; its end stays promised."""
        due_at = self.answer_by(ticket.priority, now)
        return dataclasses.replace(
            ticket, due_at=due_at, first_replied_at=None, escalated_at=None, reply_by=None
        )

    def asked_on(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket with an answer promised to what a served resident wrote; to the first of it, if more."""
        return dataclasses.replace(ticket, reply_by=ticket.reply_by or self.answer_by(ticket.priority, now))

    def prioritised(self, ticket: Ticket, priority: Priority, now: datetime) -> Ticket:
        """The ticket with another priority: a higher one brings what is promised forward."""
        due_at, resolve_by = ticket.due_at, self.resolve_by(priority, now)
        if awaits_answer(ticket):
            due_at = min(due_at, self.answer_by(priority, now))
        reply_by = ticket.reply_by and min(ticket.reply_by, self.answer_by(priority, now))
        return dataclasses.replace(
            ticket,
            priority=priority,
            urgency=urgency_of(priority, is_overdue(ticket, now)),
            due_at=due_at,
            reply_by=reply_by,
            resolve_by=min(ticket.resolve_by or resolve_by, resolve_by),
        )


def awaits_answer(ticket: Ticket) -> bool:
    """True until somebody answered a live ticket for the first time since it was opened, or opened again."""
    return ticket.status.is_live and ticket.first_replied_at is None


def broken_promise(ticket: Ticket, now: datetime) -> Optional[tuple[Promise, datetime]]:
    """The promise that a live ticket broke last, and when; None while it keeps them all."""
    if not ticket.status.is_live:
        return None
    made = [(Promise.ANSWER, ticket.due_at if awaits_answer(ticket) else None)]
    made.append((Promise.REPLY, ticket.reply_by))
    made.append((Promise.RESOLUTION, ticket.resolve_by))
    broken = [(promise, at) for promise, at in made if at is not None and at < now]
    return max(broken, key=lambda one: one[1], default=None)


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """True while a live ticket has broken a promise."""
    return broken_promise(ticket, now) is not None
