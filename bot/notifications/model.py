"""Watches (进度提醒) and deliveries on their way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.messages import Line


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
    taken_over: bool = False
    """True when another process had begun to send it, and may have succeeded."""


@dataclass(frozen=True)
class Watch:
    """A promise to tell a conversation when a payment changes; `state` and `reason` as last told."""

    id: int
    conversation_id: int
    serial_number: str
    state: str
    reason: str
    active: bool
    created_at: datetime
    expires_at: datetime
