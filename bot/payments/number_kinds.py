"""What kind of number a run of digits or letters is, from its shape alone.

Shapes and their sources are in DOMAIN.md, "Numbers on a receipt". Where shapes overlap the order is fixed:

    18 characters   identity number > bank card (Luhn) > merchant order
    16, 17, 19      mistyped identity number (17) > bank card > mistyped identity number (19) > merchant order
    15              identity number of the old form > merchant order
    28              WeChat Pay (4200…) > Alipay (20…) > refund that lost a digit > merchant order
    8, 14           a compact date or time is no number at all
    10, 12          fiscal receipt number, retrieval reference (never a merchant order)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from stdnum import luhn

from bot.payments.identity_number import check_digit_agrees as identity_check_digit_agrees
from bot.payments.identity_number import (
    has_region,
    is_calendar_date,
    is_identity_number,
    is_identity_number_of_wrong_length,
)


class NumberKind(str, Enum):
    """What a number found in a resident's message is."""

    WECHAT_TRANSACTION = "wechat_transaction"
    WECHAT_REFUND = "wechat_refund"
    ALIPAY_TRANSACTION = "alipay_transaction"
    UNIONPAY_QUERY = "unionpay_query"
    UNIONPAY_TRACE = "unionpay_trace"
    RETRIEVAL_REFERENCE = "retrieval_reference"
    MERCHANT_ORDER = "merchant_order"
    PAYMENT_NOTICE = "payment_notice"
    FISCAL_RECEIPT_CODE = "fiscal_receipt_code"
    FISCAL_RECEIPT_NUMBER = "fiscal_receipt_number"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    PHONE = "phone"
    TICKET = "ticket"
    UNKNOWN = "unknown"


class Problem(str, Enum):
    """What is wrong with a number that is nearly one of a kind."""

    WRONG_LENGTH = "wrong_length"
    BAD_DATE = "bad_date"
    CHECK_DIGIT = "check_digit"


@dataclass(frozen=True)
class Shape:
    """A kind, what is wrong with it, and for a wrong length the right one."""

    kind: NumberKind
    problem: Problem | None = None
    expected_length: int | None = None


_PAYMENTS_SINCE = 2004
_WECHAT_LENGTHS = range(22, 33)
_MERCHANT_LENGTHS = range(10, 33)
_MERCHANT_MIN_DIGITS = 6
_MOBILE = re.compile(r"(?:86)?1[3-9][0-9]{9}")
_TICKET = re.compile(r"GD([0-9]{12})", re.IGNORECASE)
_NEARLY_TICKET = re.compile(r"GD[0-9]{10,14}", re.IGNORECASE)
_MERCHANT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])")


def shape_of_digits(number: str) -> Shape | None:
    """What 6 or more digits (or 17 and an X) are; None when they are a date or too few to be anything."""
    if number[-1] in "Xx":
        return _identity(number)
    if len(number) in (15, 16, 17, 18, 19):
        return _identity(number) or _card(number) or _identity_of_wrong_length(number) or _merchant(number)
    if _MOBILE.fullmatch(number):
        return Shape(NumberKind.PHONE)
    return _transaction(number) or _short(number)


def _transaction(number: str) -> Shape | None:
    if number.startswith("4200") and len(number) in _WECHAT_LENGTHS:
        return _wechat(number)
    if len(number) == 28 and number.startswith("20"):
        return Shape(NumberKind.ALIPAY_TRANSACTION, None if is_payment_date(number[:8]) else Problem.BAD_DATE)
    if number.startswith("50") and len(number) in (28, 29, 30):
        return _refund(number)
    if len(number) == 21:
        return Shape(NumberKind.UNIONPAY_QUERY)
    if len(number) == 20 and has_region(number):
        return Shape(NumberKind.PAYMENT_NOTICE)
    return None


def _wechat(number: str) -> Shape:
    if len(number) != 28:
        return Shape(NumberKind.WECHAT_TRANSACTION, Problem.WRONG_LENGTH, expected_length=28)
    return Shape(NumberKind.WECHAT_TRANSACTION, None if is_payment_date(number[10:18]) else Problem.BAD_DATE)


def _refund(number: str) -> Shape | None:
    dated = is_payment_date(number[10:18])
    if len(number) == 29:
        return Shape(NumberKind.WECHAT_REFUND, None if dated else Problem.BAD_DATE)
    return Shape(NumberKind.WECHAT_REFUND, Problem.WRONG_LENGTH, expected_length=29) if dated else None


def is_payment_date(digits: str) -> bool:
    """Whether YYYYMMDD is a day on which mobile payments existed."""
    return is_calendar_date(digits, since=_PAYMENTS_SINCE)


def _identity(number: str) -> Shape | None:
    if not is_identity_number(number):
        return None
    agrees = len(number) == 15 or identity_check_digit_agrees(number)
    return Shape(NumberKind.ID_CARD, None if agrees else Problem.CHECK_DIGIT)


def _identity_of_wrong_length(number: str) -> Shape | None:
    if not is_identity_number_of_wrong_length(number):
        return None
    return Shape(NumberKind.ID_CARD, Problem.WRONG_LENGTH, expected_length=18)


def _card(number: str) -> Shape | None:
    """A card passes Luhn; one of 16 or 19 digits starting 62 (UnionPay) is a card even mistyped."""
    if len(number) == 17 and is_identity_number_of_wrong_length(number):
        return None
    if len(number) >= 16 and number[0] in "34569" and luhn.is_valid(number):
        return Shape(NumberKind.BANK_CARD)
    if len(number) in (16, 19) and number.startswith("62"):
        return Shape(NumberKind.BANK_CARD, Problem.CHECK_DIGIT)
    return None


def _short(number: str) -> Shape | None:
    length = len(number)
    if length == 6:
        return Shape(NumberKind.UNIONPAY_TRACE)
    if length == 8:
        return _fiscal_code(number)
    if length == 10:
        return Shape(NumberKind.FISCAL_RECEIPT_NUMBER)
    if length == 12:
        return Shape(NumberKind.RETRIEVAL_REFERENCE)
    if length == 14 and is_calendar_date(number[:8]):
        return None
    return _merchant(number) if length >= 7 else None


def _fiscal_code(number: str) -> Shape | None:
    if is_calendar_date(number):
        return None
    return Shape(NumberKind.FISCAL_RECEIPT_CODE if has_region(number) else NumberKind.UNKNOWN)


def _merchant(number: str) -> Shape:
    if len(number) in _MERCHANT_LENGTHS:
        return Shape(NumberKind.MERCHANT_ORDER)
    return Shape(NumberKind.UNKNOWN)


def shape_of_mixed(token: str) -> Shape | None:
    """What letters and digits are: a merchant order or nothing.

    A merchant order has at least 10 characters and 6 digits, so that no English word is taken for one.
    An identity number whose X is a slip is one all the same, and never an order.
    """
    identity = _identity(token.upper()) if token[-1:] in ("X", "x") else None
    if identity:
        return identity
    digits = sum(char.isdigit() for char in token)
    fits = len(token) in _MERCHANT_LENGTHS and digits >= _MERCHANT_MIN_DIGITS and _MERCHANT.fullmatch(token)
    return Shape(NumberKind.MERCHANT_ORDER) if fits else None


def shape_of_ticket(compact: str) -> Shape | None:
    """What GD and digits are: a ticket, whose last digit is the Luhn check of the eleven before it."""
    match = _TICKET.fullmatch(compact)
    if match:
        return Shape(NumberKind.TICKET, None if luhn.is_valid(match.group(1)) else Problem.CHECK_DIGIT)
    if _NEARLY_TICKET.fullmatch(compact):
        return Shape(NumberKind.TICKET, Problem.WRONG_LENGTH, expected_length=14)
    return None
