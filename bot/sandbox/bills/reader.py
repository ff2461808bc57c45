"""A file that somebody dropped: which bill it is, read whole or refused whole."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import IO, BinaryIO, TextIO, cast

from bot.sandbox.bills import alipay, bank, wechat
from bot.sandbox.bills.errors import NotReady, Unreadable
from bot.sandbox.bills.line import Bill, Kind, Line
from bot.sandbox.model import Channel

NOT_READY = ("STATEMENT_CREATING", "NO_STATEMENT_EXIST", "BILL_NOT_EXIST", "No Bill Exist", "bill creating")
HEAD_BYTES = 2048
MOST_BYTES = 2 * 1024**3
"""What a zipped bill may unpack to: a zip of a few kilobytes can hold terabytes."""
MOST_MEMBERS = 10
UTF8_MARK = codecs.BOM_UTF8
LINES_OVER_THE_HEADER = 4
ACCOUNT_AND_DAY = re.compile(r"(?<!\d)(\d{8,20})[_-](\d{4})-?(\d{2})-?(\d{2})(?!\d)")


def read_bill(file: BinaryIO, name: str = "") -> Bill:
    """The whole bill, checked, or BillError; `name` tells account and day of one without rows."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(b"PK"):
        with _unzipped(file) as inner:
            return _alipay(inner)
    if head.startswith(b"\x1f\x8b"):
        return _gunzipped(file, name)
    return _plain(file, head, name)


def _gunzipped(file: BinaryIO, name: str) -> Bill:
    """WeChat Pay hands its bill out gzipped when asked to."""
    try:
        with gzip.open(file) as inner:
            head = inner.read(HEAD_BYTES)
            inner.seek(0)
            return _plain(cast(IO[bytes], inner), head, name)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"gzip 文件损坏 / the gzip is damaged ({error})") from None


def _plain(file: IO[bytes], head: bytes, name: str) -> Bill:
    if any(word.encode() in head for word in NOT_READY) and head.lstrip()[:1] in b"<{":
        raise NotReady("平台尚未出账,请稍后再取 / the platform has not written this bill yet: fetch it later")
    encoding = encoding_of(head)
    start = head.removeprefix(UTF8_MARK).decode(encoding, "ignore")
    with _text(file, encoding) as text:
        if wechat.is_wechat(start):
            return _wechat(text, encoding, name)
        if bank.is_bank(start):
            return _bank(text)
    if alipay.is_alipay(start):
        raise Unreadable("支付宝账单应为原始 zip 文件 / an Alipay bill comes as its zip file")
    raise Unreadable("认不出是哪种账单(编码应为 UTF-8 或 GBK) / not a bill that is known here")


def encoding_of(head: bytes) -> str:
    """UTF-8 when the beginning is; its last character may be cut."""
    if head.startswith(UTF8_MARK):
        return "utf-8"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


@contextmanager
def _text(file: IO[bytes], encoding: str) -> Iterator[TextIO]:
    """The file as lines; a byte that is no character ends in Unreadable."""
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        yield text
    except UnicodeDecodeError as error:
        raise Unreadable(f"编码不是 {encoding} / not in {encoding} at byte {error.start}") from None
    finally:
        text.detach()


@contextmanager
def _unzipped(file: BinaryIO) -> Iterator[IO[bytes]]:
    """The one member of an Alipay zip that lists every payment."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist()[:MOST_MEMBERS]:
                if member.flag_bits & 1:
                    raise Unreadable("zip 文件有密码 / the zip is locked with a password")
                with archive.open(member) as inner:
                    first = inner.read(64)
                if first.decode("gb18030", "ignore").startswith(alipay.TITLE):
                    if member.file_size > MOST_BYTES:
                        raise Unreadable("zip 内文件过大 / the file inside the zip is too large")
                    with archive.open(member) as inner:
                        yield inner
                    return
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zipfile.LargeZipFile) as error:
        raise Unreadable(f"zip 文件损坏 / the zip is damaged ({error})") from None
    raise Unreadable("zip 里没有支付宝业务明细(GBK) / no Alipay trade bill in GBK inside the zip")


def _wechat(text: TextIO, encoding: str, name: str) -> Bill:
    if encoding != "utf-8":
        raise Unreadable("微信账单应为 UTF-8 编码 / a WeChat Pay bill is in UTF-8")
    lines = tuple(wechat.read(text))
    told = ACCOUNT_AND_DAY.search(name)
    accounts = {line.account for line in lines}
    paid_on = {line.at.date() for line in lines if line.kind is Kind.PAYMENT}
    days = paid_on or {line.at.date() for line in lines}
    if not days and not told:
        raise Unreadable(
            "账单没有交易,文件名须含商户号和日期,如 1900000109_20261120.csv"
            " / no payments: the file's name must tell account and day"
        )
    if told:
        named = _day("-".join(told.group(2, 3, 4)))
        if accounts - {told[1]} or days - {named}:
            raise Unreadable(
                f"文件名写 {told[1]}、{named},与内容不符 / the name says {told[1]}, {named}: the rows do not"
            )
        accounts, days = {told[1]}, {named}
    return _one(Channel.WECHAT_PAY, accounts, days, lines)


def _alipay(inner: IO[bytes]) -> Bill:
    with _text(inner, "gb18030") as text:
        account, day = alipay.heading(list(islice(text, LINES_OVER_THE_HEADER)))
        lines = tuple(alipay.read(text, account, day))
    return _one(Channel.ALIPAY, {account}, {_day(day)}, lines)


def _bank(text: TextIO) -> Bill:
    heading = bank.heading(list(islice(text, LINES_OVER_THE_HEADER)))
    day = _day(heading.day)
    lines = tuple(bank.read(text, heading))
    return _one(heading.channel, {heading.account}, {day}, lines)


def _one(channel: Channel, accounts: set[str], days: set[date], lines: tuple[Line, ...]) -> Bill:
    """The bill of one account and day, no row twice."""
    if len(accounts) != 1 or len(days) != 1:
        raise Unreadable("账单混有多个账号或多天 / the bill mixes accounts or days")
    if len({line.line_id for line in lines}) != len(lines):
        raise Unreadable("账单内有重复的流水号 / a number appears twice in the bill")
    return Bill(channel, accounts.pop(), days.pop(), lines)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"“{text[:20]}”不是日期 / is not a date") from None
