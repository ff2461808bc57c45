"""What became of a file's lines, once every case that they touch was gone through."""

from __future__ import annotations

from collections import Counter

from bot.sandbox.bills.line import Kind
from bot.sandbox.books.arrival import Arrival, Content
from bot.sandbox.casework import Casework
from bot.sandbox.matching.classes import Class, classes_of_line


def worked_through(casework: Casework, arrival: Arrival) -> Arrival:
    """The arrival with what was matched and the class of every fen of its bill, as they are now."""
    if arrival.content is not Content.BILL or arrival.channel is None or arrival.day is None:
        return arrival._replace(worked=True)
    lines: Counter[Class] = Counter()
    fen: Counter[Class] = Counter()
    matched = 0
    for line in casework.ledger.lines_of((arrival.channel, arrival.account, arrival.day)):
        payment = casework.payment_for(line)
        matched += line.kind is Kind.PAYMENT and payment is not None and payment.booked
        for share in classes_of_line(line, payment, casework.returned_of(payment) if payment else 0):
            lines[share.kind] += 1
            fen[share.kind] += share.fen
    shares = tuple((kind.value, lines[kind], fen[kind]) for kind in Class if lines[kind])
    return arrival._replace(worked=True, matched=matched, shares=shares)
