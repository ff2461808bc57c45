"""The bank's statement of one account and day: transfers, UnionPay's settlements, or a counter's takings.

    银行账户交易明细
    账号,31001234567890123456,户名,上海市某区公安分局
    业务,银行转账,账单日期,2026-11-20
    期初余额,120.00,期末余额,160.00
    交易时间,交易流水号,借贷,金额,余额,对方户名,对方账号,附言,商户订单号
    2026-11-20 10:11:12,BK2026112000000001,贷,40.00,160.00,王小明,6222****1234,31000026112000000104,
    合计,贷方笔数,1,贷方金额,40.00,借方笔数,0,借方金额,0.00

UTF-8 (perhaps with a BOM) or GBK. 贷 brought money, 借 took it away again: a refund, which names the
流水号 or the 商户订单号 of the payment it undoes (in 附言: 退款 and that number). Each row's balance
follows from the one before.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.sandbox.bills.errors import Incomplete, Unreadable, at_line
from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.bills.values import fen, moment, notice_in
from bot.sandbox.model import Channel
from bot.sandbox.schedule import billing_day

TITLE = "银行账户交易明细"
BUSINESSES = {"银行转账": Channel.BANK_TRANSFER, "银联": Channel.UNIONPAY, "柜面": Channel.COUNTER}
COLUMNS = ["交易时间", "交易流水号", "借贷", "金额", "余额", "对方户名", "对方账号", "附言", "商户订单号"]
REFUNDS = re.compile(r"退款[::\s]*([0-9A-Za-z_-]+)")


class Heading(NamedTuple):
    """What the lines over the rows say; balances in fen."""

    account: str
    channel: Channel
    day: str
    opening: int
    closing: int


def is_bank(head: str) -> bool:
    """Whether a file that begins like this is a bank statement."""
    return head.startswith(TITLE)


def heading(lines: list[str]) -> Heading:
    """The four lines over the header."""
    rows = list(csv.reader(lines))
    said = {row[place]: row[place + 1] for row in rows for place in range(0, len(row) - 1, 2)}
    try:
        channel = BUSINESSES[said["业务"]]
        return Heading(said["账号"], channel, said["账单日期"], fen(said["期初余额"]), fen(said["期末余额"]))
    except KeyError as error:
        raise Unreadable(f"表头缺 {error} / the heading lacks {error}") from None


def read(text: Iterable[str], heading: Heading) -> Iterator[Line]:
    """Every row from the header on; Incomplete when a balance or a total does not follow from the rows."""
    rows = csv.reader(text)
    if next(rows, []) != COLUMNS:
        raise Unreadable("第 5 行不是银行明细的表头 / line 5 is not the header of the bank's statement")
    balance = heading.opening
    tally = {"贷": [0, 0], "借": [0, 0]}
    for number, values in enumerate(rows, start=6):
        if values and values[0] == "合计":
            _check(values, tally, balance, heading)
            return
        try:
            line, balance = _line(values, balance, heading)
            if line.kind is Kind.PAYMENT and billing_day(line.channel, line.at).isoformat() != heading.day:
                raise Unreadable(f"交易时间不属于 {heading.day} / not of {heading.day}")
        except (Unreadable, Incomplete) as error:
            raise at_line(number, error) from None
        side = tally["贷" if line.kind is Kind.PAYMENT else "借"]
        side[0] += 1
        side[1] += line.amount
        yield line
    raise Incomplete("没有合计行,文件不完整 / no totals at the end: the file is cut off")


def _line(values: list[str], balance: int, heading: Heading) -> tuple[Line, int]:
    if len(values) != len(COLUMNS):
        raise Unreadable("应有 9 列 / there should be 9 columns")
    at, flow, side, yuan, left, payer, payer_account, postscript, order = (value.strip() for value in values)
    amount = fen(yuan)
    if side not in ("贷", "借") or amount <= 0 or not flow:
        raise Unreadable("借贷、金额或流水号不对 / wrong side, amount or number")
    balance += amount if side == "贷" else -amount
    if fen(left) != balance:
        raise Incomplete("余额与前一行接不上 / the balance does not follow from the line before")
    refunds = REFUNDS.search(postscript) if side == "借" else None
    line = Line(
        line_id=f"SL-{flow}",
        channel=heading.channel,
        account=heading.account,
        kind=Kind.PAYMENT if side == "贷" else Kind.REFUND,
        serial=refunds[1] if refunds else order if side == "借" and order else flow,
        order=order,
        notice=notice_in(postscript),
        amount=amount,
        at=moment(at),
        payer=payer,
        payer_account=payer_account,
        refund=flow if side == "借" else "",
    )
    return line, balance


def _check(values: list[str], tally: dict[str, list[int]], balance: int, heading: Heading) -> None:
    said = dict(zip(values[1::2], values[2::2], strict=False))
    try:
        ends = [int(said["贷方笔数"]), fen(said["贷方金额"]), int(said["借方笔数"]), fen(said["借方金额"])]
    except (KeyError, ValueError):
        raise Incomplete("合计行不完整 / the totals are cut off") from None
    if ends != [*tally["贷"], *tally["借"]]:
        raise Incomplete("合计与明细不符 / the totals differ from the rows")
    if balance != heading.closing:
        raise Incomplete("期末余额与明细不符 / the closing balance does not follow from the rows")
