"""How many are ahead of somebody who waits for a person, and how long that takes, judged by recent waits.

A wait is measured in working time, from opening to the first answer, and shared out over the places in front
of it: that is the pace. The middle pace and the slow one (four of five were quicker) times the places ahead
make the range, stretched or shortened when fewer or more agents answer than did then. With fewer than
`LEAST_WAITS` waits to judge by, nothing is said about time: the promise stands for itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

from bot.tickets.hours import STEP, WorkingHours, rounded
from bot.tickets.model import Ticket, Wait
from bot.tickets.repository import Work

RECENT = timedelta(days=14)
MOST_WAITS = 100
LEAST_WAITS = 5
SLOW = 0.8
ACTIVE_WITHIN = timedelta(hours=1)
"""An agent who did something this lately is at work."""
LEAST_STRETCH, MOST_STRETCH = 0.5, 2.0
SPARE = timedelta(minutes=1)
"""So little over five minutes does not make ten of them."""


@dataclass(frozen=True)
class Expected:
    """A range of working time from now, and the moments (+08:00) where it ends up."""

    shortest: timedelta
    longest: timedelta
    earliest: datetime
    latest: datetime


@dataclass(frozen=True)
class Place:
    """How many people are ahead; the expected time, where there is enough to judge by; when the desk opens,
    if it is closed now."""

    ahead: int
    expected: Optional[Expected] = None
    opens_at: Optional[datetime] = None


class WaitingLine:
    """Reads the line in the order in which agents work on it."""

    def __init__(self, hours: WorkingHours) -> None:
        self._hours = hours

    async def place_of(self, work: Work, ticket: Ticket, now: datetime) -> Place:
        """Where a ticket that waits for an answer stands."""
        ahead = await work.queue.ahead_of(ticket, now)
        opens_at = None if self._hours.is_open(now) else self._hours.next_opening(now)
        return Place(ahead, await self._expected(work, ticket, ahead, now), opens_at)

    async def _expected(self, work: Work, ticket: Ticket, ahead: int, now: datetime) -> Optional[Expected]:
        waits = await work.queue.recent_waits(now - RECENT, MOST_WAITS)
        alike = [wait for wait in waits if wait.priority is ticket.priority]
        paces = self._paces(alike if len(alike) >= LEAST_WAITS else waits, waits)
        if len(paces) < LEAST_WAITS:
            return None
        at_work = await work.queue.agents_at_work(now - ACTIVE_WITHIN)
        if at_work == 0 and self._hours.is_open(now - ACTIVE_WITHIN):
            return None  # nobody can say when somebody will be there
        places = (ahead + 1) * _stretch(usual=_usual_agents(waits), at_work=at_work)
        return self._range(_share(paces, 0.5) * places, _share(paces, SLOW) * places, now)

    def _paces(self, waits: Sequence[Wait], everybody: Sequence[Wait]) -> list[timedelta]:
        """Working time per place, of each wait, the shortest first."""
        return sorted(
            self._hours.between(wait.created_at, wait.replied_at) / (_ahead_then(wait, everybody) + 1)
            for wait in waits
        )

    def _range(self, shortest: timedelta, longest: timedelta, now: datetime) -> Expected:
        low = math.floor(shortest / STEP) * STEP
        high = max(1, math.ceil((longest - SPARE) / STEP)) * STEP
        return Expected(
            low,
            high,
            rounded(self._hours.after(now, low), down=True),
            rounded(self._hours.after(now, high)),
        )


def _ahead_then(wait: Wait, everybody: Sequence[Wait]) -> int:
    """How many were waiting already when this one began, and were as pressing."""
    return sum(
        other.created_at < wait.created_at < other.replied_at and other.priority.rank >= wait.priority.rank
        for other in everybody
    )


def _usual_agents(waits: Sequence[Wait]) -> float:
    """How many different agents answered around the same time, in the middle of all waits."""
    counts = sorted(
        len({other.agent for other in waits if abs(other.replied_at - wait.replied_at) <= ACTIVE_WITHIN})
        for wait in waits
    )
    return counts[len(counts) // 2]


def _stretch(usual: float, at_work: int) -> float:
    if at_work == 0:  # the desk has just opened, or it is night: they will be there as usual
        return 1.0
    return min(MOST_STRETCH, max(LEAST_STRETCH, usual / at_work))


def _share(paces: Sequence[timedelta], share: float) -> timedelta:
    """The pace that this share of all did not exceed."""
    return paces[max(0, math.ceil(share * len(paces)) - 1)]
