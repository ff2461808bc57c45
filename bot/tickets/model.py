"""A case for a person: what it is, why it exists, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Collection, Iterable, Mapping, Optional


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

    @property
    def rank(self) -> int:
        """Its place, counted from 0."""
        return list(Priority).index(self)


class Cause(str, Enum):
    """What it was in the end: the contract's reasons, and what only a person can find out."""

    AWAITING_STATEMENT = "awaiting_statement"
    DAY_CUT = "day_cut"
    CALLBACK_LOST = "callback_lost"
    BANK_TRANSFER_DELAY = "bank_transfer_delay"
    INFO_MISMATCH = "info_mismatch"
    AMOUNT_MISMATCH = "amount_mismatch"
    DUPLICATE_PAYMENT = "duplicate_payment"
    CHANNEL_FAULT = "channel_fault"
    ENTRY_ERROR = "entry_error"
    SYSTEM_MAINTENANCE = "system_maintenance"
    POLICY_CHANGE = "policy_change"
    UNKNOWN = "unknown"
    WRONG_NUMBER = "wrong_number"
    NOT_PAID = "not_paid"
    QUESTION_ANSWERED = "question_answered"
    OTHER_OFFICE = "other_office"
    NO_ANSWER = "no_answer"
    LEFT = "left"
    """The resident left the line."""
    OTHER = "other"


class AmountSource(str, Enum):
    """Who says how much money a case is about."""

    CLAIMED = "claimed"
    """The resident, off a receipt."""
    OF_RECORD = "of_record"
    """The reconciliation system."""


@dataclass(frozen=True)
class Ticket:
    """One case. `number` is what the resident is told; `checked` is what was already looked at, masked.

    `due_at` is when the first answer is promised and `resolve_by` when the case should be ended, both in
    working time. `urgency` orders the inbox: the priority's place, raised while overdue. `serving` is true
    from an agent's reply until the conversation goes back to the bot; `reply_by` is when an answer to what
    the resident wrote since that reply is promised. `contacts` counts how often the resident came with it.
    `amount` is in fen, `amount_source` says who knows it, and `amount_asked_at` is when the reconciliation
    system was asked for it.
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
    urgency: int = 1
    resolve_by: Optional[datetime] = None
    first_replied_at: Optional[datetime] = None
    escalated_at: Optional[datetime] = None
    snoozed_until: Optional[datetime] = None
    serving: bool = False
    contacts: int = 1
    amount: Optional[int] = None
    cause: Optional[Cause] = None
    merged_into: Optional[str] = None
    channel: str = ""
    amount_source: Optional[AmountSource] = None
    amount_asked_at: Optional[datetime] = None
    reply_by: Optional[datetime] = None


def ticket_about(numbers: Collection[Optional[str]], tickets: Iterable[Ticket]) -> Optional[str]:
    """The number of the first live ticket that names the payment by one of its numbers; None without one.

    One that names no payment is about something else: asking for a person once more would write it in.
    """
    of_it = (one for one in tickets if one.status.is_live and one.serial_number is not None)
    return next((one.number for one in of_it if one.serial_number in numbers), None)


@dataclass(frozen=True)
class TicketNote:
    """One entry of a ticket's log: who did what, when."""

    ticket_number: str
    at: datetime
    actor: str
    action: str
    note: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    id: int = field(default=0, compare=False)
    """Its place in the log; 0 before it is stored."""


@dataclass(frozen=True)
class Rating:
    """What a resident thought of how a ticket was handled: from 1 to 5, and perhaps a word."""

    ticket_number: str
    asked_at: datetime
    score: Optional[int] = None
    words: str = ""
    rated_at: Optional[datetime] = None


@dataclass(frozen=True)
class Wait:
    """A wait for a first answer that is over: when it began, when somebody answered, who."""

    priority: Priority
    created_at: datetime
    replied_at: datetime
    agent: str
