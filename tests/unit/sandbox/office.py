"""A bureau of its own for the tests: no seed, no world, a clock that stands where it is put."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.sandbox.bills.line import Bill, Kind, Line
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.casework import Casework
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.model import Channel, Payment, Reason, State
from bot.sandbox.schedule import billing_day

WECHAT, ALIPAY, UNIONPAY = Channel.WECHAT_PAY, Channel.ALIPAY, Channel.UNIONPAY
BANK, COUNTER = Channel.BANK_TRANSFER, Channel.COUNTER
ITEM = "居民身份证换领工本费"


def shanghai(text: str) -> datetime:
    """`YYYY-MM-DD HH:MM` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


MONDAY = shanghai("2026-11-23 11:00")
BOOKING = shanghai("2026-11-26 17:00")
"""A working day late enough for everything that was paid on Monday."""


def notice(number: int = 1, amount: int = 2000, name: str = "王小明", **more: object) -> Notice:
    """A notice, issued the week before."""
    fields = {"payer_last4": "1234", "issued_at": MONDAY - timedelta(days=7), "item": ITEM, **more}
    return Notice(number=f"3100002611230000{number:04d}", amount=amount, payer_name=name, **fields)  # type: ignore[arg-type]


def order(number: int = 1, of: int | str = 1, channel: Channel = WECHAT, **more: object) -> Order:
    """An order for a notice, opened on Monday."""
    named = of if isinstance(of, str) else f"3100002611230000{of:04d}"
    fields = {"opened_at": MONDAY, "account": "A1", **more}
    return Order(f"HZ{number:06d}", named, channel, **fields)  # type: ignore[arg-type]


def word(number: int = 1, amount: int = 2000, at: datetime = MONDAY, **more: object) -> Word:
    """The channel tells that the order was paid."""
    fields = {"outcome": Outcome.PAID, "heard_at": at, "heard": Heard.CALLBACK, **more}
    return Word(f"HZ{number:06d}", f"CH{number:06d}", amount=amount, at=at, **fields)  # type: ignore[arg-type]


def line(number: int = 1, amount: int = 2000, channel: Channel = WECHAT, **more: object) -> Line:
    """The bill's row of the order of that number."""
    serial = str(more.pop("serial", f"CH{number:06d}"))
    kind = more.get("kind", Kind.PAYMENT)
    line_id = f"SL-{serial}" if kind is Kind.PAYMENT else f"SL-{kind}-{serial}"
    fields: dict[str, object] = {"account": "A1", "order": f"HZ{number:06d}", "notice": "", "at": MONDAY}
    fields |= {"kind": kind, **more}
    return Line(line_id, channel, serial=serial, amount=amount, **fields)  # type: ignore[arg-type]


def bill(*lines: Line, channel: Channel = WECHAT, day: datetime = MONDAY) -> Bill:
    """The bill of one day, of one account."""
    return Bill(channel, "A1", billing_day(channel, day), lines)


class Desk:
    """A casework and what came of it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.casework = Casework(self.ledger, lambda: None)

    def know(self, *known: Notice | Order | Word, at: datetime = MONDAY) -> Desk:
        """Put notices, orders and words on the books, in this order."""
        for thing in known:
            if isinstance(thing, Notice):
                self.casework.announce(thing)
            elif isinstance(thing, Order):
                self.casework.open(thing, at)
            else:
                self.casework.hear(thing, at)
        return self

    def get(self, *bills: Bill, at: datetime = BOOKING) -> Desk:
        """Import bills, then go through the books."""
        for arrived in bills:
            self.casework.import_bill(arrived, at)
        return self.run(at)

    def run(self, at: datetime = BOOKING) -> Desk:
        """Go through the books."""
        self.casework.run(at)
        return self

    def payment(self, number: int = 1) -> Payment:
        """The payment of the order of that number."""
        found = self.ledger.payment(f"HZ{number:06d}")
        assert found is not None
        return found

    def verdict(self, number: int = 1) -> tuple[State, Reason | None]:
        """Where that payment stands."""
        payment = self.payment(number)
        return payment.state, payment.reason
