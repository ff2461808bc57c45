"""Which order a bill line pays, by what it names: its order, else the channel's number, else its notice."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

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
            near = meant(line.order, orders)
            named = orders[near.pop()] if len(near) == 1 else None
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
        best = min(waiting, key=lambda payment: self._nearness(payment, line), default=None)
        return self._ledger.orders[best.merchant_order] if best else None

    def _nearness(self, payment: Payment, line: Line) -> tuple[bool, bool, datetime, str]:
        """Lower is nearer: the same amount, told as paid, opened earlier."""
        amount = payment.amount_due if payment.amount_paid is None else payment.amount_paid
        opened_at = self._ledger.orders[payment.merchant_order].opened_at
        return amount != line.amount, payment.paid_at is None, opened_at, payment.merchant_order


def found_order(line: Line, notice_number: str, orders: Container[str]) -> Order:
    """An order for a payment that only its bill tells of (补单); it goes by a free number of the line's."""
    numbers = (line.order, line.serial, line.line_id)
    number = next(number for number in numbers if number and number not in orders)
    return Order(
        merchant_order=number,
        notice_number=notice_number,
        channel=line.channel,
        account=line.account,
        opened_at=line.at,
        serial=line.serial,
        item=line.item,
        payer_account=line.payer_account,
        found=True,
    )
