"""Why the reconciliation system did not answer, for the person who asked it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from bot.errors import AccessRefused, Bug, RateLimited, RetryLater, Slow, UnderMaintenance
from bot.reconciliation.lookup import NotSetUp

TROUBLE = (NotSetUp, RetryLater, Bug)


@dataclass(frozen=True)
class BureauTrouble:
    """`code` names the words; `until` is the end of an announced maintenance (+08:00)."""

    code: str
    until: Optional[datetime] = None


def trouble_of(error: Exception) -> BureauTrouble:
    """What to say about an error of the look-up."""
    if isinstance(error, UnderMaintenance):
        return BureauTrouble("maintenance_until" if error.until else "maintenance", error.until)
    kinds = {NotSetUp: "not_set_up", AccessRefused: "refused", Slow: "slow", RateLimited: "busy", Bug: "odd"}
    for kind, code in kinds.items():
        if isinstance(error, kind):
            return BureauTrouble(code)
    return BureauTrouble("down")
