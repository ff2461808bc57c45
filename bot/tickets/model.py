"""A case for a person: what it is, why it exists, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Mapping, Optional


class TicketStatus(str, Enum):
    """new → open → waiting → resolved → closed; a new message reopens."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_live(self) -> bool:
        """True while somebody still has to do something."""
        return self not in (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class HandoffReason(str, Enum):
    """Why the bot could not finish the job."""

    CUSTOMER_REQUEST = "customer_request"
    MISUNDERSTOOD = "misunderstood"
    UNKNOWN_STATE = "unknown_state"
    OVERDUE = "overdue"
    OUTAGE = "outage"
    COMPLAINT = "complaint"
    NOT_FOUND = "not_found"
    MISMATCH = "mismatch"
    UNRESOLVED = "unresolved"


class Priority(str, Enum):
    """How soon a person should look."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


@dataclass(frozen=True)
class Ticket:
    """One case. `number` is what the resident is told; `checked` is what was already looked at, masked.

    `due_at` is when the first answer is promised, in working time.
    """

    number: str
    conversation_id: int
    reason: HandoffReason
    status: TicketStatus
    priority: Priority
    serial_number: Optional[str]
    checked: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    due_at: datetime
    assignee: Optional[str] = None
    resolved_at: Optional[datetime] = None
    version: int = 0


@dataclass(frozen=True)
class TicketNote:
    """One entry of a ticket's log: who did what, when."""

    ticket_number: str
    at: datetime
    actor: str
    action: str
    note: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
