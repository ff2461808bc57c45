"""A file of fiscal e-receipts (财政电子票据) that the bureau's invoicing system issued.

    缴款码      the payment notice's number, or the payment's order or serial number
    票据代码    8 digits
    票据号码    10 digits
    校验码      6 letters or digits
    开票时间    `YYYY-MM-DD HH:MM:SS`

These columns in this order; UTF-8 or GBK. Only what is booked can have one: a line that names anything else
refuses the whole file, which may come again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from bot.sandbox.bills.errors import Contradicts, Unreadable, at_line
from bot.sandbox.bills.values import moment
from bot.sandbox.books.files import number_from, read_rows
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.model import FiscalReceipt, Payment

RECEIPT_COLUMNS = ["缴款码", "票据代码", "票据号码", "校验码", "开票时间"]
CODE, NUMBER, CHECK_CODE = r"[0-9]{8}", r"[0-9]{10}", r"[0-9a-z]{6}"
FIRST_LINE = 2


class Issued(NamedTuple):
    """A receipt and the payment that it was issued for, by any of its numbers."""

    number: str
    receipt: FiscalReceipt


def read_receipts(file: BinaryIO) -> Iterator[Issued]:
    """Every receipt; Unreadable names the line that is wrong."""
    return read_rows(file, _reader_for)


def put_receipts(ledger: Ledger, issued: list[Issued]) -> int:
    """Put all of them on the books, or raise before any is; answers how many were new."""
    holders = _holders(ledger, issued)
    receipted: dict[str, Payment] = {}
    for line, one in enumerate(issued, start=FIRST_LINE):
        try:
            payment = _payment_of(ledger, one)
            order = payment.merchant_order
            if holders.setdefault(_name(one.receipt), order) != order or order in receipted:
                raise Contradicts(
                    f"{one.number} 或票据 {one.receipt.number} 重复 / payment or receipt is there twice"
                )
        except Contradicts as error:
            raise at_line(line, error) from None
        receipted[order] = replace(payment, fiscal_receipt=one.receipt)
    new = [payment for order, payment in receipted.items() if ledger.payment(order) != payment]
    for payment in new:
        ledger.put_payment(payment)
    return len(new)


def _payment_of(ledger: Ledger, one: Issued) -> Payment:
    payment = ledger.find(one.number)
    if payment is None:
        raise Contradicts(f"没有 {one.number} 这笔缴费 / no payment goes by this number")
    if not payment.booked:
        raise Contradicts(f"{one.number} 还没有对上账 / is not reconciled yet")
    if payment.fiscal_receipt not in (None, one.receipt):
        raise Contradicts(f"{one.number} 已有另一张票据 / has another receipt already")
    return payment


def _holders(ledger: Ledger, issued: list[Issued]) -> dict[tuple[str, str], str]:
    """Whose these receipts are on the books already."""
    wanted = {_name(one.receipt) for one in issued}
    held = ((p.fiscal_receipt, p.merchant_order) for p in ledger.payments if p.fiscal_receipt)
    return {_name(receipt): order for receipt, order in held if receipt and _name(receipt) in wanted}


def _name(receipt: FiscalReceipt) -> tuple[str, str]:
    return receipt.code, receipt.number


def _reader_for(header: list[str]) -> Callable[[list[str]], Issued]:
    if header != RECEIPT_COLUMNS:
        raise Unreadable(f"表头应为:{','.join(RECEIPT_COLUMNS)} / wrong columns in the header")
    return _issued


def _issued(values: list[str]) -> Issued:
    number, code, receipt_number, check_code, issued_at = (value.strip() for value in values)
    for shape, value in ((CODE, code), (NUMBER, receipt_number), (CHECK_CODE, check_code.lower())):
        if not re.fullmatch(shape, value):
            raise Unreadable(f"“{value[:20]}”不是票据上的号码 / is no number of a receipt")
    receipt = FiscalReceipt(code, receipt_number, check_code.lower(), moment(issued_at))
    return Issued(number_from(number), receipt)
