"""A file that came: what was in it and what became of it, or why it was refused."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from bot.sandbox.model import Channel


class Content(str, Enum):
    """What a file holds."""

    BILL = "bill"
    NOTICES = "notices"
    RECORDS = "records"
    INCIDENTS = "incidents"
    RECEIPTS = "receipts"
    UNKNOWN = "unknown"
    """Nobody could tell: it was refused before that."""


class Arrival(NamedTuple):
    """One file by its content: the same bytes are the same file, whatever its name; sums in fen.

    `refusal` is empty for a file that is on the books. `worked` says whether every case that it touched was
    gone through; until then `matched` and `shares` wait.
    """

    checksum: str
    name: str
    came_at: datetime
    came_by: str
    content: Content = Content.UNKNOWN
    channel: Channel | None = None
    account: str = ""
    day: date | None = None
    rows: int = 0
    new: int = 0
    total: int = 0
    matched: int = 0
    shares: tuple[tuple[str, int, int], ...] = ()
    """Class, lines and fen of the file's lines, as they were when it was worked through."""
    worked: bool = False
    refusal: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it is on the books."""
        return not self.refusal
