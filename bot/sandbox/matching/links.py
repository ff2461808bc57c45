"""Which order a bill line pays, by what it names: its order, else the channel's number, else its notice."""

from __future__ import annotations

from collections.abc import Container

from bot.sandbox.bills.line import Line
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.books.order import Order
from bot.sandbox.matching.slips import meant
from bot.sandbox.model import Channel, Payment


class Links:
    """Finds orders in one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def order_for(self, line: Line) -> Order | None:
        """The order that the line names; None when it names none that is on the books."""
        return self._by_order(line) or self._by_serial(line) or self._by_notice(line)

    def _by_order(self, line: Line) -> Order | None:
        orders = self._ledger.orders
        named = orders.get(line.order)
        if named is None and line.order and line.channel is Channel.COUNTER:
            named = orders.get(meant(line.order, orders))
        return named if named is not None and named.channel is line.channel else None

    def _by_serial(self, line: Line) -> Order | None:
        payment = self._ledger.find(line.serial)
        if payment is None or payment.channel is not line.channel or payment.serial_number != line.serial:
            return None
        return self._ledger.orders[payment.merchant_order]

    def _by_notice(self, line: Line) -> Order | None:
        """The notice's payment on this channel that has no line: of the same amount, else the earliest."""
        waiting = [
            payment
            for payment in self._ledger.of_notice(line.notice)
            if line.notice and payment.line_id is None and payment.channel is line.channel
        ]
        best = min(waiting, key=lambda payment: _nearness(payment, line), default=None)
        return self._ledger.orders[best.merchant_order] if best else None


def _nearness(payment: Payment, line: Line) -> tuple[bool, str, str]:
    paid_at = (payment.paid_at or payment.updated_at).isoformat()
    return payment.amount_paid != line.amount, paid_at, payment.merchant_order


def found_order(line: Line, notice_number: str, orders: Container[str]) -> Order:
    """An order for a payment that only its bill tells of (补单); it goes by a number of the line's."""
    number = line.order if line.order and line.order not in orders else line.serial
    return Order(
        merchant_order=number,
        notice_number=notice_number,
        channel=line.channel,
        account=line.account,
        opened_at=line.at,
        serial=line.serial,
        item=line.item,
        payer_account=line.payer_account,
    )
