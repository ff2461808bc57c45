"""What the resident says, what the payment's record says and what a statement line says, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Optional

from bot.clock import SHANGHAI
from bot.payments.model import MismatchedField, Payment, StatementCandidate
from bot.payments.serial_numbers import NumberKind, find_numbers

FIELDS = ("payer_name", "payer_id", "amount", "item", "date", "channel", "serial_number")
"""In the order in which staff check them."""
CHANNELS_OWN = frozenset(
    {NumberKind.WECHAT_TRANSACTION, NumberKind.ALIPAY_TRANSACTION, NumberKind.UNIONPAY_QUERY}
)


@dataclass(frozen=True)
class Claims:
    """What the resident said of the payment; amount in fen, None for what was not said."""

    amount: Optional[int] = None
    paid_on: Optional[date] = None
    channel: Optional[str] = None
    serial_number: Optional[str] = None


@dataclass(frozen=True)
class Compared:
    """One field. None: nobody says it; an agreement is None where there is nothing to compare.

    `flagged`: the bureau itself found that it differs from the payment notice.
    """

    field: str
    claimed: Any = None
    recorded: Any = None
    stated: Any = None
    claim_agrees: Optional[bool] = None
    line_agrees: Optional[bool] = None
    flagged: bool = False

    @property
    def is_told_only(self) -> bool:
        """True when the bureau says that a line agrees, and nothing is shown by which a person could tell."""
        shows_nothing = self.stated is None or self.field == "serial_number" or self.is_hidden
        return bool(self.line_agrees) and shows_nothing

    @property
    def is_hidden(self) -> bool:
        """True when of what a line says nothing but stars is left."""
        return isinstance(self.stated, str) and bool(self.stated) and not self.stated.strip("*＊")


def claims_of(checked: Mapping[str, str], serial_number: Optional[str]) -> Claims:
    """What a ticket keeps of the resident's claims; what cannot be read counts as not said."""
    amount = str(checked.get("amount_fen", ""))
    day = str(checked.get("paid_on") or checked.get("payment_date") or "")
    return Claims(
        amount=int(amount) if amount.isascii() and amount.isdigit() else None,
        paid_on=_day(day),
        channel=checked.get("payment_channel"),
        serial_number=serial_number,
    )


def compare(
    claims: Claims, payment: Payment, line: Optional[StatementCandidate] = None
) -> tuple[Compared, ...]:
    """Every field that anybody says something about."""
    rows = (_compared(field, claims, payment, line) for field in FIELDS)
    return tuple(row for row in rows if _says_something(row))


def other_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """What the bureau compared beyond our fields, in its own words."""
    return tuple(word for word in words if word not in FIELDS)


def _compared(field: str, claims: Claims, payment: Payment, line: Optional[StatementCandidate]) -> Compared:
    claimed, recorded = _claimed(field, claims), _recorded(field, payment)
    flagged = payment.details.mismatched_fields if payment.details else ()
    return Compared(
        field=field,
        claimed=claimed,
        recorded=recorded,
        stated=_stated(field, line) if line else None,
        claim_agrees=_claim_agrees(field, claimed, recorded, payment),
        line_agrees=_line_agrees(field, line) if line else None,
        flagged=field in {one.value for one in flagged if isinstance(one, MismatchedField)},
    )


def _claimed(field: str, claims: Claims) -> Any:
    return {
        "amount": claims.amount,
        "date": claims.paid_on,
        "channel": claims.channel,
        "serial_number": claims.serial_number,
    }.get(field)


def _recorded(field: str, payment: Payment) -> Any:
    details = payment.details
    return {
        "payer_name": details.payer_name_masked if details else None,
        "amount": details.amount_paid if details else None,
        "item": details.item if details else None,
        "date": payment.paid_at,
        "channel": payment.channel.value,
        "serial_number": payment.serial_number,
    }.get(field)


def _stated(field: str, line: StatementCandidate) -> Any:
    return {
        "payer_name": line.counterparty_masked,
        "amount": line.amount,
        "date": line.booked_at,
        "channel": line.source.value,
        # The bureau compared the payment's number with the line's; the line is known by its own.
        "serial_number": line.statement_line_id if _line_agrees(field, line) is not None else None,
    }.get(field)


def _claim_agrees(field: str, claimed: Any, recorded: Any, payment: Payment) -> Optional[bool]:
    if claimed is None or recorded is None:
        return None
    if field == "date":
        return bool(claimed == recorded.astimezone(SHANGHAI).date())
    if field == "serial_number":
        return _number_agrees(claimed, payment)
    return bool(claimed == recorded)


def _number_agrees(claimed: str, payment: Payment) -> Optional[bool]:
    notice = payment.details.notice_number if payment.details else None
    if claimed in (payment.serial_number, notice):
        return True
    # A receipt prints several numbers of one payment; but the channel's own is nobody else's.
    of_channel = any(found.kind in CHANNELS_OWN for found in find_numbers(claimed))
    return False if of_channel else None


def _line_agrees(field: str, line: StatementCandidate) -> Optional[bool]:
    if field in line.agrees or field in line.differs:
        return field in line.agrees
    return None


def _says_something(row: Compared) -> bool:
    said = (row.claimed, row.recorded, row.stated, row.line_agrees)
    return row.flagged or any(value is not None for value in said)


def _day(text: str) -> Optional[date]:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
