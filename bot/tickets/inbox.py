"""What an agent wants listed: a tab of the inbox, narrowed by words, a tag, a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Tab(str, Enum):
    """The inbox's tabs, in their order. All but the last two list what somebody still works on."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    LIVE = "live"
    """Nobody has put it aside."""
    WAITING = "waiting"
    """An agent answered, the resident did not."""
    SNOOZED = "snoozed"
    OVERDUE = "overdue"
    """A promise is broken: see bot.tickets.deadlines."""
    RESOLVED = "resolved"
    ALL = "all"


COUNTED_UP_TO = 1000
"""Nobody needs to know that there are 43 210; counting so far is cheap."""


@dataclass(frozen=True)
class Sought:
    """One listing: for which agent, when, and what narrows it."""

    tab: Tab
    agent: str
    now: datetime
    words: str = ""
    tag: str = ""
    channel: str = ""

    @property
    def is_narrowed(self) -> bool:
        """True when words or a tag leave a limited number of tickets."""
        return bool(self.words or self.tag)
