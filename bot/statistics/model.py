"""What is counted: days of Shanghai, and tallies of what happened on them."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Iterator, Mapping, Optional

from bot.clock import SHANGHAI
from bot.errors import InvalidInput

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST = 731
"""Days that are looked at together, at most."""


@dataclass(frozen=True)
class Days:
    """Whole days of Shanghai from `first` to `last`, both counted."""

    first: date
    last: date

    @classmethod
    def read(cls, first: str, last: str, today: date) -> "Days":
        """The days between two as in 2026-11-23, not after today.

        Raises InvalidInput("bad_day" | "days_reversed" | "days_ahead" | "too_many_days").
        """
        days = cls(_day(first), _day(last))
        if days.first > days.last:
            raise InvalidInput("days_reversed")
        if days.last > today:
            raise InvalidInput("days_ahead")
        if days.count > LONGEST:
            raise InvalidInput("too_many_days")
        return days

    @classmethod
    def until(cls, last: date, count: int) -> "Days":
        """So many days that end with `last`."""
        return cls(last - timedelta(days=count - 1), last)

    @property
    def count(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Days":
        """As many days just before them."""
        return Days.until(self.first - timedelta(days=1), self.count)

    @property
    def start(self) -> datetime:
        """The first moment (+08:00)."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is theirs no more (+08:00)."""
        return start_of(self.last + timedelta(days=1))

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=count) for count in range(self.count))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


class Tally:
    """Counts by path, as in `messages/channel/web`; tallies of different days add up."""

    def __init__(self, counts: Optional[Mapping[str, int]] = None) -> None:
        self.counts: Counter[str] = Counter(counts or {})

    def add(self, *path: object, by: int = 1) -> None:
        """Counts something once more, or `by` times."""
        if by:
            self.counts["/".join(str(part) for part in path)] += by

    def include(self, other: "Tally") -> None:
        """Adds another tally's counts."""
        self.counts.update(other.counts)

    def of(self, *path: object) -> int:
        """What was counted under exactly this path."""
        return self.counts["/".join(str(part) for part in path)]

    def under(self, *path: object) -> dict[str, int]:
        """What was counted one step further than this path, by the last step."""
        start = "/".join(str(part) for part in path) + "/"
        return {
            name[len(start) :]: count
            for name, count in self.counts.items()
            if name.startswith(start) and "/" not in name[len(start) :]
        }

    def names(self, *path: object) -> list[str]:
        """The different next steps after this path, in order."""
        start = "/".join(str(part) for part in path) + "/"
        found = {name[len(start) :].split("/")[0] for name in self.counts if name.startswith(start)}
        return sorted(found)


@dataclass(frozen=True)
class Share:
    """A part of a whole, shown with both; the rate of nothing is unknown, not zero."""

    part: int
    whole: int

    @property
    def rate(self) -> Optional[float]:
        """From 0 to 1, or None when there was nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Spread:
    """How long something took, in working minutes: how often by bucket (its lower end)."""

    buckets: Mapping[int, int]

    @property
    def count(self) -> int:
        """How many were measured."""
        return sum(self.buckets.values())

    def quantile(self, q: float) -> Optional[int]:
        """The bucket within which a share `q` of them ended, or None when nothing was measured."""
        wanted = math.ceil(q * self.count)
        for minutes in sorted(self.buckets):
            wanted -= self.buckets[minutes]
            if wanted <= 0:
                return minutes
        return None


def bucket(minutes: float) -> int:
    """The lower end of a duration's bucket: by the minute up to an hour, then by 5, from a day on by 30."""
    whole = max(0, int(minutes))
    step = 1 if whole < 60 else 5 if whole < 510 else 30
    return whole - whole % step


def start_of(day: date) -> datetime:
    """A day's first moment in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def day_of(moment: datetime) -> date:
    """The day in Shanghai that a moment belongs to."""
    return moment.astimezone(SHANGHAI).date()


def _day(text: str) -> date:
    # Python 3.11 reads more spellings than 3.10; one is enough.
    if not DAY.fullmatch(text):
        raise InvalidInput("bad_day")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("bad_day") from None
