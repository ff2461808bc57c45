"""A file of payment notices, as a bureau exports it: columns in any order, amounts in yuan or in fen.

    缴款码 (缴费通知书编号)     20 digits, or any number of 6 to 64 letters and digits
    事项 (收费项目)           what the fee is for
    金额 or 金额（分）         the fee in yuan, or in fen (应缴金额)
    缴款人 (姓名)             the payer's name
    证件后四位 or 证件号码     the last four, or the whole number (身份证号), of which the last four are kept
    开具时间 (开具日期)        `YYYY-MM-DD HH:MM:SS` or a day
    有效期至 (缴款期限)        the same, or empty; a day counts to its end
    人群, 票据人工            may be left out

UTF-8 or GBK. Any other column, and any line that is not as it should be, refuses the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from bot.sandbox.bills.errors import Unreadable
from bot.sandbox.bills.values import moment, scaled
from bot.sandbox.books.files import NOTICE_COLUMNS, notice_from, number_from, read_rows, yuan
from bot.sandbox.books.notice import Notice

NUMBER, ITEM, AMOUNT, FEN, PAYER = "缴款码", "事项", "金额", "金额（分）", "缴款人"
LAST4, IDENTITY, ISSUED, EXPIRES = "证件后四位", "证件号码", "开具时间", "有效期至"
ALSO = {
    "缴费通知书编号": NUMBER,
    "收费项目": ITEM,
    "应缴金额": AMOUNT,
    "金额（元）": AMOUNT,
    "应缴金额（元）": AMOUNT,
    "应缴金额（分）": FEN,
    "姓名": PAYER,
    "身份证号": IDENTITY,
    "开具日期": ISSUED,
    "缴款期限": EXPIRES,
}
NEEDED = ((NUMBER,), (ITEM,), (AMOUNT, FEN), (PAYER,), (LAST4, IDENTITY), (ISSUED,))
DAY = len("2026-11-24")


def is_notices(header: list[str]) -> bool:
    """Whether a file with these columns is one of notices."""
    return NUMBER in [_name(column) for column in header] and "商户订单号" not in header


def read_notice_file(file: BinaryIO) -> Iterator[Notice]:
    """Every notice; Unreadable names the line that is wrong, or the column."""
    return read_rows(file, _reader_for)


def _name(column: str) -> str:
    plain = column.strip().replace("(", "（").replace(")", "）")
    return ALSO.get(plain, plain)


class _Reader:
    """Reads the rows of a file with these columns."""

    def __init__(self, header: list[str]) -> None:
        names = [_name(column) for column in header]
        unknown = [column for column, name in zip(header, names, strict=True) if name not in KNOWN]
        if unknown:
            raise Unreadable(f"不认识的列“{unknown[0][:20]}” / unknown column")
        if len(set(names)) != len(names):
            raise Unreadable("有重复的列 / a column appears twice")
        for either in NEEDED:
            if sum(name in names for name in either) != 1:
                words = "”或“".join(either)
                raise Unreadable(f"缺少一列“{words}” / a column is missing or doubled")
        self._places = {name: place for place, name in enumerate(names)}
        self.width = len(header)

    def __call__(self, values: list[str]) -> Notice:
        """The row as a notice."""
        found = {name: values[place].strip() for name, place in self._places.items()}
        row = {**dict.fromkeys(NOTICE_COLUMNS, ""), **found}
        row[NUMBER] = number_from(row[NUMBER])
        row[AMOUNT] = yuan(scaled(found[FEN], 0)) if FEN in found else found[AMOUNT]
        row[LAST4] = _last4(found[IDENTITY]) if IDENTITY in found else found[LAST4]
        row[ISSUED] = _time(found[ISSUED])
        row[EXPIRES] = _time(found.get(EXPIRES, ""), ends=True)
        return _checked(notice_from([row[column] for column in NOTICE_COLUMNS]))


KNOWN = {*NOTICE_COLUMNS, FEN, IDENTITY}


def _reader_for(header: list[str]) -> _Reader:
    return _Reader(header)


def _last4(identity: str) -> str:
    """The last four of an identity card's number; the rest is forgotten here."""
    try:
        return str(ric.validate(identity.upper()))[-4:]
    except ValidationError:
        raise Unreadable("证件号码不对(位数或校验码) / not an identity card's number") from None


def _time(text: str, ends: bool = False) -> str:
    """A time in full; a day alone begins at midnight, or `ends` at the next one."""
    if len(text) != DAY:
        return text
    start = moment(f"{text} 00:00:00")
    return _text(start + timedelta(days=1) if ends else start)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _checked(notice: Notice) -> Notice:
    last4 = notice.payer_last4
    if notice.amount <= 0:
        raise Unreadable("金额应大于零 / the amount must be above zero")
    if not notice.item or not notice.payer_name:
        raise Unreadable("缺事项或缴款人 / no item or no payer")
    if len(last4) != 4 or not last4[:3].isdecimal() or not (last4[3].isdecimal() or last4[3] == "X"):
        raise Unreadable("证件后四位不对 / wrong last four of the identity card")
    if notice.expires_at is not None and notice.expires_at <= notice.issued_at:
        raise Unreadable("有效期早于开具时间 / it expires before it was issued")
    return notice
