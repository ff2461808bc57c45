"""The class of every fen: of each bill line, and of what the books expect.

平账 balanced     booked against its notice
日切 day_cut      booked, in the bill of another day than it was paid on
长款 surplus      more than the notice asks for
短款 short        less than the notice asks for (the books' side)
待核 held         its notice is known, and something is to be cleared or waited for before it is booked
存疑 doubtful     told as paid, and no bill has it yet (the books' side)
单边账 one_sided   on one side only: money without a notice, or a payment told of that no bill has
重复 duplicate    the notice was paid before
退款 refund       went back, or is on its way; the money that came and its way back cancel out
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.model import OPEN_STATES, Channel, Payment, Reason, State
from bot.sandbox.schedule import billing_day


class Class(str, Enum):
    """What became of money."""

    BALANCED = "balanced"
    DAY_CUT = "day_cut"
    SURPLUS = "surplus"
    SHORT = "short"
    HELD = "held"
    DOUBTFUL = "doubtful"
    ONE_SIDED = "one_sided"
    DUPLICATE = "duplicate"
    REFUND = "refund"


NAMES = {
    Class.BALANCED: "平账",
    Class.DAY_CUT: "日切",
    Class.SURPLUS: "长款",
    Class.SHORT: "短款",
    Class.HELD: "待核",
    Class.DOUBTFUL: "存疑",
    Class.ONE_SIDED: "单边账",
    Class.DUPLICATE: "重复",
    Class.REFUND: "退款",
}


class Share(NamedTuple):
    """So many fen of one class; negative when they went away."""

    kind: Class
    fen: int


def classes_of_line(line: Line, payment: Payment | None, returned: int = 0) -> tuple[Share, ...]:
    """The line's fen by class, adding up to what it moved; `returned` of its payment went back."""
    if line.kind is not Kind.PAYMENT:
        return _some(Share(Class.REFUND if payment else Class.ONE_SIDED, line.signed))
    if payment is None:
        return _some(Share(Class.ONE_SIDED, line.amount))
    if payment.state is State.REFUNDING:
        return _some(Share(Class.REFUND, line.amount))
    gone = min(returned, line.amount)
    return _some(Share(Class.REFUND, gone), *_kept(line, payment, line.amount - gone))


def _kept(line: Line, payment: Payment, kept: int) -> tuple[Share, ...]:
    if payment.reason is Reason.DUPLICATE_PAYMENT:
        return (Share(Class.DUPLICATE, kept),)
    asked = min(kept, payment.amount_due) if payment.state is not State.REFUNDED else 0
    return Share(_due_class(line, payment), asked), Share(Class.SURPLUS, kept - asked)


def _due_class(line: Line, payment: Payment) -> Class:
    return booked_class(line, payment.paid_at or line.at) if payment.booked else Class.HELD


def booked_class(line: Line, paid_at: datetime) -> Class:
    """Balanced, or across the cut; a transfer takes its days and has no cut."""
    if line.channel is Channel.BANK_TRANSFER:
        return Class.BALANCED
    same_day = billing_day(line.channel, paid_at) == billing_day(line.channel, line.at)
    return Class.BALANCED if same_day else Class.DAY_CUT


def classes_of_payment(payment: Payment) -> tuple[Share, ...]:
    """What the notice asked for, by class, adding up to it; a second payment has no share in it."""
    due, paid = payment.amount_due, payment.amount_paid or 0
    if payment.reason is Reason.DUPLICATE_PAYMENT or payment.state not in OPEN_STATES | {State.RECONCILED}:
        return ()
    got = min(due, paid)
    if payment.booked:
        kind = Class.BALANCED
    elif payment.line_id is not None:
        kind = Class.HELD
    else:
        kind = Class.ONE_SIDED if payment.reason is Reason.UNKNOWN else Class.DOUBTFUL
    return _some(Share(kind, got), Share(Class.SHORT, due - got))


def _some(*shares: Share) -> tuple[Share, ...]:
    return tuple(share for share in shares if share.fen)
