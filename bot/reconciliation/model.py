"""Manual reconciliation (手动对账): what an agent proposes, and how far it has come. Money is in fen."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Optional

from bot.clock import SHANGHAI
from bot.payments.model import State
from bot.payments.plain_text import plain

_NUMBER = re.compile(r"(?=.*[0-9])[0-9A-Za-z_-]{6,64}", re.ASCII)
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that look alike: a reference is read aloud."""
REFERENCE = re.compile(rf"DZ[0-9]{{6}}-[{_LETTERS}]{{6}}", re.ASCII)


class ProposalState(str, Enum):
    """proposed → approved → done, conflict or failed; or proposed → rejected or withdrawn."""

    PROPOSED = "proposed"
    """Waits for a second person."""
    APPROVED = "approved"
    """Decided, and not known to be done: the bureau is asked until it answers."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DONE = "done"
    CONFLICT = "conflict"
    """Somebody else was first; `outcome` says with what."""
    FAILED = "failed"
    """The bureau refused it for good, or did not answer for days."""

    @property
    def is_open(self) -> bool:
        """True while something is still to come."""
        return self in (ProposalState.PROPOSED, ProposalState.APPROVED)


class Clash(str, Enum):
    """What was first, when the bureau answered 409."""

    PAYMENT_RECONCILED = "payment_reconciled"
    PAYMENT_STATE = "payment_state"
    """The payment is in a state that cannot be reconciled, such as refunded."""
    LINE_TAKEN = "line_taken"
    UNCLEAR = "unclear"


class Told(str, Enum):
    """How the resident of the ticket heard that it is done."""

    NOT_YET = ""
    BY_TICKET = "ticket"
    BY_WATCH = "watch"
    BY_REQUEST = "request"
    """As the result of their own request for reconciliation."""


@dataclass(frozen=True)
class Draft:
    """What an agent confirmed, before it is a proposal; `amount` is the line's as they saw it, in fen."""

    reference: str
    ticket_number: str
    serial_number: str
    statement_line_id: str
    amount: int
    note: str


@dataclass(frozen=True)
class Proposal:
    """One payment to be matched with one statement line, by `operator`, for a ticket.

    `amount` is the line's. `differs` is what the bureau said differs when it was proposed. `outcome` names a
    `Clash`, or the error of the last try; `payment_state` is the payment's state as last seen.
    """

    reference: str
    ticket_number: str
    serial_number: str
    statement_line_id: str
    amount: int
    source: str
    booked_at: datetime
    differs: tuple[str, ...]
    operator: str
    note: str
    state: ProposalState
    created_at: datetime
    decided_by: Optional[str] = None
    decided_at: Optional[datetime] = None
    decision_note: str = ""
    ended_at: Optional[datetime] = None
    outcome: str = ""
    payment_state: str = ""
    told: Told = Told.NOT_YET
    tries: int = 0
    next_try_at: Optional[datetime] = None

    @property
    def idempotency_key(self) -> str:
        """The same at every try, so that the bureau books it once."""
        return f"proposal-{self.reference}"

    @property
    def signed_note(self) -> str:
        """The note as the bureau keeps it, with who decided when that was a second person."""
        return f"{self.note} [{self.operator} → {self.decided_by}]" if self.decided_by else self.note


def new_reference(now: datetime) -> str:
    """A new proposal's name, as in DZ261124-7K2MQX; not the same in another database either."""
    return f"DZ{now.astimezone(SHANGHAI):%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(6))


class QueryKind(str, Enum):
    """What staff look for payments by."""

    NUMBER = "number"
    NAME = "name"
    NOTHING = "nothing"


@dataclass(frozen=True)
class PaymentQuery:
    """What staff look for (查询缴费记录); both days belong to the range."""

    words: str = ""
    paid_from: Optional[date] = None
    paid_to: Optional[date] = None
    state: Optional[State] = None

    @property
    def kind(self) -> QueryKind:
        """Whether the words are a number or a payer's name."""
        if not self.words:
            return QueryKind.NOTHING
        return QueryKind.NUMBER if _NUMBER.fullmatch(self.words) else QueryKind.NAME


def query_words(typed: str) -> str:
    """What was typed, as the bureau writes it: half-width, a number without blanks inside."""
    bare = " ".join(plain(typed).text.split())
    joined = bare.replace(" ", "")
    return joined if _NUMBER.fullmatch(joined) else bare
