"""WeChat Pay's trade bill (交易账单, type ALL), with or without the three columns of the non-tax bill.

UTF-8, perhaps with a BOM; a backtick before every value, so that a comma inside one parts nothing; two
closing lines with totals. A snapshot: it is issued once and never corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from bot.sandbox.bills.errors import Incomplete, Unreadable, at_line
from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.bills.values import fen, moment, notice_in, scaled
from bot.sandbox.model import Channel

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
COLUMNS = HEADER.split(",")
NON_TAX_COLUMNS = [*COLUMNS, "行政区划代码", "缴费通知书编号", "执收单位编码"]
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
TOTALLED = (12, 16, 17, 22, 24, 25)
"""The columns that the closing line adds up, in its order."""
PLACES = 5
"""Fees have up to five decimals; every column is added up as finely."""
AT, MERCHANT, SERIAL, ORDER, STATUS, CURRENCY = 0, 2, 5, 6, 9, 11
REFUND_NUMBER, REFUND_STATUS, ITEM, PACKET = 14, 19, 20, 21
ORDER_AMOUNT, REFUND_AMOUNT, NOTICE = 24, 25, 28
REFUND_ENDS = {"SUCCESS": Kind.REFUND, "PROCESSING": Kind.REFUNDING}


def is_wechat(head: str) -> bool:
    """Whether a file that begins like this is a WeChat Pay bill."""
    return head.startswith("交易时间,公众账号ID,商户号")


def read(text: Iterable[str]) -> Iterator[Line]:
    """Every row; Incomplete when the totals are missing or differ, Unreadable when it is no such bill."""
    rows = iter(text)
    width = _width(next(rows, "").rstrip("\r\n"))
    sums = [0] * len(TOTALLED)
    day: date | None = None
    for count, row in enumerate(rows):
        if row.startswith("总"):
            _check(row.rstrip("\r\n"), next(rows, ""), count, sums)
            if any(rest.strip() for rest in islice(rows, 3)):
                raise Incomplete("合计行之后还有内容 / there is more after the totals")
            return
        try:
            values = _values(row, width)
            for place, column in enumerate(TOTALLED):
                sums[place] += scaled(values[column] or "0", PLACES)
            line = _line(values)
            if line is not None and line.kind is Kind.PAYMENT:
                day = day or line.at.date()
                _check_day(line, day)
        except Unreadable as error:
            raise at_line(count + 2, error) from None
        if line is not None:
            yield line
    raise Incomplete("没有合计行,文件不完整 / no totals at the end: the file is cut off")


def _width(header: str) -> int:
    columns = header.split(",")
    if columns not in (COLUMNS, NON_TAX_COLUMNS):
        raise Unreadable("表头不是微信支付交易账单 / the header is not that of a WeChat Pay trade bill")
    return len(columns)


def _check_day(line: Line, day: date) -> None:
    if line.at.date() != day:
        raise Unreadable(f"交易时间不在 {day},账单混有多天 / not paid on {day}: the bill mixes days")


def _values(row: str, width: int) -> list[str]:
    values = row.rstrip("\r\n").split(",`")
    if len(values) != width or not values[0].startswith("`"):
        raise Unreadable(f"应有 {width} 列 / there should be {width} columns")
    values[0] = values[0][1:]
    return values


def _line(values: list[str]) -> Line | None:
    """The row; None for one that moved nothing and will not, such as a refund that failed."""
    status, serial = values[STATUS], values[SERIAL]
    refund = values[REFUND_NUMBER] if values[REFUND_NUMBER] != "0" else ""
    if values[CURRENCY] != "CNY" or not serial:
        raise Unreadable("不是人民币交易 / not a payment in CNY")
    if status == "SUCCESS":
        kind, amount, refund = Kind.PAYMENT, fen(values[ORDER_AMOUNT]), ""
    elif status == "REFUND":
        if values[REFUND_STATUS] not in REFUND_ENDS:
            return None
        kind, amount = REFUND_ENDS[values[REFUND_STATUS]], fen(values[REFUND_AMOUNT])
    elif status == "REVOKED":
        amount = fen(values[REFUND_AMOUNT])
        kind = Kind.REFUND if amount else Kind.REVOKED
    else:
        raise Unreadable(f"交易状态“{status[:20]}”不认识 / unknown state “{status[:20]}”")
    packet = values[PACKET]
    return Line(
        line_id=f"SL-{refund or serial}" + ("-P" if kind is Kind.REFUNDING else ""),
        channel=Channel.WECHAT_PAY,
        account=values[MERCHANT],
        kind=kind,
        serial=serial,
        order=values[ORDER],
        notice=values[NOTICE] if len(values) > NOTICE else notice_in(packet),
        amount=amount,
        at=moment(values[AT]),
        item=values[ITEM],
        refund=refund,
    )


def _check(header: str, closing: str, count: int, sums: list[int]) -> None:
    if header != TOTALS or not closing.startswith("`"):
        raise Incomplete("合计行不完整 / the totals are cut off")
    said = closing.rstrip("\r\n")[1:].split(",`")
    if len(said) != len(sums) + 1 or not said[0].isdecimal():
        raise Incomplete("合计行不完整 / the totals are cut off")
    if int(said[0]) != count:
        raise Incomplete(
            f"合计行写 {said[0]} 笔,实际 {count} 笔 / the totals say {said[0]} rows, there are {count}"
        )
    for name, total, added in zip(header.split(",")[1:], said[1:], sums, strict=True):
        if scaled(total, PLACES) != added:
            raise Incomplete(f"{name}写 {total},实际 {_yuan(added)} / {total} said, {_yuan(added)} added up")


def _yuan(added: int) -> str:
    return f"{'-' if added < 0 else ''}{abs(added) // 10**PLACES}.{abs(added) % 10**PLACES:0{PLACES}d}"
