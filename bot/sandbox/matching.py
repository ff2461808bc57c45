"""Which statement lines may belong to a payment, and what agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.sandbox.model import Candidate, Payment, StatementLine

WEIGHTS = {"serial_number": 50, "amount": 20, "payer_name": 15, "date": 10, "channel": 5}
"""What an agreement is worth, in hundredths of the score."""
LIKELY = 45
SAME_TIME = timedelta(days=3)


def candidates(payment: Payment, lines: Iterable[StatementLine]) -> list[Candidate]:
    """Likely lines that no other payment holds, best first."""
    free = (line for line in lines if line.taken_by in (None, payment.serial_number))
    compared = (compare(payment, line) for line in free)
    likely = [candidate for candidate in compared if candidate.score * 100 >= LIKELY]
    return sorted(likely, key=lambda candidate: (-candidate.score, candidate.line.line_id))


def compare(payment: Payment, line: StatementLine) -> Candidate:
    """What of the payment's notice agrees with the line, and what differs."""
    verdicts = {
        "serial_number": line.reference in payment.numbers,
        "amount": line.amount == payment.amount_due,
        "payer_name": line.counterparty == payment.payer.name,
        "date": payment.paid_at is not None and abs(line.booked_at - payment.paid_at) <= SAME_TIME,
        "channel": line.source is payment.channel,
    }
    agrees = tuple(field for field, same in verdicts.items() if same)
    differs = tuple(field for field, same in verdicts.items() if not same)
    return Candidate(line, sum(WEIGHTS[field] for field in agrees) / 100, agrees, differs)
