"""Who follows tickets from outside, what they are told, and how far the telling is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional


class Event(str, Enum):
    """What can be told; the names are part of the contract with receivers."""

    OPENED = "ticket.opened"
    CLAIMED = "ticket.claimed"
    ASSIGNED = "ticket.assigned"
    REPLIED = "ticket.replied"
    RESIDENT_WROTE = "ticket.resident_wrote"
    SNOOZED = "ticket.snoozed"
    HANDED_BACK = "ticket.handed_back"
    RESOLVED = "ticket.resolved"
    REOPENED = "ticket.reopened"
    CLOSED = "ticket.closed"
    MERGED = "ticket.merged"
    RATED = "ticket.rated"
    OVERDUE = "ticket.overdue"
    PING = "ping"
    """A test, about no ticket; sent to whoever asks for one."""

    @property
    def word(self) -> str:
        """Its name without dots, for catalogues."""
        return self.value.split(".")[-1]


CHOICES: tuple[Event, ...] = tuple(event for event in Event if event is not Event.PING)

EVENT_OF_ACTION = {
    "opened": Event.OPENED,
    "claimed": Event.CLAIMED,
    "assigned": Event.ASSIGNED,
    "unassigned": Event.ASSIGNED,
    "replied": Event.REPLIED,
    "snoozed": Event.SNOOZED,
    "handed_back": Event.HANDED_BACK,
    "resolved": Event.RESOLVED,
    "left": Event.RESOLVED,
    "reopened": Event.REOPENED,
    "back_in_line": Event.REOPENED,
    "closed": Event.CLOSED,
    "overdue": Event.OVERDUE,
    "returned": Event.HANDED_BACK,
    "merged": Event.MERGED,
    "rated": Event.RATED,
    "rated_in_words": Event.RATED,
}
"""What an entry of a ticket's log is told as; other entries stay in the house."""


class DeliveryState(str, Enum):
    """pending → sent, or given_up after a day; `send again` makes either pending."""

    PENDING = "pending"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Webhook:
    """One receiver. `sealed_secret` signs; `former_secret` signs beside it until `former_until`."""

    id: int
    name: str
    url: str
    events: tuple[Event, ...]
    with_texts: bool
    active: bool
    sealed_secret: bytes
    former_secret: Optional[bytes]
    former_until: Optional[datetime]
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Delivery:
    """One event for one receiver. `body` is what is sent, byte for byte, at every attempt."""

    id: int
    webhook_id: int
    event_id: str
    event: Event
    ticket_number: str
    body: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    status: Optional[int]
    answer: str
    error: str
    milliseconds: Optional[int]
    created_at: datetime
    ended_at: Optional[datetime]


@dataclass(frozen=True)
class Attempt:
    """What came of sending once: an HTTP `status`, or an `error` in a word when there was none."""

    status: Optional[int]
    answer: str
    error: str
    milliseconds: int
    retry_after: Optional[float] = None
    """Seconds that the receiver asks us to wait."""

    @property
    def succeeded(self) -> bool:
        """True for a 2xx; a redirect is a failure, for it is not followed."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """True when the receiver wants nothing any more."""
        return self.status == 410

    @property
    def is_receivers_trouble(self) -> bool:
        """True when another event would fare no better now: down, slow, overloaded."""
        return self.status is None or self.status == 429 or self.status >= 500
