"""How well a bill line fits a payment, from 0 to 1, and when that is enough to match them unasked.

    score = Σ weight · agreement / Σ weight, over the fields that both sides know

    reference     40   1 when the line names the payment, 0 when it names another, ½ when it names none
    amount        25   1 to the fen, else 0
    payer_name    20   1 the same, 0.8 with stars, 0.6 sounds alike, 0.5 one character apart, else 0
    account       15   the paying account's last four
    date          10   1 in the channel's time, ½ up to three days beyond, else 0
    channel        5

A line that names nothing and agrees in all else scores 0.80 or more: enough to match it, if it is the
payment's best line, the payment is its best too, and each second best is a clear step below. A starred
name scores less.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.matching.names import likeness
from bot.sandbox.model import Candidate, Channel
from bot.sandbox.schedule import BANK_TRANSFER_DAYS, bill_ready, billing_day
from bot.sandbox.workdays import working_days_before

WEIGHTS = {"serial_number": 40, "amount": 25, "payer_name": 20, "account": 15, "date": 10, "channel": 5}
AGREES = 0.8
AUTOMATIC = 0.80
MARGIN = 0.10
LIKELY = 0.45
MOST_CANDIDATES = 10
EARLIER = timedelta(hours=1)
BEYOND = timedelta(days=3)
TAIL = 4

Fit = TypeVar("Fit")


class Claim(NamedTuple):
    """A payment that waits for its line, and what is known of it; `amount` in fen."""

    merchant_order: str
    numbers: frozenset[str]
    channel: Channel
    amount: int
    payer: str
    payer_account: str
    paid_at: datetime

    @property
    def closes(self) -> datetime:
        """When every line that may belong to it is in."""
        return bill_ready(self.channel, self.paid_at, next_bill=self.channel is not Channel.BANK_TRANSFER)

    @property
    def last_day(self) -> date:
        """The day up to which statements have to be in before none of them can hold its line any more."""
        if self.channel is Channel.BANK_TRANSFER:
            return working_days_before(self.closes.date(), 1)
        return billing_day(self.channel, self.paid_at)


def compare(line: Line, claim: Claim) -> Candidate:
    """The line beside the payment: what agrees, what differs; what one side lacks is in neither."""
    agreements = _agreements(line, claim)
    weight = sum(WEIGHTS[field] for field in agreements)
    score = sum(WEIGHTS[field] * agreement for field, agreement in agreements.items()) / weight
    told = {field: agreement for field, agreement in agreements.items() if field != "serial_number"}
    if names_something(line):
        told = agreements
    agrees = tuple(field for field, agreement in told.items() if agreement >= AGREES)
    differs = tuple(field for field, agreement in told.items() if agreement < AGREES)
    return Candidate(line, round(score, 4), agrees, differs)


def _agreements(line: Line, claim: Claim) -> dict[str, float]:
    found = {
        "serial_number": _reference(line, claim),
        "amount": float(line.amount == claim.amount),
    }
    if line.payer and claim.payer:
        found["payer_name"] = likeness(line.payer, claim.payer)
    if line.payer_account and claim.payer_account:
        found["account"] = float(line.payer_account[-TAIL:] == claim.payer_account[-TAIL:])
    found["date"] = _date(line, claim)
    found["channel"] = float(line.channel is claim.channel)
    return found


def names_something(line: Line) -> bool:
    """Whether the line says what it pays; a transfer's own flow number says nothing."""
    return bool(line.order or line.notice)


def _reference(line: Line, claim: Claim) -> float:
    if not claim.numbers.isdisjoint((line.order, line.notice, line.serial)):
        return 1.0
    return 0.0 if names_something(line) else 0.5


def _date(line: Line, claim: Claim) -> float:
    days = BANK_TRANSFER_DAYS if claim.channel is Channel.BANK_TRANSFER else 1
    latest = claim.paid_at + timedelta(days=days)
    if claim.channel is Channel.BANK_TRANSFER and latest < line.at < claim.closes:
        return 1.0  # its working days may lie around a weekend
    if claim.paid_at - EARLIER <= line.at <= latest:
        return 1.0
    return 0.5 if claim.paid_at - BEYOND <= line.at <= latest + BEYOND else 0.0


def candidates(claim: Claim, lines: Iterable[Line]) -> list[Candidate]:
    """The likely lines for one payment, best first."""
    compared = (compare(line, claim) for line in lines if line.kind is Kind.PAYMENT)
    likely = [candidate for candidate in compared if candidate.score >= LIKELY]
    return sorted(likely, key=_best_first)[:MOST_CANDIDATES]


def _best_first(candidate: Candidate) -> tuple[float, str]:
    return -candidate.score, candidate.line.line_id


def certain(
    lines: Iterable[Line], claims: Iterable[Claim], doubtful: Iterable[Claim] = ()
) -> list[tuple[Line, Claim]]:
    """The pairs that need no person: each other's best, good enough, nothing else near; in any order.

    Only what agrees in amount and name can be good enough, so only that is compared. What is `doubtful` gets
    no line and stands in the way: it has one that may not be its own.
    """
    rivals = frozenset(doubtful)
    alike: dict[tuple[int, str], list[Claim]] = {}
    for claim in (*claims, *rivals):
        if claim.payer:
            alike.setdefault((claim.amount, claim.payer), []).append(claim)
    for_line: dict[str, list[tuple[float, Claim]]] = {}
    for_claim: dict[Claim, list[tuple[float, Line]]] = {}
    for line in lines:
        for claim in alike.get((line.amount, line.payer), ()):
            score = compare(line, claim).score
            for_line.setdefault(line.line_id, []).append((score, claim))
            for_claim.setdefault(claim, []).append((score, line))
    best = ((_clear_best(scored), claim) for claim, scored in for_claim.items() if claim not in rivals)
    pairs = [(line, claim) for line, claim in best if line and _clear_best(for_line[line.line_id]) == claim]
    return sorted(pairs, key=lambda pair: pair[0].line_id)


def _clear_best(scored: list[tuple[float, Fit]]) -> Fit | None:
    """The best, when it is good enough and the second best clearly is not."""
    ranked = sorted(scored, key=lambda pair: -pair[0])
    score, best = ranked[0]
    alone = len(ranked) == 1 or ranked[1][0] <= round(score - MARGIN, 4)
    return best if score >= AUTOMATIC and alone else None
