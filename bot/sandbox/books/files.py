"""The books as CSV files: notices, payment records, incidents and policies, for a bureau that has no API.

UTF-8 with or without a BOM, a header line, amounts in 元, times `YYYY-MM-DD HH:MM:SS` in Shanghai, empty when
unknown.

    缴款通知   缴款码,事项,金额,缴款人,证件后四位,开具时间,有效期至,人群,票据人工
    缴费记录   商户订单号,缴款码,渠道,收款账号,下单时间,渠道流水号,结果,实付金额,支付时间,得知时间,得知方式,
              填写姓名,填写证件后四位,付款账号,填写事项       (结果: 已付 or 未付; 得知方式: 通知 or 查询)
    事件      编号,类型,对象,人群,开始,结束,补齐时间         (类型: 渠道故障, 系统维护 or 政策调整)

补齐时间 is when an incident's missing records are in; a policy's 结束 is when it was decided.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from sys import intern
from typing import BinaryIO, NamedTuple, TypeVar

from bot.sandbox.bills.errors import Unreadable, at_line
from bot.sandbox.bills.reader import HEAD_BYTES, encoding_of
from bot.sandbox.bills.values import fen, moment
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.model import Channel

NOTICE_HEADER = "缴款码,事项,金额,缴款人,证件后四位,开具时间,有效期至,人群,票据人工"
NOTICE_COLUMNS = NOTICE_HEADER.split(",")
PAYMENT_HEADER = (
    "商户订单号,缴款码,渠道,收款账号,下单时间,渠道流水号,结果,实付金额,支付时间,得知时间,得知方式,"
    "填写姓名,填写证件后四位,付款账号,填写事项"
)
PAYMENT_COLUMNS = PAYMENT_HEADER.split(",")
INCIDENT_COLUMNS = ["编号", "类型", "对象", "人群", "开始", "结束", "补齐时间"]
CHANNELS = {
    "微信支付": Channel.WECHAT_PAY,
    "支付宝": Channel.ALIPAY,
    "云闪付": Channel.UNIONPAY,
    "银行转账": Channel.BANK_TRANSFER,
    "窗口": Channel.COUNTER,
}
CHANNEL_NAMES = {channel: name for name, channel in CHANNELS.items()}
OUTCOMES = {"已付": Outcome.PAID, "未付": Outcome.FAILED}
OUTCOME_NAMES = {outcome: name for name, outcome in OUTCOMES.items()}
HEARD = {"通知": Heard.CALLBACK, "查询": Heard.QUERY}
HEARD_NAMES = {heard: name for name, heard in HEARD.items()}
NUMBER = re.compile(r"[0-9A-Za-z_-]{6,64}")
FAULT, MAINTENANCE, POLICY = "渠道故障", "系统维护", "政策调整"

Row = TypeVar("Row")


class Paying(NamedTuple):
    """An order and, once the channel spoke, its word."""

    order: Order
    word: Word | None


def read_notices(file: BinaryIO) -> Iterator[Notice]:
    """Every notice; Unreadable names the line that is wrong."""
    return _rows(file, NOTICE_COLUMNS, notice_from)


def read_payments(file: BinaryIO) -> Iterator[Paying]:
    """Every payment record; Unreadable names the line that is wrong."""
    return _rows(file, PAYMENT_COLUMNS, _paying)


def read_incidents(file: BinaryIO) -> Iterator[Incident | Policy]:
    """Every incident and policy; Unreadable names the line that is wrong."""
    return _rows(file, INCIDENT_COLUMNS, _incident)


def _rows(file: BinaryIO, columns: list[str], read: Callable[[list[str]], Row]) -> Iterator[Row]:
    def reader(header: list[str]) -> Callable[[list[str]], Row]:
        if header != columns:
            raise Unreadable(f"表头应为:{','.join(columns)} / wrong columns in the header")
        return read

    return read_rows(file, reader)


def read_rows(file: BinaryIO, reader_for: Callable[[list[str]], Callable[[list[str]], Row]]) -> Iterator[Row]:
    """Every row below the header, in UTF-8 or GBK; `reader_for` the header answers what reads them.

    Raises Unreadable, which names the line.
    """
    encoding = encoding_of(file.read(HEAD_BYTES))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    rows = csv.reader(text)
    try:
        header = next(rows, [])
        read = reader_for(header)
        for values in rows:
            if len(values) != len(header):
                raise Unreadable(f"应有 {len(header)} 列 / there should be {len(header)} columns")
            yield read(values)
    except Unreadable as error:
        raise at_line(rows.line_num, error) from None
    except KeyError as error:
        raise at_line(rows.line_num, Unreadable(f"{error} 不认识 / unknown word")) from None
    except UnicodeDecodeError:
        raise at_line(rows.line_num + 1, Unreadable(f"编码不是 {encoding} / not in {encoding}")) from None
    except csv.Error as error:
        raise at_line(rows.line_num, Unreadable(f"不是 CSV / no CSV ({error})")) from None
    finally:
        text.detach()


def notice_from(values: list[str]) -> Notice:
    """The row as a notice; Unreadable when a value is none of its kind."""
    number, item, amount, payer, last4, issued, expires, group, by_hand = values
    return Notice(
        number=number_from(number),
        item=intern(item),
        amount=fen(amount),
        payer_name=payer,
        payer_last4=last4.upper(),
        issued_at=moment(issued),
        expires_at=_maybe(expires),
        group=intern(group),
        receipt_by_hand=by_hand == "是",
    )


def _paying(values: list[str]) -> Paying:
    number, notice, channel, account, opened, serial, outcome, amount, at, heard_at, heard = values[:11]
    name, last4, payer_account, item = values[11:]
    order = Order(
        merchant_order=number_from(number),
        notice_number=notice,
        channel=CHANNELS[channel],
        account=intern(account),
        opened_at=moment(opened),
        serial=serial,
        payer_name=name,
        payer_last4=last4.upper(),
        payer_account=payer_account,
        item=intern(item),
    )
    if not outcome:
        return Paying(order, None)
    told = moment(at)
    heard_when = told if heard_at == at else moment(heard_at)
    word = Word(order.merchant_order, serial, OUTCOMES[outcome], fen(amount), told, heard_when, HEARD[heard])
    return Paying(order, word)


def _incident(values: list[str]) -> Incident | Policy:
    number, kind, subject, group, starts, ends, good = values
    if kind == POLICY:
        return Policy(number_from(number), subject, group, moment(starts), _maybe(ends))
    if kind not in (FAULT, MAINTENANCE):
        raise Unreadable(f"类型“{kind}”不认识 / unknown kind")
    channel = CHANNELS[subject] if kind == FAULT else None
    return Incident(number_from(number), channel, moment(starts), moment(ends), _maybe(good))


def number_from(text: str) -> str:
    """The text, which is a number as they are printed; Unreadable when it is none."""
    if not NUMBER.fullmatch(text):
        raise Unreadable(f"“{text[:40]}”不是编号 / is not a number")
    return text


def _maybe(text: str) -> datetime | None:
    return moment(text) if text else None


def notice_values(notice: Notice) -> list[str]:
    """The notice as a row."""
    return [
        notice.number,
        notice.item,
        yuan(notice.amount),
        notice.payer_name,
        notice.payer_last4,
        clock(notice.issued_at),
        clock(notice.expires_at),
        notice.group,
        "是" if notice.receipt_by_hand else "",
    ]


def payment_values(order: Order, word: Word | None) -> list[str]:
    """The payment record as a row."""
    told = ["", "", "", "", ""]
    if word is not None:
        times = [clock(word.at), clock(word.heard_at)]
        told = [OUTCOME_NAMES[word.outcome], yuan(word.amount), *times, HEARD_NAMES[word.heard]]
    serial = word.serial if word else order.serial
    place = [CHANNEL_NAMES[order.channel], order.account, clock(order.opened_at), serial]
    filled_in = [order.payer_name, order.payer_last4, order.payer_account, order.item]
    return [order.merchant_order, order.notice_number, *place, *told, *filled_in]


def incident_values(known: Incident | Policy) -> list[str]:
    """The incident or policy as a row."""
    if isinstance(known, Policy):
        times = [clock(known.effective_at), clock(known.decided_at), ""]
        return [known.policy_id, POLICY, known.item, known.group, *times]
    subject = CHANNEL_NAMES[known.channel] if known.channel else ""
    kind = FAULT if known.channel else MAINTENANCE
    times = [clock(known.starts_at), clock(known.ends_at), clock(known.made_good_at)]
    return [known.incident_id, kind, subject, "", *times]


def write_rows(file: io.TextIOBase, columns: list[str], rows: Iterable[list[str]]) -> None:
    """A whole file."""
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(rows)


def yuan(fen: int) -> str:
    """Fen as 元 with two decimals."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def clock(at: datetime | None) -> str:
    """A time as the files write it; empty for none."""
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""
