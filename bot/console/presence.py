"""Which agents look at a resident's tickets now, and who of them is writing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

HERE_FOR = timedelta(seconds=15)
"""How long a sign of life counts; an open page gives one every 5 seconds."""

TYPING_FOR = timedelta(seconds=6)
"""How long a stroke of a key counts; a page that is written on tells every 3 seconds."""


@dataclass(frozen=True)
class Present:
    """One agent on one ticket."""

    agent: str
    ticket_number: str
    is_typing: bool
