"""One row of a bill, whichever channel wrote it."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from bot.sandbox.model import Channel


class Kind(str, Enum):
    """What a row did with money."""

    PAYMENT = "payment"
    REFUND = "refund"
    """Money went back; the row that brought it stays in its own bill."""
    REFUNDING = "refunding"
    """The channel took the refund on and has not paid it out."""
    REVOKED = "revoked"
    """The order was cancelled before any money moved."""


class Line(NamedTuple):
    """One row; `amount` in fen and never negative, `at` +08:00, an unnamed value is empty.

    `serial` is the channel's own number of the payment; a refund has its own number in `refund`.
    """

    line_id: str
    channel: Channel
    account: str
    kind: Kind
    serial: str
    order: str
    notice: str
    amount: int
    at: datetime
    payer: str = ""
    payer_account: str = ""
    item: str = ""
    refund: str = ""

    @property
    def signed(self) -> int:
        """What the row did to the account, in fen."""
        if self.kind is Kind.PAYMENT:
            return self.amount
        return -self.amount if self.kind is Kind.REFUND else 0


class Bill(NamedTuple):
    """A whole bill, checked against its own totals; one account, one day of the channel's."""

    channel: Channel
    account: str
    day: date
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """What the bill moved in all, in fen."""
        return sum(line.signed for line in self.lines)
