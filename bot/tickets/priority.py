"""How soon a person should look: points for what is known of a case, and what they add up to.

    reason    what brought it to a person (REASONS)
    amount    from 100 yuan 1, from 1,000 yuan 2: of record where it is known, else as the resident says
    age       paid a week ago or longer 1, a month 2
    late      the promised time has passed 2
    again     each time the resident came back 1, at most 3
    tone      angry 1, worried 1, old 1, speaks of complaining 2 (unless that is the reason)

    0-1 low    2-3 normal    4-6 high    7 and more urgent

A priority goes up by itself and never down; agents may set it as they see fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Optional

from bot.clock import SHANGHAI
from bot.payments.model import State
from bot.tickets.model import AmountSource, HandoffReason, Priority
from bot.tickets.tone import Tone

RECORDED, CLAIMED = "recorded_fen", "amount_fen"
"""What `checked` calls the amount that the reconciliation system showed, and the one the resident named."""

REASONS = {
    HandoffReason.OUTAGE: 0,
    HandoffReason.CUSTOMER_REQUEST: 2,
    HandoffReason.MISUNDERSTOOD: 2,
    HandoffReason.NOT_FOUND: 2,
    HandoffReason.MISMATCH: 2,
    HandoffReason.OVERDUE: 2,
    HandoffReason.UNRESOLVED: 3,
    HandoffReason.UNKNOWN_STATE: 4,
    HandoffReason.COMPLAINT: 4,
}
TONES = {Tone.ANGRY: 1, Tone.WORRIED: 1, Tone.ELDERLY: 1, Tone.COMPLAINT: 2}
AMOUNTS = ((100_000, 2), (10_000, 1))
"""Fen, the largest first."""
AGES = ((timedelta(days=30), 2), (timedelta(days=7), 1))
LATE = 2
MOST_FOR_COMING_BACK = 3
LEAST = ((Priority.URGENT, 7), (Priority.HIGH, 4), (Priority.NORMAL, 2), (Priority.LOW, 0))

OVERDUE_RAISES = len(Priority)
"""What being overdue adds to the urgency: the lowest overdue ticket stands before the highest that is not."""

SETTLED = frozenset(
    state.value for state in (State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED)
)


@dataclass(frozen=True)
class Facts:
    """What is known of the payment; `amount` in fen, moments with their offset."""

    amount: Optional[int] = None
    paid_at: Optional[datetime] = None
    expected_by: Optional[datetime] = None
    amount_source: Optional[AmountSource] = None

    @classmethod
    def of(cls, checked: Mapping[str, str]) -> "Facts":
        """Reads what was checked before a ticket was opened; a settled payment is neither old nor late."""
        amount, source = _amount(checked)
        if checked.get("state") in SETTLED:
            return cls(amount, amount_source=source)
        paid_at = _moment(checked.get("paid_at") or checked.get("paid_on"))
        return cls(amount, paid_at, _moment(checked.get("expected_by")), source)


@dataclass(frozen=True)
class Assessment:
    """Points by what they are for; `priority` is what they add up to."""

    points: Mapping[str, int] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """All points."""
        return sum(self.points.values())

    @property
    def priority(self) -> Priority:
        """The priority that the points make."""
        return next(priority for priority, least in LEAST if self.score >= least)

    def as_data(self) -> dict[str, str]:
        """For the ticket's log, so that everybody can see why."""
        return {"priority": self.priority.value, **{name: f"+{n}" for name, n in self.points.items() if n}}


def assess(
    reason: HandoffReason, facts: Facts, tones: frozenset[Tone], contacts: int, now: datetime
) -> Assessment:
    """Weighs a case; `contacts` counts how often the resident came with it, the first time included."""
    heard = tones - {Tone.COMPLAINT} if reason is HandoffReason.COMPLAINT else tones
    late = reason is HandoffReason.OVERDUE or (facts.expected_by is not None and facts.expected_by < now)
    return Assessment(
        {
            reason.value: REASONS[reason],
            "amount": _first_reached(AMOUNTS, facts.amount),
            "age": _first_reached(AGES, now - facts.paid_at if facts.paid_at else None),
            "late": LATE if late else 0,
            "again": min(MOST_FOR_COMING_BACK, contacts - 1),
            **{tone.value: TONES[tone] for tone in Tone if tone in heard},
        }
    )


def heavier(one: HandoffReason, other: HandoffReason) -> HandoffReason:
    """The reason that weighs more."""
    return max(one, other, key=lambda reason: REASONS[reason])


def higher(one: Priority, other: Priority) -> Priority:
    """The priority that comes first."""
    return max(one, other, key=lambda priority: priority.rank)


def one_step_up(priority: Priority) -> Priority:
    """The next higher priority, or the highest."""
    return list(Priority)[min(priority.rank + 1, len(Priority) - 1)]


def urgency_of(priority: Priority, overdue: bool) -> int:
    """What orders the inbox: the priority's place, raised while overdue."""
    return priority.rank + (OVERDUE_RAISES if overdue else 0)


def _amount(checked: Mapping[str, str]) -> tuple[Optional[int], Optional[AmountSource]]:
    """In fen, and who says so; (None, None) when nobody does."""
    for name, source in ((RECORDED, AmountSource.OF_RECORD), (CLAIMED, AmountSource.CLAIMED)):
        amount = checked.get(name, "")
        if amount.isascii() and amount.isdigit():
            return int(amount), source
    return None, None


def _first_reached(steps: Iterable[tuple[Any, int]], value: Any) -> int:
    return next((points for least, points in steps if value is not None and value >= least), 0)


def _moment(written: Optional[str]) -> Optional[datetime]:
    """An ISO moment, or a day (its beginning in Shanghai); None for anything else."""
    try:
        if not written:
            return None
        if len(written) == len("2026-11-24"):
            return datetime.combine(date.fromisoformat(written), time(), SHANGHAI)
        moment = datetime.fromisoformat(written)
        return moment if moment.tzinfo else None
    except ValueError:
        return None
