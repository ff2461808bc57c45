"""Where a payment stands and why, told from the evidence alone: the same evidence gives the same verdict.

The first that applies, of a paid payment that is not booked:

    entry_error          the counter keyed a number or an amount that is one slip away from the true one
    duplicate_payment    another payment of the notice counts
    policy_change        a rule changed between the notice and the payment, and nobody has decided
    amount_mismatch      the money differs from the notice
    info_mismatch        the name, identity number or item that was filled in differs from the notice
    system_maintenance   paid while our own system was down, and its records are not complete yet
    channel_fault        paid during a fault of the channel, and its records are not complete yet
    (booked)             its line is in and nothing speaks against it
    unknown              its day's bill and the next came without it
    callback_lost        the channel never told: asked, or found in the bill
    bank_transfer_delay  a transfer that no statement has yet
    day_cut              paid just before the cut
    awaiting_statement   its bill is not in yet
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.bills.line import Line
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.matching.names import likeness
from bot.sandbox.matching.slips import amount_slip
from bot.sandbox.model import Channel, Reason, State
from bot.sandbox.schedule import around_the_cut


@dataclass(frozen=True)
class Evidence:
    """Everything the books hold on one payment."""

    order: Order
    notice: Notice | None
    word: Word | None = None
    line: Line | None = None
    returned: int = 0
    """What refund lines took back, in fen."""
    returning: bool = False
    """The channel says that a refund is on its way."""
    revoked: bool = False
    """The channel says that the order was cancelled before any money moved."""
    outdone_by: str | None = None
    """Another payment of the same notice that counts before this one."""
    slipped: bool = False
    """The keyed notice number was one slip off the notice's."""
    own_bill_in: bool = False
    next_bill_in: bool = False
    incident: Incident | None = None
    policy: Policy | None = None
    refund_asked: bool = False
    booked: bool = False

    @property
    def paid_at(self) -> datetime | None:
        """When the money moved; the channel's word before its bill."""
        if self.word is not None and self.word.outcome is Outcome.PAID:
            return self.word.at
        return self.line.at if self.line else None

    @property
    def received(self) -> int | None:
        """The money that moved, in fen; its bill before the channel's word."""
        if self.line is not None:
            return self.line.amount
        return self.word.amount if self.word and self.word.outcome is Outcome.PAID else None

    @property
    def kept(self) -> int | None:
        """What was received and not returned, in fen."""
        return None if self.received is None else self.received - self.returned

    @property
    def doubtful(self) -> bool:
        """Whether its day's bill came without it (存疑)."""
        return self.line is None and self.own_bill_in and self.order.channel is not Channel.BANK_TRANSFER


@dataclass(frozen=True)
class Verdict:
    """What the evidence says; `bookable` when nothing stands between the money and the notice."""

    state: State
    reason: Reason | None = None
    mismatched: tuple[str, ...] = ()
    bookable: bool = False


def judge(evidence: Evidence, now: datetime) -> Verdict:
    """Where the payment stands."""
    if evidence.paid_at is None:
        return Verdict(_unpaid(evidence, now))
    if evidence.kept == 0 and evidence.returned:
        return Verdict(State.REFUNDED)
    if evidence.returning or (evidence.refund_asked and not evidence.returned):
        return Verdict(State.REFUNDING)
    if evidence.booked:
        return Verdict(State.RECONCILED)
    mismatched = differences(evidence)
    reason = _obstacle(evidence, mismatched)
    bookable = reason is None and evidence.line is not None
    return Verdict(State.UNRECONCILED, reason or _waits_for(evidence), mismatched, bookable)


def _unpaid(evidence: Evidence, now: datetime) -> State:
    bills_without_it = evidence.own_bill_in and evidence.next_bill_in
    if evidence.word is not None or evidence.revoked or bills_without_it:
        return State.PAYMENT_FAILED
    expires_at = evidence.notice.expires_at if evidence.notice else None
    return State.CLOSED if expires_at and now >= expires_at else State.PAYMENT_PENDING


def differences(evidence: Evidence) -> tuple[str, ...]:
    """The facts that were paid or filled in and differ from the notice, in the contract's words."""
    notice, order, line = evidence.notice, evidence.order, evidence.line
    if notice is None:
        return ()
    item = order.item or (line.item if line else "")
    found = {
        "payer_name": _another_payer(evidence, notice),
        "payer_id": order.payer_last4 not in ("", notice.payer_last4),
        "item": bool(item) and notice.item not in item,
        "amount": evidence.kept != notice.amount,
    }
    return tuple(field for field, differs in found.items() if differs)


def _another_payer(evidence: Evidence, notice: Notice) -> bool:
    """A wallet may be anybody's; a name that was filled in, or a transfer's holder, has to be the payer's."""
    filled_in = evidence.order.payer_name
    if not filled_in and evidence.line and evidence.order.channel is Channel.BANK_TRANSFER:
        filled_in = evidence.line.payer
    return bool(filled_in) and likeness(filled_in, notice.payer_name) < 0.8


def _obstacle(evidence: Evidence, mismatched: tuple[str, ...]) -> Reason | None:
    """What a person or more time has to clear, whether its line is in or not."""
    if evidence.slipped or _keyed_wrongly(evidence):
        return Reason.ENTRY_ERROR
    if evidence.outdone_by is not None:
        return Reason.DUPLICATE_PAYMENT
    if evidence.policy is not None:
        return Reason.POLICY_CHANGE
    if mismatched:
        return Reason.AMOUNT_MISMATCH if "amount" in mismatched else Reason.INFO_MISMATCH
    if evidence.incident is not None:
        return Reason.CHANNEL_FAULT if evidence.incident.channel else Reason.SYSTEM_MAINTENANCE
    return Reason.UNKNOWN if evidence.notice is None else None


def _keyed_wrongly(evidence: Evidence) -> bool:
    """The counter's record and the counter's takings differ by a slip."""
    word, line = evidence.word, evidence.line
    keyed = evidence.order.channel is Channel.COUNTER and word is not None and line is not None
    return keyed and word is not None and line is not None and amount_slip(word.amount, line.amount)


def _waits_for(evidence: Evidence) -> Reason:
    """What its line, or the hour of booking, is waited for."""
    if evidence.doubtful and evidence.next_bill_in:
        return Reason.UNKNOWN
    if evidence.word is None or evidence.word.heard is not Heard.CALLBACK:
        return Reason.CALLBACK_LOST
    if evidence.order.channel is Channel.BANK_TRANSFER:
        return Reason.BANK_TRANSFER_DELAY
    late = evidence.paid_at is not None and around_the_cut(evidence.order.channel, evidence.paid_at)
    return Reason.DAY_CUT if late else Reason.AWAITING_STATEMENT
