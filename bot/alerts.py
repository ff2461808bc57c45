"""What a supervisor should notice without looking for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Mapping, Optional


class AlertKind(str, Enum):
    """What happened."""

    TICKET_OVERDUE = "ticket_overdue"
    ENUMERATION = "enumeration"
    """Somebody tries serial numbers, or last fours, one after the other."""
    WEBHOOK_GIVEN_UP = "webhook_given_up"
    """A receiver of ticket events was in trouble for a day."""


@dataclass(frozen=True)
class Alert:
    """One thing to notice: `subject` names it (a ticket number, a contact), `data` holds nothing private."""

    id: int
    at: datetime
    kind: AlertKind
    subject: str
    data: Mapping[str, str] = field(default_factory=dict)
    seen_by: Optional[str] = None
    seen_at: Optional[datetime] = None
