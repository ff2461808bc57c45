"""What the sandbox bureau answers with: payments, candidates, requests and events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.bills.line import Line


class State(str, Enum):
    """Where a payment stands, in the contract's words."""

    PAYMENT_PENDING = "payment_pending"
    PAYMENT_FAILED = "payment_failed"
    UNRECONCILED = "unreconciled"
    UNDER_REVIEW = "under_review"
    RECONCILED = "reconciled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CLOSED = "closed"


class Reason(str, Enum):
    """Why a paid payment is not matched yet, in the contract's words."""

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


class Channel(str, Enum):
    """How the money was paid."""

    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    UNIONPAY = "unionpay"
    BANK_TRANSFER = "bank_transfer"
    COUNTER = "counter"


class RequestStatus(str, Enum):
    """How far a reconciliation request has come."""

    RECEIVED = "received"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"
    REJECTED = "rejected"


OPEN_STATES = frozenset({State.UNRECONCILED, State.UNDER_REVIEW})
"""Paid and not matched: the states that carry a reason."""

UNPAID = frozenset({State.PAYMENT_PENDING, State.PAYMENT_FAILED, State.CLOSED})
"""No money moved, as far as anybody knows."""

SETTLED = frozenset({State.RECONCILED, State.REFUNDING, State.REFUNDED})
"""Booked, or on its way back."""

SELF_SETTLING = frozenset(
    {
        Reason.AWAITING_STATEMENT,
        Reason.DAY_CUT,
        Reason.CALLBACK_LOST,
        Reason.BANK_TRANSFER_DELAY,
        Reason.CHANNEL_FAULT,
        Reason.SYSTEM_MAINTENANCE,
    }
)
"""Reasons that the next statement settles without anybody's help."""


@dataclass(frozen=True, slots=True)
class Payer:
    """An invented person; `id_last4` is all that is known of the identity card."""

    name: str
    id_last4: str


@dataclass(frozen=True, slots=True)
class FiscalReceipt:
    """A fiscal electronic receipt (财政电子票据)."""

    code: str
    number: str
    check_code: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step of a payment's life."""

    at: datetime
    state: State
    note: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the books have it; amounts in fen, times +08:00. `merchant_order` is its key."""

    merchant_order: str
    serial_number: str
    notice_number: str
    channel: Channel
    account: str
    state: State
    reason: Reason | None
    item: str
    amount_due: int
    amount_paid: int | None
    payer: Payer
    paid_at: datetime | None
    updated_at: datetime
    expected_by: datetime | None
    mismatched_fields: tuple[str, ...] = ()
    fiscal_receipt: FiscalReceipt | None = None
    history: tuple[HistoryEntry, ...] = ()
    line_id: str | None = None
    """The bill line that pays it, once one is found; taken when the payment is booked."""
    doubtful: bool = False
    """Its day's bill came without it: it waits for the next one (存疑)."""
    taken_up_at: datetime | None = None
    """When a person took it up."""
    refund_asked_at: datetime | None = None

    @property
    def numbers(self) -> tuple[str, str, str]:
        """Every number that finds this payment."""
        return self.serial_number, self.merchant_order, self.notice_number

    @property
    def booked(self) -> bool:
        """Whether its money is on the books."""
        return self.state is State.RECONCILED

    @property
    def taken_line(self) -> str | None:
        """The line that is this payment's for good."""
        return self.line_id if self.state in SETTLED else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bill line that may belong to a payment; `score` 0 to 1."""

    line: Line
    score: float
    agrees: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReconciliationRequest:
    """A resident's request to have a payment matched (对账申请)."""

    request_id: str
    serial_number: str
    contact_reference: str
    status: RequestStatus
    created_at: datetime
    investigates_at: datetime
    expected_by: datetime
    outcome: str | None = None

    @property
    def due_at(self) -> datetime | None:
        """When time alone moves this request on; None when it has ended."""
        if self.status is RequestStatus.RECEIVED:
            return self.investigates_at
        return self.expected_by if self.status is RequestStatus.INVESTIGATING else None


@dataclass(frozen=True, slots=True)
class Event:
    """A payment changed its state."""

    cursor: int
    at: datetime
    serial_number: str
    state: State
    reason: Reason | None


def masked(name: str) -> str:
    """The surname's first character and a star for each other one."""
    return name[:1] + "*" * (len(name) - 1)
