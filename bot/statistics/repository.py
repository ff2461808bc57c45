"""What the statistics room needs from the store: rows that the database has counted already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Optional, Protocol

from bot.statistics.model import Days, Tally


@dataclass(frozen=True)
class Traffic:
    """Messages that came in one hour (+08:00) by one channel in one language."""

    day: date
    hour: int
    channel: str
    language: str
    count: int


@dataclass(frozen=True)
class Understood:
    """Messages of one day that meant the same."""

    day: date
    intent: str
    count: int


@dataclass(frozen=True)
class SessionCount:
    """Sessions that began on one day in one channel and language, and what is known of them by now.

    `ended` have been silent long enough to be over; `handed_off` of them had a person involved. Of
    `known_day` a whole day has passed since, and `contained` of them; of `known_week` 7 days, and `durable`.
    """

    day: date
    channel: str
    language: str
    started: int
    ended: int
    handed_off: int
    known_day: int
    contained: int
    known_week: int
    durable: int


@dataclass(frozen=True)
class Step:
    """A step of a case: opened, answered for the first time, or resolved.

    `since` is when the case was opened, or taken up again; `target` when the step was due as it was promised
    then.
    """

    at: datetime
    actor: str
    reason: str
    priority: str
    cause: str
    channel: str
    language: str
    since: datetime
    target: Optional[datetime]


@dataclass(frozen=True)
class Kept:
    """What was counted of a part of a day, and when."""

    tally: Tally
    counted_at: datetime


@dataclass(frozen=True)
class Done:
    """What one agent did on one day, by action."""

    day: date
    actor: str
    action: str
    count: int


@dataclass(frozen=True)
class Resolutions:
    """Cases that one agent resolved on one day: of `known` it is 7 days ago, `reopened` of them came back."""

    day: date
    actor: str
    resolved: int
    known: int
    reopened: int


@dataclass(frozen=True)
class Ratings:
    """Residents asked on one day how an agent's case went; no score while they have not answered."""

    day: date
    agent: str
    score: Optional[int]
    count: int


@dataclass(frozen=True)
class Said:
    """A resident's own words about a case."""

    at: datetime
    ticket_number: str
    score: Optional[int]
    words: str


@dataclass(frozen=True)
class Misheard:
    """The same words misunderstood so often, masked, and what they were mostly taken for."""

    text: str
    guess: str
    count: int
    last: datetime


@dataclass(frozen=True)
class Late:
    """Live cases of one priority now; how many wait too long for a first answer, or for their end."""

    priority: str
    live: int
    unanswered: int
    unresolved: int


class StatisticsStore(Protocol):
    """Counts by days of Shanghai; every answer is short, whatever was counted."""

    async def kept(self, days: Days, method: str) -> dict[tuple[date, str], Kept]: ...
    async def counted(self, days: Days, method: str) -> dict[tuple[date, str], datetime]: ...
    def keep(self, day: date, part: str, method: str, tally: Tally, now: datetime) -> None: ...
    async def first_day(self) -> Optional[date]: ...
    async def traffic(self, days: Days) -> list[Traffic]: ...
    async def understood(self, days: Days) -> list[Understood]: ...
    async def sessions(self, days: Days, gap: timedelta, now: datetime) -> list[SessionCount]: ...
    async def opened(self, days: Days) -> list[Step]: ...
    async def first_answers(self, days: Days) -> list[Step]: ...
    async def resolved(self, days: Days) -> list[Step]: ...
    async def done(self, days: Days) -> list[Done]: ...
    async def resolutions(self, days: Days, now: datetime) -> list[Resolutions]: ...
    async def ratings(self, days: Days) -> list[Ratings]: ...
    async def misheard(self, days: Days, limit: int) -> list[Misheard]: ...
    async def said(self, days: Days, limit: int) -> list[Said]: ...
    async def late(self, now: datetime) -> list[Late]: ...
    async def watches(self, days: Days) -> dict[str, int]: ...
    async def notices(self, days: Days) -> int: ...
    async def requests(self, days: Days) -> dict[str, int]: ...
    async def proposals(self, days: Days) -> dict[str, int]: ...
