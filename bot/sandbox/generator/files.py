"""A generated day as files: the books, the bills in their real formats, and the truth beside them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import NamedTuple

from bot.sandbox.bills.line import Line
from bot.sandbox.books.files import (
    INCIDENT_COLUMNS,
    NOTICE_COLUMNS,
    PAYMENT_COLUMNS,
    incident_values,
    notice_values,
    payment_values,
)
from bot.sandbox.generator.day import ACCOUNTS, Day
from bot.sandbox.generator.mishaps import Happened
from bot.sandbox.generator.truth import COLUMNS, Fate, Truth, truth_values
from bot.sandbox.matching.score import TAIL
from bot.sandbox.model import Channel
from bot.sandbox.schedule import BANK_TRANSFER_DAYS
from bot.sandbox.workdays import on_or_after, working_days_after
from bot.sandbox.world.deal import Deal
from bot.sandbox.world.papers import bill_bytes, file_name

NOTICES, PAYMENTS, INCIDENTS, TRUTH, BILLS = (
    "notices.csv",
    "payments.csv",
    "incidents.csv",
    "truth.csv",
    "bills",
)
ENCODING = "utf-8-sig"

MISNAMED = ("wrong_notice", "slipped_postscript", "info_mismatch")

WriteRow = Callable[[list[str]], object]
Rows = dict[tuple[Channel, str, date], list[Line]]


class _Unmarked(NamedTuple):
    """A bank row that says nothing of what it pays, and what its payer had announced, if anything."""

    truth: Truth
    line: Line
    announced_tail: str | None


class DayFiles:
    """Writes one day into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: Rows = defaultdict(list)
        self._unmarked: list[_Unmarked] = []
        self._misnamed: dict[tuple[int, str], list[str | None]] = defaultdict(list)
        """What was announced by amount and payer, where its own row names another notice or payer."""
        self._last_notice = ""

    def write(self, day: Day, payments: int) -> int:
        """Write everything; answers how many bill rows there are."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as files:

            def opened(name: str, columns: list[str]) -> WriteRow:
                file = (self._folder / name).open("w", encoding=ENCODING, newline="")
                write: WriteRow = csv.writer(files.enter_context(file)).writerow
                write(columns)
                return write

            incidents = opened(INCIDENTS, INCIDENT_COLUMNS)
            for known in (day.fault, day.maintenance, day.policy):
                incidents(incident_values(known))
            notices, orders = opened(NOTICES, NOTICE_COLUMNS), opened(PAYMENTS, PAYMENT_COLUMNS)
            truths = opened(TRUTH, COLUMNS)
            for happened in day.payments(payments):
                self._write_books(happened.deal, notices, orders)
                for truth in self._certain(happened):
                    truths(truth_values(truth))
            for truth in self._judged():
                truths(truth_values(truth))
        self._open_statements(day.day)
        return self._write_bills()

    def _open_statements(self, day: date) -> None:
        """The bank states every working day that a transfer may arrive on, an empty one too."""
        for days in range(BANK_TRANSFER_DAYS):
            stated = working_days_after(day, days) if days else on_or_after(day)
            self._rows[Channel.BANK_TRANSFER, ACCOUNTS[Channel.BANK_TRANSFER], stated] += []

    def _write_books(self, deal: Deal, notices: WriteRow, orders: WriteRow) -> None:
        if deal.notice.number not in ("", self._last_notice):
            notices(notice_values(deal.notice))
            self._last_notice = deal.notice.number
        if deal.order is not None:
            orders(payment_values(deal.order, deal.words[0] if deal.words else None))
        for stated in deal.stated:
            self._rows[stated.line.channel, stated.line.account, stated.day].append(stated.line)

    def _certain(self, happened: Happened) -> Iterator[Truth]:
        """The truths that depend on nobody else; the others wait until everybody is known."""
        for truth in happened.truths:
            line = happened.deal.stated[0].line if happened.deal.stated else None
            order = happened.deal.order
            if line is None or line.channel is not Channel.BANK_TRANSFER:
                yield truth
                continue
            announced = order.payer_account if order else None
            row = _Unmarked(truth, line, announced)
            if line.notice:
                if truth.cause in MISNAMED:
                    notice = happened.deal.notice
                    self._misnamed[notice.amount, notice.payer_name].append(announced)
                yield truth
                continue
            self._unmarked.append(row)
            if truth.fate is Fate.STRAY:
                yield truth

    def _judged(self) -> Iterator[Truth]:
        """A transfer that says nothing is repairable when it fits one announcement, which fits no other."""
        alike: dict[tuple[int, str], list[_Unmarked]] = defaultdict(list)
        for row in self._unmarked:
            alike[row.line.amount, row.line.payer].append(row)
        for key, group in alike.items():
            announced = [row.announced_tail for row in group] + self._misnamed[key]
            for row in group:
                if row.truth.fate is Fate.STRAY:
                    continue
                lines = sum(_may_be(row.announced_tail, other.line) for other in group)
                claims = sum(_may_be(tail, row.line) for tail in announced)
                yield row.truth if lines == claims == 1 else row.truth._replace(fate=Fate.WAITS)

    def _write_bills(self) -> int:
        folder = self._folder / BILLS
        folder.mkdir(exist_ok=True)
        count = 0
        for place in sorted(self._rows, key=str):
            lines = self._rows.pop(place)
            count += len(lines)
            (folder / file_name(*place)).write_bytes(bill_bytes(*place, lines))
        return count


def _may_be(announced_tail: str | None, line: Line) -> bool:
    """Whether a transfer may be the announced one; None announces nothing, an empty tail any account."""
    return announced_tail is not None and announced_tail in ("", line.payer_account[-TAIL:])
