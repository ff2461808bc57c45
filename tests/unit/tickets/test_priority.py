"""What a case weighs, and what that makes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.tickets.model import AmountSource, HandoffReason, Priority
from bot.tickets.priority import (
    Facts,
    assess,
    higher,
    one_step_up,
    urgency_of,
)
from bot.tickets.tone import Tone
from tests.fakes.clock import MONDAY_TEN

NOTHING = Facts()


def priority(
    reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST,
    facts: Facts = NOTHING,
    tones: frozenset[Tone] = frozenset(),
    contacts: int = 1,
) -> Priority:
    return assess(reason, facts, tones, contacts, MONDAY_TEN).priority


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (HandoffReason.OUTAGE, Priority.LOW),
        (HandoffReason.CUSTOMER_REQUEST, Priority.NORMAL),
        (HandoffReason.MISUNDERSTOOD, Priority.NORMAL),
        (HandoffReason.NOT_FOUND, Priority.NORMAL),
        (HandoffReason.MISMATCH, Priority.NORMAL),
        (HandoffReason.UNRESOLVED, Priority.NORMAL),
        (HandoffReason.OVERDUE, Priority.HIGH),
        (HandoffReason.UNKNOWN_STATE, Priority.HIGH),
        (HandoffReason.COMPLAINT, Priority.HIGH),
    ],
)
def test_a_reason_by_itself(reason: HandoffReason, expected: Priority) -> None:
    assert priority(reason) is expected


@pytest.mark.parametrize(
    ("facts", "score"),
    [
        (Facts(amount=9_999), 2),
        (Facts(amount=10_000), 3),
        (Facts(amount=100_000), 4),
        (Facts(paid_at=MONDAY_TEN - timedelta(days=6, hours=23)), 2),
        (Facts(paid_at=MONDAY_TEN - timedelta(days=7)), 3),
        (Facts(paid_at=MONDAY_TEN - timedelta(days=30)), 4),
        (Facts(expected_by=MONDAY_TEN + timedelta(minutes=1)), 2),
        (Facts(expected_by=MONDAY_TEN - timedelta(minutes=1)), 4),
    ],
)
def test_facts_add_their_points(facts: Facts, score: int) -> None:
    assert assess(HandoffReason.CUSTOMER_REQUEST, facts, frozenset(), 1, MONDAY_TEN).score == score


def test_a_broken_promise_counts_once_whether_it_is_the_reason_or_a_fact() -> None:
    late = Facts(expected_by=MONDAY_TEN - timedelta(days=1))
    assert assess(HandoffReason.OVERDUE, late, frozenset(), 1, MONDAY_TEN).score == 4


@pytest.mark.parametrize(("contacts", "score"), [(1, 2), (2, 3), (4, 5), (9, 5)])
def test_coming_back_adds_up_to_three(contacts: int, score: int) -> None:
    assert assess(HandoffReason.CUSTOMER_REQUEST, NOTHING, frozenset(), contacts, MONDAY_TEN).score == score


def test_an_old_person_in_distress_comes_before_others() -> None:
    assert priority(tones=frozenset({Tone.ELDERLY})) is Priority.NORMAL
    assert priority(tones=frozenset({Tone.ELDERLY, Tone.WORRIED})) is Priority.HIGH


def test_a_complaint_is_not_counted_twice() -> None:
    assert priority(HandoffReason.COMPLAINT, tones=frozenset({Tone.COMPLAINT})) is Priority.HIGH
    assert priority(tones=frozenset({Tone.COMPLAINT})) is Priority.HIGH


def test_everything_together_is_urgent() -> None:
    old = Facts(amount=5_000, paid_at=MONDAY_TEN - timedelta(days=40))
    assert priority(HandoffReason.OVERDUE, old, frozenset({Tone.ANGRY})) is Priority.URGENT


def test_the_log_says_what_counted_and_leaves_out_what_did_not() -> None:
    weighed = assess(HandoffReason.OVERDUE, Facts(amount=20_000), frozenset({Tone.ANGRY}), 2, MONDAY_TEN)
    assert weighed.as_data() == {
        "priority": "urgent",
        "overdue": "+2",
        "amount": "+1",
        "late": "+2",
        "again": "+1",
        "angry": "+1",
    }


def test_facts_are_read_from_what_was_checked() -> None:
    facts = Facts.of(
        {
            "amount_fen": "2000",
            "paid_on": "2026-11-01",
            "expected_by": "2026-11-20T17:00:00+08:00",
            "state": "unreconciled",
        }
    )
    assert facts.amount == 2000
    assert facts.paid_at is not None
    assert facts.paid_at.isoformat() == "2026-11-01T00:00:00+08:00"
    assert facts.expected_by is not None
    assert facts.expected_by < MONDAY_TEN


def test_a_settled_payment_is_neither_old_nor_late() -> None:
    checked = {"state": "reconciled", "paid_at": "2026-01-01T10:00:00+08:00", "amount_fen": "2000"}
    assert Facts.of(checked) == Facts(amount=2000, amount_source=AmountSource.CLAIMED)


@pytest.mark.parametrize("written", ["", "soon", "2026-13-01", "2026-11-20T17:00:00"])
def test_what_cannot_be_read_is_not_known(written: str) -> None:
    assert Facts.of({"expected_by": written, "paid_at": written, "amount_fen": "-5"}) == NOTHING


def test_priorities_are_compared_and_raised() -> None:
    assert higher(Priority.HIGH, Priority.LOW) is Priority.HIGH
    assert [one_step_up(one) for one in Priority] == [*list(Priority)[1:], Priority.URGENT]


def test_the_lowest_overdue_ticket_is_more_urgent_than_the_highest_in_time() -> None:
    assert urgency_of(Priority.LOW, overdue=True) > urgency_of(Priority.URGENT, overdue=False)
