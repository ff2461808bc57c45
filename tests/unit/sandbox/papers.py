"""Files as they are dropped: real bills, notices, payment records."""

from __future__ import annotations

import io
from collections.abc import Iterable

from bot.sandbox.bills.line import Line
from bot.sandbox.books.files import (
    NOTICE_COLUMNS,
    PAYMENT_COLUMNS,
    notice_values,
    payment_values,
    write_rows,
)
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Word
from bot.sandbox.books.receipt_file import RECEIPT_COLUMNS
from bot.sandbox.bureau import Bureau
from bot.sandbox.clock import SandboxClock
from bot.sandbox.world.papers import bill_bytes
from tests.unit.sandbox.office import BOOKING, MONDAY, WECHAT, line

NUMBER = "3100002611230000{:04d}"


def notices_file(*notices: Notice) -> bytes:
    """The notices as the generator writes them."""
    return _file(NOTICE_COLUMNS, map(notice_values, notices))


def records_file(*payings: tuple[Order, Word | None]) -> bytes:
    """Orders and what their channels told."""
    return _file(PAYMENT_COLUMNS, [payment_values(*paying) for paying in payings])


def receipts_file(*rows: str) -> bytes:
    """Issued fiscal receipts, a row each as the invoicing system wrote it."""
    return _file(RECEIPT_COLUMNS, [row.split(",") for row in rows])


def _file(columns: list[str], rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    write_rows(text, columns, rows)
    return text.getvalue().encode("utf-8-sig")


def wechat_file(*lines: Line) -> bytes:
    """Monday's WeChat Pay bill."""
    account = "1900000109"
    return bill_bytes(WECHAT, account, MONDAY.date(), [one._replace(account=account) for one in lines])


def own_line(number: int = 1, amount: int = 2000) -> Line:
    """A WeChat row that names its order and its notice."""
    return line(number, amount, notice=NUMBER.format(number), serial=f"42000026112026112300000{number:05d}")


def bureau() -> Bureau:
    """A bureau in memory, without a world, on Thursday evening."""
    return Bureau(SandboxClock(source=lambda: BOOKING), Ledger())
