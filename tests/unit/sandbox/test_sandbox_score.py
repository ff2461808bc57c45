"""How well a line fits a payment, and when that is enough."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from bot.sandbox.bills.line import Line
from bot.sandbox.matching.names import likeness
from bot.sandbox.matching.score import AUTOMATIC, Claim, candidates, certain, compare
from bot.sandbox.matching.slips import amount_slip, meant
from tests.unit.sandbox.office import BANK, MONDAY, WECHAT, line


def claim(number: int = 1, name: str = "王小明", account: str = "", amount: int = 2000) -> Claim:
    numbers = frozenset({f"HZ{number:06d}", f"3100002611230000{number:04d}"})
    return Claim(f"HZ{number:06d}", numbers, BANK, amount, name, account, MONDAY)


def transfer(number: int = 1, name: str = "王小明", **more: object) -> Line:
    facts = {"channel": BANK, "order": "", "payer": name, "serial": f"BK{number}", **more}
    return line(number, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("王小明", "王小明", 1.0),
        ("王小明", "*小明", 0.8),
        ("王**", "王小明", 0.8),
        ("李**", "王小明", 0.0),
        ("王小明", "王晓明", 0.6),
        ("王小明", "王小朋", 0.5),
        ("王小明", "王大海", 0.0),
        ("王小明", "王小", 0.0),
        ("", "王", 0.0),
    ],
)
def test_names_are_alike_by_degrees(first: str, second: str, alike: float) -> None:
    assert likeness(first, second) == likeness(second, first) == alike


def test_a_slip_is_one_digit_wrong_missing_doubled_or_two_swapped() -> None:
    known = {"1234", "9999"}
    for keyed in ("1235", "1243", "124", "12234", "2134"):
        assert meant(keyed, known) == {"1234"}, keyed
    for keyed in ("1334567", "4321", ""):
        assert meant(keyed, known) == set(), keyed


@pytest.mark.parametrize(
    ("keyed", "true", "slipped"),
    [(20000, 2000, True), (200, 2000, True), (4500, 5400, True), (2000, 2000, False), (2100, 2000, False)],
)
def test_an_amount_slips_by_its_point_or_a_pair_of_digits(keyed: int, true: int, slipped: bool) -> None:
    assert amount_slip(keyed, true) is slipped


def test_a_line_that_names_the_payment_and_agrees_in_all_scores_one() -> None:
    found = compare(transfer(notice="31000026112300000001"), claim())
    assert (found.score, found.differs) == (1.0, ())
    assert found.agrees == ("serial_number", "amount", "payer_name", "date", "channel")


def test_what_only_one_side_knows_neither_agrees_nor_differs() -> None:
    found = compare(transfer(name=""), claim())
    assert "payer_name" not in found.agrees + found.differs
    assert "account" not in found.agrees + found.differs
    assert "serial_number" not in found.agrees + found.differs


def test_a_line_that_names_nothing_and_agrees_in_all_is_just_enough() -> None:
    assert compare(transfer(), claim()).score == AUTOMATIC


@pytest.mark.parametrize(
    "worse",
    [
        transfer(name="*小明"),
        transfer(name="王晓明"),
        transfer(amount=1000),
        transfer(at=MONDAY - timedelta(days=2)),
        transfer(order="SOMEBODY-ELSES"),
    ],
)
def test_anything_less_is_not_enough_and_still_worth_showing(worse: Line) -> None:
    found = compare(worse, claim())
    assert 0.45 <= found.score < AUTOMATIC
    assert [candidate.line for candidate in candidates(claim(), [worse])] == [worse]


def test_candidates_come_best_first_and_refunds_are_none() -> None:
    good, fair = transfer(1, notice="31000026112300000001"), transfer(2)
    bad = transfer(3, name="李秀兰", amount=1)
    assert [found.line for found in candidates(claim(), [bad, fair, good])] == [good, fair]


def test_a_pair_that_is_each_others_only_one_is_certain() -> None:
    assert certain([transfer()], [claim()]) == [(transfer(), claim())]
    assert certain([transfer(name="")], [claim(name="")]) == []


def test_nothing_is_certain_when_two_fit_alike() -> None:
    assert certain([transfer(1), transfer(2)], [claim()]) == []
    assert certain([transfer()], [claim(1), claim(2)]) == []


def test_the_account_makes_certain_what_names_cannot() -> None:
    lines = [transfer(1, payer_account="6222****1111"), transfer(2, payer_account="6222****2222")]
    claims = [claim(1, account="2222"), claim(2, account="1111")]
    expected = [(lines[0], claims[1]), (lines[1], claims[0])]
    assert all(certain(drawn, claims) == expected for drawn in permutations(lines))


def test_a_claim_that_leaves_the_account_open_keeps_both_uncertain() -> None:
    lines = [transfer(1, payer_account="6222****1111")]
    assert certain(lines, [claim(1, account="1111"), claim(2)]) == []


def test_another_channel_is_a_difference() -> None:
    assert "channel" in compare(line(channel=WECHAT, order=""), claim()).differs
