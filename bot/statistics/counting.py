"""From what the database counted to a tally a day. A part settles when nothing can change it any more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Awaitable, Callable, Iterable, Mapping

from bot.statistics.model import Days, Tally, bucket, day_of, start_of
from bot.statistics.repository import SessionCount, StatisticsStore, Step
from bot.tickets.hours import WorkingHours

Tallies = Mapping[date, Tally]

LATE_COMERS = timedelta(hours=1)
"""After a day is over: what was accepted at its very end may still be being answered."""
MINUTE = timedelta(minutes=1)
FATES = ("started", "ended", "handed_off", "known_day", "contained", "known_week", "durable")


@dataclass(frozen=True)
class Part:
    """Some of what is counted of a day; it is settled so long after the day is over."""

    name: str
    settles_after: timedelta
    count: Callable[["Counting", StatisticsStore, Days, datetime], Awaitable[Tallies]]

    def is_settled(self, day: date, now: datetime) -> bool:
        """True when counting it again later would find the same."""
        return start_of(day + timedelta(days=1)) + self.settles_after <= now


class Counting:
    """Counts the parts of days; `gap` is the silence after which a session is over."""

    def __init__(self, hours: WorkingHours, gap: timedelta) -> None:
        self._hours = hours
        self._gap = gap

    async def events(self, store: StatisticsStore, days: Days, now: datetime) -> Tallies:
        """What happened on each day: messages, and steps of cases."""
        tallies: dict[date, Tally] = defaultdict(Tally)
        for some in await store.traffic(days):
            tally = tallies[some.day]
            tally.add("messages", "all", by=some.count)
            tally.add("messages", "when", some.day.weekday(), some.hour, by=some.count)
            tally.add("messages", "channel", some.channel, by=some.count)
            tally.add("messages", "language", some.language, by=some.count)
        for meant in await store.understood(days):
            tallies[meant.day].add("intents", meant.intent, by=meant.count)
        for done in await store.done(days):
            if done.action == "left":
                tallies[done.day].add("causes", "left", by=done.count)
            else:
                tallies[done.day].add(done.action, "agent", done.actor, by=done.count)
        for step in await store.opened(days):
            _opened(tallies[day_of(step.at)], step)
        self._measure(tallies, "answer", await store.first_answers(days))
        self._measure(tallies, "resolution", resolved := await store.resolved(days))
        for step in resolved:
            tallies[day_of(step.at)].add("causes", step.cause or "none")
        return tallies

    async def outcomes(self, store: StatisticsStore, days: Days, now: datetime) -> Tallies:
        """What became of what began on each day: sessions, cases resolved, residents asked for a score."""
        tallies: dict[date, Tally] = defaultdict(Tally)
        for sessions in await store.sessions(days, self._gap, now):
            _sessions(tallies[sessions.day], sessions)
        for ended in await store.resolutions(days, now):
            tally = tallies[ended.day]
            tally.add("resolved", "all", by=ended.resolved)
            tally.add("resolved", "known", by=ended.known)
            tally.add("resolved", "reopened", by=ended.reopened)
            tally.add("resolved", "known_of", ended.actor, by=ended.known)
            tally.add("resolved", "reopened_of", ended.actor, by=ended.reopened)
        for rated in await store.ratings(days):
            tally = tallies[rated.day]
            tally.add("ratings", "asked", by=rated.count)
            if rated.score is not None:
                tally.add("ratings", "score", rated.score, by=rated.count)
                tally.add("ratings", "of", rated.agent, rated.score, by=rated.count)
        return tallies

    def _measure(self, tallies: dict[date, Tally], what: str, steps: Iterable[Step]) -> None:
        for step in steps:
            tally = tallies[day_of(step.at)]
            minutes = bucket(self._hours.between(step.since, step.at) / MINUTE)
            for place in (("priority", step.priority), ("of", step.actor)):
                tally.add(what, *place, "minutes", minutes)
                if step.target is not None:
                    tally.add(what, *place, "in_time" if step.at <= step.target else "late")


def _opened(tally: Tally, step: Step) -> None:
    tally.add("opened", "all")
    tally.add("opened", "reason", step.reason)
    tally.add("opened", "channel", step.channel)
    tally.add("opened", "language", step.language)


def _sessions(tally: Tally, sessions: SessionCount) -> None:
    for fate in FATES:
        count = getattr(sessions, fate)
        tally.add("sessions", "all", fate, by=count)
        tally.add("sessions", "channel", sessions.channel, fate, by=count)
        tally.add("sessions", "language", sessions.language, fate, by=count)


PARTS = (
    Part("events", LATE_COMERS, Counting.events),
    Part("outcomes", timedelta(days=9), Counting.outcomes),
)
"""A session is followed for two days, and for a week after."""
