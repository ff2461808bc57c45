"""What really happened with one payment: the truth that the bureau has to find out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.sandbox.bills.line import Line
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Word
from bot.sandbox.model import Reason


@dataclass(frozen=True)
class Stated:
    """A row of the channel's bill of `day`; of a late addition to it when `issued_at` is told."""

    line: Line
    day: date
    issued_at: datetime | None = None


@dataclass(frozen=True)
class Deal:
    """A notice, and how it was paid: the order, what the channel told, what its bills hold."""

    notice: Notice
    order: Order | None = None
    words: tuple[Word, ...] = ()
    stated: tuple[Stated, ...] = ()
    taken_up_at: datetime | None = None
    refund_asked_at: datetime | None = None
    cause: Reason | None = None
    """What went wrong; None when nothing did."""
