"""Generated days: real files, a known truth, and the same outcome in bulk as case by case."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from bot.sandbox.bills.reader import read_bill
from bot.sandbox.books.files import read_incidents, read_notices, read_payments
from bot.sandbox.books.incident import Incident
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.casework import Casework
from bot.sandbox.generator.day import Day
from bot.sandbox.generator.files import BILLS, INCIDENTS, NOTICES, PAYMENTS, DayFiles
from bot.sandbox.generator.rates import Rates
from bot.sandbox.match_day import closing_of, match_folder
from bot.sandbox.matching.classes import Class
from bot.sandbox.model import State

TUESDAY = date(2026, 11, 24)
BAD = replace(
    Rates(),
    **{
        rate.name: 0.03
        for rate in fields(Rates)
        if rate.name not in ("no_postscript", "account_told", "unpaid")
    },
)
"""A day on which a third of everything goes wrong."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("day")
    DayFiles(made).write(Day(TUESDAY, 5, BAD), 1500)
    return made


def case_by_case(folder: Path) -> Ledger:
    """The same day through the casework alone."""
    closing = closing_of(TUESDAY)
    ledger = Ledger()
    casework = Casework(ledger, lambda: None)
    with (folder / NOTICES).open("rb") as file:
        for notice in read_notices(file):
            casework.announce(notice)
    with (folder / INCIDENTS).open("rb") as file:
        for known in read_incidents(file):
            (casework.note_incident if isinstance(known, Incident) else casework.note_policy)(known)  # type: ignore[arg-type]
    with (folder / PAYMENTS).open("rb") as file:
        casework.take_over(read_payments(file), closing)
    for path in sorted((folder / BILLS).iterdir()):
        with path.open("rb") as file:
            casework.import_bill(read_bill(file, path.name), closing)
    casework.run(closing)
    return ledger


def test_nothing_is_booked_wrongly_and_all_that_can_be_is_repaired(folder: Path) -> None:
    measured = match_folder(folder, TUESDAY)
    assert measured.score.precision == 1.0
    assert measured.score.recall == 1.0
    assert measured.score.repairable > 200
    assert measured.good


def test_what_waits_for_a_person_says_the_true_reason(folder: Path) -> None:
    score = match_folder(folder, TUESDAY).score
    assert score.to_explain > 200
    assert score.explained / score.to_explain > 0.99


def test_the_classes_add_up_to_the_bills(folder: Path) -> None:
    matched = match_folder(folder, TUESDAY).matched
    assert sum(matched.fen.values()) == matched.total > 0
    assert all(
        matched.counts[kind] for kind in (Class.BALANCED, Class.DUPLICATE, Class.ONE_SIDED, Class.HELD)
    )


def test_booking_in_bulk_books_what_the_casework_books(folder: Path) -> None:
    matched = match_folder(folder, TUESDAY).matched
    slow = case_by_case(folder)
    booked = {n: line.line_id for n, line in matched.plain.items()}
    booked |= {p.notice_number: p.line_id for p in matched.ledger.payments if p.state is State.RECONCILED}
    assert booked == {p.notice_number: p.line_id for p in slow.payments if p.state is State.RECONCILED}
    for payment in matched.ledger.payments:
        other = slow.payment(payment.merchant_order)
        assert other is not None and (other.state, other.reason) == (payment.state, payment.reason)


def test_the_same_seed_makes_the_same_day_and_another_another(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        DayFiles(tmp_path / name).write(Day(TUESDAY, seed), 50)
    one, same, other = ((tmp_path / name / PAYMENTS).read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_people_share_names_and_fees(folder: Path) -> None:
    with (folder / NOTICES).open("rb") as file:
        notices = list(read_notices(file))
    assert len({notice.payer_name for notice in notices}) < len(notices)
    assert len({notice.amount for notice in notices}) < 10


def test_an_ordinary_day_of_20000_is_matched_without_a_mistake(tmp_path: Path) -> None:
    DayFiles(tmp_path).write(Day(TUESDAY, 2), 20_000)
    measured = match_folder(tmp_path, TUESDAY)
    assert measured.good and measured.score.booked > 19_500
    assert measured.score.explained == measured.score.to_explain > 100
