"""A resident's reconciliation request (对账申请) as we keep it: its number, how far it is, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional

from bot.payments.model import RequestStatus

ENDED = frozenset({RequestStatus.RESOLVED, RequestStatus.REJECTED})


@dataclass(frozen=True)
class SentRequest:
    """One request that the bureau took.

    `expected_by` is the bureau's own date for the result and None once it has passed and was apologised for.
    `look_at` is when it is asked about next; None when it has ended and the resident heard of it. `claimed`
    is what the resident read off the receipt: `channel`, `amount` in fen, `paid_on` as an ISO day. `outcome`
    is what the bureau wrote when it decided, without identity numbers.
    """

    id: int
    conversation_id: int
    request_id: str
    serial_number: str
    status: RequestStatus
    claimed: Mapping[str, Any]
    created_at: datetime
    expected_by: Optional[datetime]
    look_at: Optional[datetime]
    looks: int
    outcome: Optional[str] = None

    @property
    def has_ended(self) -> bool:
        """True when the bureau has decided."""
        return self.status in ENDED

    @property
    def is_told(self) -> bool:
        """True when the resident has heard how it ended."""
        return self.has_ended and self.look_at is None
