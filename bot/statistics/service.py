"""What happened on some days: counted once when they are over, and afresh as long as they are not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Callable, Mapping, Sequence

import structlog

from bot.clock import Clock
from bot.errors import HelpdeskError
from bot.statistics.counting import PARTS, Counting, Part, Tallies
from bot.statistics.model import Days, Tally, day_of, start_of
from bot.statistics.repository import Late, Misheard, Said
from bot.tickets.hours import WorkingHours

log = structlog.get_logger(__name__)

METHOD = 2
"""Goes up when something is counted differently: what was kept is then counted again."""
AT_ONCE = 7
"""Days that are counted in one go."""
LISTED = 30
"""Misunderstood messages, and residents' words, that are listed."""
EVERY_SECONDS = 3600.0
FRESH = timedelta(minutes=5)
"""So long what was counted of a day that is over, but not settled, is good enough to look at."""


@dataclass(frozen=True)
class Figures:
    """Everything that the head of the hotline sees of some days."""

    days: Days
    now: datetime
    total: Tally
    before: Tally
    daily: Mapping[date, Tally]
    misheard: Sequence[Misheard]
    said: Sequence[Said]
    late: Sequence[Late]
    watches: Mapping[str, int]
    notices: int
    requests: Mapping[str, int]
    proposals: Mapping[str, int]


class StatisticsService:
    """Reads and keeps through units of work of its own; `work` makes one."""

    def __init__(
        self, work: Callable[[], Any], clock: Clock, hours: WorkingHours, gap: timedelta, method: str = ""
    ) -> None:
        self._work = work
        self._clock = clock
        self._counting = Counting(hours, gap)
        self._method = method or f"{METHOD}-{gap // timedelta(minutes=1)}"

    def today(self) -> date:
        """Today in Shanghai."""
        return day_of(self._clock.now())

    async def figures(self, days: Days) -> Figures:
        """Everything about these days, beside what was counted of as many days before."""
        now = self._clock.now()
        daily = await self._tallies(Days(days.before.first, days.last), now)
        async with self._work() as work:
            store = work.statistics
            return Figures(
                days=days,
                now=now,
                total=_summed(daily, days),
                before=_summed(daily, days.before),
                daily={day: daily[day] for day in days},
                misheard=await store.misheard(days, LISTED),
                said=await store.said(days, LISTED),
                late=await store.late(now),
                watches=await store.watches(days),
                notices=await store.notices(days),
                requests=await store.requests(days),
                proposals=await store.proposals(days),
            )

    async def keep_up(self) -> int:
        """Counts what is settled and was not counted yet; returns how many parts of days that were."""
        now = self._clock.now()
        async with self._work() as work:
            first = await work.statistics.first_day()
            if first is None:
                return 0
            days = Days(first, day_of(now))
            counted = await work.statistics.counted(days, self._method)
        kept = 0
        for part in PARTS:
            missing = [
                day
                for day in days
                if part.is_settled(day, now)
                and not part.is_settled(day, counted.get((day, part.name), start_of(day)))
            ]
            for piece in pieces(missing):
                await self._count(part, piece, now)
            kept += len(missing)
        return kept

    async def run(self) -> None:
        """Keeps up at the start and every hour, until cancelled."""
        while True:
            try:
                await self.keep_up()
            except HelpdeskError as error:
                log.warning("statistics_wait", error=type(error).__name__)
            except Exception:
                log.exception("statistics_failed")
            await asyncio.sleep(EVERY_SECONDS)

    async def _tallies(self, days: Days, now: datetime) -> dict[date, Tally]:
        """A tally for each of these days: what is kept of it, and what is counted now."""
        async with self._work() as work:
            kept = await work.statistics.kept(days, self._method)
        tallies = {day: Tally() for day in days}
        for part in PARTS:
            known = {day: kept[day, part.name] for day in days if (day, part.name) in kept}
            good = [day for day, one in known.items() if _is_good(part, day, one.counted_at, now)]
            for day in good:
                tallies[day].include(known[day].tally)
            for piece in pieces([day for day in days if day not in good]):
                for day, tally in (await self._count(part, piece, now)).items():
                    tallies[day].include(tally)
        return tallies

    async def _count(self, part: Part, days: Days, now: datetime) -> Tallies:
        """Counts a part of some days, and keeps it: for good when it is settled, else for a few minutes.

        Today is not kept: it changes while one looks.
        """
        async with self._work() as work:
            found = await part.count(self._counting, work.statistics, days, now)
            for day in days:
                if day < day_of(now):
                    work.statistics.keep(day, part.name, self._method, found.get(day, Tally()), now)
            await work.commit()
        return found


def _is_good(part: Part, day: date, counted_at: datetime, now: datetime) -> bool:
    """True for what was counted when it was settled already, or lately."""
    return part.is_settled(day, counted_at) or now - counted_at < FRESH


def pieces(days: Sequence[date]) -> list[Days]:
    """Days in pieces that can be counted at once, without what lies between them."""
    found: list[Days] = []
    for day in days:
        if found and day - found[-1].last == timedelta(days=1) and found[-1].count < AT_ONCE:
            found[-1] = Days(found[-1].first, day)
        else:
            found.append(Days(day, day))
    return found


def _summed(daily: Mapping[date, Tally], days: Days) -> Tally:
    total = Tally()
    for day in days:
        total.include(daily[day])
    return total
