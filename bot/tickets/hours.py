"""The agents' working hours: when a promised answer falls, and when the desk opens again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.clock import SHANGHAI
from bot.payments.calendar import is_working_day

STEP = timedelta(minutes=5)


def rounded(moment: datetime, down: bool = False) -> datetime:
    """The full five minutes after a moment, or before it: what is said and promised is no stopwatch's."""
    local = moment.astimezone(SHANGHAI).replace(second=0, microsecond=0)
    over = timedelta(minutes=local.minute) % STEP
    return local if not over else local - over if down else local - over + STEP


@dataclass(frozen=True)
class WorkingHours:
    """From `opens` to `closes` (+08:00) on China's working days, make-up days included."""

    opens: time
    closes: time

    @property
    def day(self) -> timedelta:
        """How long a working day is."""
        return datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)

    def is_open(self, at: datetime) -> bool:
        """True while agents are at work."""
        local = at.astimezone(SHANGHAI)
        working, _ = is_working_day(local.date())
        return working and self.opens <= local.time() < self.closes

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself while open, else the next moment the desk opens."""
        if self.is_open(at):
            return at
        local = at.astimezone(SHANGHAI)
        day = local.date()
        if local.time() >= self.opens:
            day += timedelta(days=1)
        while not is_working_day(day)[0]:
            day += timedelta(days=1)
        return datetime.combine(day, self.opens, SHANGHAI)

    def after(self, at: datetime, working_time: timedelta) -> datetime:
        """The moment when `working_time` of open hours has passed since `at`."""
        moment = self.next_opening(at)
        left = working_time
        while True:
            local = moment.astimezone(SHANGHAI)
            closing = self._closing(local)
            if local + left <= closing:
                return local + left
            left -= closing - local
            moment = self.next_opening(closing)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open hours between two moments; none when `end` is not the later one."""
        passed = timedelta()
        moment = self.next_opening(start)
        while moment < end:
            closing = self._closing(moment)
            passed += min(end, closing) - moment
            moment = self.next_opening(closing)
        return passed

    def _closing(self, at: datetime) -> datetime:
        return datetime.combine(at.astimezone(SHANGHAI).date(), self.closes, SHANGHAI)
