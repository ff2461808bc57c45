"""Match a generated day, and measure it against the truth: `python -m bot.sandbox match-day`."""

from __future__ import annotations

import csv
import gc
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from bot.sandbox.bills.reader import read_bill
from bot.sandbox.books.files import read_incidents, read_notices, read_payments
from bot.sandbox.bulk import BulkDay, Matched
from bot.sandbox.generator.day import NO_POSTSCRIPT
from bot.sandbox.generator.files import BILLS, ENCODING, INCIDENTS, NOTICES, PAYMENTS, TRUTH
from bot.sandbox.generator.truth import Fate, Truth, truth_from
from bot.sandbox.matching.classes import NAMES
from bot.sandbox.model import Reason, State
from bot.sandbox.schedule import BANK_TRANSFER_DAYS, office_due
from bot.sandbox.workdays import at

GOOD_RECALL = 0.999
SHOWN_AS = dict.fromkeys(
    (NO_POSTSCRIPT, "wrong_notice", "slipped_postscript"), Reason.BANK_TRANSFER_DELAY.value
)
"""Causes that no reason of the contract is named after, and the reason that is true of them."""


class Found(NamedTuple):
    """What the system made of a payment; no state for no payment of ours."""

    state: State | None
    reason: str | None
    notice: str

    @property
    def booked(self) -> bool:
        """Whether it was booked unasked."""
        return self.state is State.RECONCILED


@dataclass
class Score:
    """How the system did; every share of a whole is counted, never guessed."""

    booked: int = 0
    booked_rightly: int = 0
    repairable: int = 0
    repaired: int = 0
    explained: int = 0
    to_explain: int = 0
    by_cause: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def add(self, truth: Truth, found: Found) -> None:
        """Count one truth beside what was found out."""
        self.booked += found.booked
        rightly = found.booked and truth.fate is Fate.BOOKED and found.notice == truth.notice_number
        self.booked_rightly += rightly
        good = rightly or (truth.fate is Fate.REFUNDED and found.state is State.REFUNDED)
        if truth.repairable:
            self.repairable += 1
            self.repaired += good
        elif truth.fate is Fate.WAITS:
            good = not found.booked and found.reason == SHOWN_AS.get(truth.cause, truth.cause)
            self.to_explain += 1
            self.explained += good
        elif truth.fate is Fate.STRAY:
            good = found.state is None
        self.by_cause[truth.cause, good] += 1

    @property
    def precision(self) -> float:
        """Of what was booked unasked, how much was booked rightly."""
        return self.booked_rightly / self.booked if self.booked else 1.0

    @property
    def recall(self) -> float:
        """Of what went wrong and could be repaired, how much was."""
        return self.repaired / self.repairable if self.repairable else 1.0


@dataclass(frozen=True)
class Measured:
    """One day's run: what came out, how long it took in seconds, and the most memory it held in bytes."""

    matched: Matched
    score: Score
    seconds: float
    processor_seconds: float
    """What the processor worked for it; more passes on the clock when others use the machine too."""
    peak_bytes: int

    @property
    def good(self) -> bool:
        """Whether nothing was booked wrongly, nearly all that could be was repaired, and no fen was lost."""
        conserved = sum(self.matched.fen.values()) == self.matched.total
        return conserved and self.score.precision == 1.0 and self.score.recall >= GOOD_RECALL


def closing_of(day: date) -> datetime:
    """When every bill that may hold a payment of the day is in: the third working day, 17:00."""
    return office_due(at(day, 0), BANK_TRANSFER_DAYS)


def match_folder(folder: Path, day: date) -> Measured:
    """Read the day's books and bills, match them, and compare with the truth."""
    gc.disable()  # millions of tuples, none in a cycle: looking through them again and again costs a third
    began, worked = time.perf_counter(), time.process_time()
    matched = _matched(folder, day)
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gc.enable()
    return Measured(matched, compare(matched, truths_in(folder)), seconds, processor, peak)


def _matched(folder: Path, day: date) -> Matched:
    with (
        (folder / NOTICES).open("rb") as notices,
        (folder / PAYMENTS).open("rb") as payments,
        (folder / INCIDENTS).open("rb") as incidents,
    ):
        books = read_notices(notices), read_payments(payments), read_incidents(incidents)
        bulk = BulkDay(*books, closing_of(day))
    for path in sorted((folder / BILLS).iterdir()):
        with path.open("rb") as file:
            bulk.add(read_bill(file, path.name))
    return bulk.finish()


def truths_in(folder: Path) -> Iterator[Truth]:
    """What really happened on the generated day."""
    with (folder / TRUTH).open(encoding=ENCODING, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from map(truth_from, rows)


def compare(matched: Matched, truths: Iterable[Truth]) -> Score:
    """Each truth beside what was found out."""
    score = Score()
    for truth in truths:
        score.add(truth, _found(matched, truth))
    return score


def _found(matched: Matched, truth: Truth) -> Found:
    """The case of the row, when it was booked; else that of the order that the payer opened."""
    plain = matched.plain.get(truth.notice_number)
    if plain is not None and plain.line_id == truth.line_id:
        return Found(State.RECONCILED, None, truth.notice_number)
    of_row = matched.ledger.payment_of_line(truth.line_id)
    of_order = matched.ledger.payment(truth.merchant_order)
    payment = of_row if of_row and of_row.booked else of_order or of_row
    if payment is None:
        return Found(None, None, "")
    return Found(payment.state, payment.reason.value if payment.reason else None, payment.notice_number)


def table(measured: Measured) -> str:
    """What came out, for a terminal or a page."""
    matched, score = measured.matched, measured.score
    rows = [
        f"rows {matched.rows:,}   {measured.seconds:.1f} s ({measured.processor_seconds:.1f} s of processor)",
        f"memory at most {measured.peak_bytes / 2**20:,.0f} MiB",
        f"automatic matches {score.booked:,}   precision {score.precision:.6f}",
        f"repairable {score.repairable:,}   repaired {score.repaired:,}   recall {score.recall:.6f}",
        f"for a person {score.to_explain:,}   with the true reason {score.explained:,}",
        "",
        f"{'class':<24}{'rows':>12}{'yuan':>18}",
    ]
    for kind, name in NAMES.items():
        if matched.counts[kind]:
            label = f"{kind.value} {name}"
            rows.append(f"{label:<24}{matched.counts[kind]:>12,}{matched.fen[kind] / 100:>18,.2f}")
    summed = sum(matched.fen.values())
    rows += [f"{'all classes':<24}{'':>12}{summed / 100:>18,.2f}"]
    rows += [f"{'all bills':<24}{'':>12}{matched.total / 100:>18,.2f}", ""]
    rows.append(f"{'cause':<24}{'as it should':>14}{'not':>8}")
    for cause in sorted({cause for cause, _ in score.by_cause}):
        rows.append(f"{cause:<24}{score.by_cause[cause, True]:>14,}{score.by_cause[cause, False]:>8,}")
    return "\n".join(rows)
