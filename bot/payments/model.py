"""What the reconciliation system knows, mirroring `contracts/reconciliation-api.yaml`.

Money is an integer number of fen (分). Times are aware and carry Shanghai's +08:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from bot.clock import SHANGHAI as SHANGHAI


class State(str, Enum):
    """Where a payment stands; `UNRECOGNISED` is a word the bureau added after this was written."""

    PAYMENT_PENDING = "payment_pending"
    PAYMENT_FAILED = "payment_failed"
    UNRECONCILED = "unreconciled"
    UNDER_REVIEW = "under_review"
    RECONCILED = "reconciled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CLOSED = "closed"
    UNRECOGNISED = "unrecognised"


class Reason(str, Enum):
    """Why a payment is not settled; a word that nobody here knows is `UNKNOWN` too."""

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
    """Through what the fee was paid; `UNRECOGNISED` is a word the bureau added after this was written."""

    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    UNIONPAY = "unionpay"
    BANK_TRANSFER = "bank_transfer"
    COUNTER = "counter"
    UNRECOGNISED = "unrecognised"


class MismatchedField(str, Enum):
    """What differs between the payment and the notice."""

    PAYER_NAME = "payer_name"
    PAYER_ID = "payer_id"
    ITEM = "item"
    AMOUNT = "amount"


class RequestStatus(str, Enum):
    """How far a reconciliation request has come."""

    RECEIVED = "received"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class FiscalReceipt:
    """The fiscal e-receipt (财政电子票据) that follows reconciliation."""

    code: str
    number: str
    check_code: str
    issued_at: datetime


@dataclass(frozen=True)
class HistoryEntry:
    """One step of a payment; `state_word` is the bureau's own word."""

    at: datetime
    state: State
    state_word: str
    note: str


@dataclass(frozen=True)
class PaymentDetails:
    """What only a verified payer may see; amounts in fen."""

    notice_number: str
    item: str
    amount_due: int
    amount_paid: int | None
    payer_name_masked: str
    fiscal_receipt: FiscalReceipt | None
    duplicates: tuple[str, ...]
    history: tuple[HistoryEntry, ...]
    mismatched_fields: tuple[MismatchedField, ...] = ()


@dataclass(frozen=True)
class Payment:
    """A payment as the bureau sees it now; `details` is None unless `verified`.

    `state_word`, `reason_word` and `channel_word` keep the bureau's own words, for the person who gets an
    unrecognised one.
    """

    serial_number: str
    state: State
    state_word: str
    reason: Reason | None
    reason_word: str | None
    channel: Channel
    paid_at: datetime | None
    updated_at: datetime
    expected_by: datetime | None
    verified: bool
    details: PaymentDetails | None
    channel_word: str = ""


@dataclass(frozen=True)
class PaymentsPage:
    """One page of a staff search, newest first; `next_cursor` is None on the last."""

    payments: tuple[Payment, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Claimed:
    """What the resident read off the receipt; amount in fen, everything optional."""

    channel: Channel | None = None
    amount: int | None = None
    paid_on: date | None = None
    item: str | None = None


@dataclass(frozen=True)
class Evidence:
    """A proof's fingerprint: the file itself stays with us."""

    sha256: str
    media_type: str


@dataclass(frozen=True)
class ReconciliationRequest:
    """A resident's request to have a payment matched (对账申请)."""

    request_id: str
    serial_number: str
    status: RequestStatus
    outcome: str | None
    created_at: datetime
    expected_by: datetime | None


@dataclass(frozen=True)
class StatementCandidate:
    """A statement line that may belong to a payment; amount in fen, score from 0 to 1."""

    statement_line_id: str
    source: Channel
    booked_at: datetime
    amount: int
    counterparty_masked: str | None
    score: float
    agrees: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True)
class PaymentEvent:
    """One state change, in the order of `cursor`s."""

    cursor: str
    at: datetime
    serial_number: str
    state: State
    state_word: str
    reason: Reason | None
    reason_word: str | None


@dataclass(frozen=True)
class EventsPage:
    """Events after a cursor, oldest first; `cursor` is where to go on."""

    events: tuple[PaymentEvent, ...]
    cursor: str


@dataclass(frozen=True)
class Maintenance:
    """A planned window during which the reconciliation system is down."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Health:
    """Whether the reconciliation system is up, and what it announces."""

    in_maintenance: bool
    maintenance: Maintenance | None
