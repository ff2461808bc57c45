"""Staff search: which payments match, newest first, a page at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from heapq import nlargest

from bot.sandbox.model import Payment, State
from bot.sandbox.problems import InvalidRequest


@dataclass(frozen=True)
class Search:
    """What staff look for; both days belong to the range."""

    words: str = ""
    paid_from: date | None = None
    paid_to: date | None = None
    state: State | None = None

    def finds(self, payment: Payment) -> bool:
        """Whether the payment matches everything asked for."""
        return self._names(payment) and self._dates(payment) and self.state in (None, payment.state)

    def _names(self, payment: Payment) -> bool:
        return not self.words or self.words in payment.numbers or self.words in payment.payer.name

    def _dates(self, payment: Payment) -> bool:
        if payment.paid_at is None:
            return self.paid_from is None and self.paid_to is None
        paid_on = payment.paid_at.date()
        return (self.paid_from or paid_on) <= paid_on <= (self.paid_to or paid_on)


def page(
    payments: Iterable[Payment], search: Search, cursor: str | None, limit: int
) -> tuple[list[Payment], str | None]:
    """The matches after the cursor and the next page's cursor, None on the last."""
    last = _decoded(cursor) if cursor is not None else None
    fits = (one for one in payments if search.finds(one) and (last is None or _place(one) < last))
    found = nlargest(limit + 1, fits, key=_place)
    shown = found[:limit]
    return shown, _encoded(shown[-1]) if len(found) > limit else None


def _place(payment: Payment) -> tuple[str, str]:
    return (payment.paid_at or payment.updated_at).isoformat(), payment.serial_number


def _encoded(payment: Payment) -> str:
    return base64.urlsafe_b64encode("|".join(_place(payment)).encode()).decode()


def _decoded(cursor: str) -> tuple[str, str]:
    try:
        at, serial_number = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().split("|")
    except ValueError:
        raise InvalidRequest("cursor must be one from an earlier answer") from None
    return at, serial_number
