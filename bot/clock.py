"""The time, as something that can be handed over: +08:00, replaced in tests."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the current time, aware, in Asia/Shanghai."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, read in Asia/Shanghai."""

    def now(self) -> datetime:
        return datetime.now(SHANGHAI)
