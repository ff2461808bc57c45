"""Watches (进度提醒) and deliveries on their way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional

from bot.messages import Line
from bot.payments.model import Payment


class DeliveryState(str, Enum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True)
class Delivery:
    """A line on its way to a pushed channel."""

    id: int
    channel: str
    user_id: str
    line: Line
    state: DeliveryState
    attempts: int
    created_at: datetime
    last_error: str
    queued_at: Optional[datetime] = None
    """Since when it is tried: it may have been given up and put back."""
    taken_over: bool = False
    """True when another process had begun to send it, and may have succeeded."""


@dataclass(frozen=True)
class Watch:
    """A promise to tell a conversation when a payment changes; `state` and `reason` as last told.

    `due_at` is what was promised for the next step, `tell_at` when a change that came in the night is told,
    `reminded_at` when the resident was last told that the promise is broken (all +08:00).
    """

    id: int
    conversation_id: int
    serial_number: str
    state: str
    reason: str
    active: bool
    created_at: datetime
    expires_at: datetime
    due_at: Optional[datetime] = None
    tell_at: Optional[datetime] = None
    reminded_at: Optional[datetime] = None

    def knows(self, payment: Payment) -> bool:
        """True when the resident has heard of the payment as it stands."""
        return (self.state, self.reason) == seen(payment)


def seen(payment: Payment) -> tuple[str, str]:
    """What a watch remembers of a payment: its state and reason."""
    return payment.state.value, payment.reason.value if payment.reason else ""
