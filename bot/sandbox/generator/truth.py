"""What really happened, beside what the system must make of it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Fate(str, Enum):
    """What the system should find out by itself."""

    BOOKED = "booked"
    REFUNDED = "refunded"
    WAITS = "waits"
    """For a person, with the cause as its reason."""
    STRAY = "stray"
    """No payment of ours."""


class Truth(NamedTuple):
    """One payment: the bill row that pays it (empty when none), its notice, what went wrong, and its fate."""

    line_id: str
    merchant_order: str
    notice_number: str
    amount: int
    cause: str
    fate: Fate

    @property
    def repairable(self) -> bool:
        """Whether something went wrong, and the data still says for certain what it was."""
        return self.cause != "none" and self.fate is not Fate.WAITS and self.fate is not Fate.STRAY


COLUMNS = list(Truth._fields)


def truth_values(truth: Truth) -> list[str]:
    """The truth as a row."""
    return [str(value.value if isinstance(value, Fate) else value) for value in truth]


def truth_from(values: list[str]) -> Truth:
    """The row as the truth."""
    line_id, order, notice, amount, cause, fate = values
    return Truth(line_id, order, notice, int(amount), cause, Fate(fate))
