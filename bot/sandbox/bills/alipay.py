"""Alipay's trade bill (业务明细): a zip with a GBK CSV of 25 columns, its header on line 5.

What pays the notice is 商家实收, the money that came in. What Alipay bears (支付宝红包, 集分宝,
支付宝优惠) is in it. What the payee bears (商家优惠, 商家红包) is not, and makes up 订单金额: such a payment
differs from its notice and is for a person. 券核销 says again what the discounts say.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from bot.sandbox.bills.errors import Incomplete, Unreadable, at_line
from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.bills.values import fen, moment, notice_in
from bot.sandbox.model import Channel

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,"
    "对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,"
    "商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)
COLUMNS = HEADER.split(",")
TITLE = "#支付宝业务明细查询"
ACCOUNT = re.compile(r"#账号[:：]\[(\w+)\]")
DAY = re.compile(r"#起始日期[:：]\[(\d{4})年(\d{2})月(\d{2})日 00:00:00\]")
END = re.compile(r"#-+业务明细列表结束-+")
TOTAL = re.compile(r"#(交易|退款)合计[:：](\d+)笔[,，]商家实收(?:退款)?共(-?[\d.]+)元")
HEADER_LINE = 5
SERIAL, ORDER, BUSINESS, ITEM, CREATED, FINISHED = 0, 1, 2, 3, 4, 5
PAYER, AMOUNT, RECEIVED, REFUND_NUMBER, REMARK = 10, 11, 12, 21, 24
DISCOUNT, RED_PACKET, CARD = 16, 19, 20
KINDS = {"交易": Kind.PAYMENT, "退款": Kind.REFUND}
PAYER_NAME = re.compile(r"([^(（]*)[(（]?([^)）]*)[)）]?")


def is_alipay(head: str) -> bool:
    """Whether a file that begins like this is an Alipay trade bill."""
    return head.startswith(TITLE)


def heading(lines: list[str]) -> tuple[str, str]:
    """The account and the day, YYYY-MM-DD, from the four lines over the header."""
    said = "\n".join(lines)
    account, day = ACCOUNT.search(said), DAY.search(said)
    if account is None or day is None:
        raise Unreadable("前四行没有账号和起始日期 / no account and day in the first four lines")
    return account[1], "-".join(day.groups())


def read(text: Iterable[str], account: str, day: str) -> Iterator[Line]:
    """Every row from the header on; Incomplete when the end is missing or its totals differ."""
    rows = iter(text)
    if [_plain(name) for name in next(rows, "").rstrip("\r\n,").split(",")] != [_plain(c) for c in COLUMNS]:
        raise Unreadable("第 5 行不是支付宝业务明细的表头 / line 5 is not the header of an Alipay trade bill")
    added = {"交易": [0, 0], "退款": [0, 0]}
    ended: list[str] = []
    reader = csv.reader(_until_end(rows, ended))
    for values in reader:
        number = HEADER_LINE + reader.line_num
        try:
            line = _line([value.strip() for value in values], account)
            if line.kind is Kind.PAYMENT and line.at.date().isoformat() != day:
                raise Unreadable(f"完成时间不在 {day} / not paid on {day}")
        except Unreadable as error:
            raise at_line(number, error) from None
        tally = added["交易" if line.kind is Kind.PAYMENT else "退款"]
        tally[0] += 1
        tally[1] += line.signed
        yield line
    if not ended:
        raise Incomplete("没有“业务明细列表结束”,文件不完整 / no end line: the file is cut off")
    _check(rows, added)


def _until_end(rows: Iterator[str], ended: list[str]) -> Iterator[str]:
    for number, row in enumerate(rows, start=HEADER_LINE + 1):
        if row.startswith("#"):
            if END.match(row):
                ended.append(row)
                return
            unknown = Unreadable(f"明细中有不认识的行:{row[:40].strip()} / an unknown line among the rows")
            raise at_line(number, unknown)
        yield row


def _plain(name: str) -> str:
    return name.strip().replace("(", "（").replace(")", "）")


def _line(values: list[str], account: str) -> Line:
    if len(values) != len(COLUMNS) and not (len(values) == len(COLUMNS) + 1 and not values[-1]):
        raise Unreadable("应有 25 列 / there should be 25 columns")
    kind = KINDS.get(values[BUSINESS])
    if kind is None or not values[SERIAL]:
        raise Unreadable(f"业务类型“{values[BUSINESS][:20]}”不认识 / unknown kind of business")
    amount = _received(values, kind)
    refund = values[REFUND_NUMBER] if kind is Kind.REFUND else ""
    payer, payer_account = _payer(values[PAYER])
    return Line(
        line_id=f"SL-{values[SERIAL]}" + (f"-{refund or 'R'}" if kind is Kind.REFUND else ""),
        channel=Channel.ALIPAY,
        account=account,
        kind=kind,
        serial=values[SERIAL],
        order=values[ORDER],
        notice=notice_in(values[REMARK]),
        amount=amount,
        at=moment(values[FINISHED] or values[CREATED]),
        payer=payer,
        payer_account=payer_account,
        item=values[ITEM],
        refund=refund,
    )


def _received(values: list[str], kind: Kind) -> int:
    """What came in or went out, in fen, checked against the order's amount."""
    ordered, received = fen(values[AMOUNT]), fen(values[RECEIVED])
    if (ordered < 0) != (kind is Kind.REFUND) or received * ordered < 0:
        raise Unreadable("订单金额、商家实收与业务类型不符 / the amounts do not fit their kind")
    discount, red_packet, card = (abs(fen(values[place] or "0")) for place in (DISCOUNT, RED_PACKET, CARD))
    missing = abs(ordered) - abs(received) - discount - red_packet
    if missing not in (0, card):  # a card was filled before: its part may be left out
        raise Unreadable(
            f"订单金额 {values[AMOUNT]} 不等于商家实收 {values[RECEIVED]} + 商家优惠 {values[DISCOUNT]}"
            f" + 商家红包 {values[RED_PACKET]} / the order's amount is not what was received"
            " and what the payee gave"
        )
    return abs(received)


def _payer(text: str) -> tuple[str, str]:
    """`王*(139****1234)` as name and account."""
    found = PAYER_NAME.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def _check(closing: Iterator[str], added: dict[str, list[int]]) -> None:
    said = {found[1]: (int(found[2]), fen(found[3])) for row in closing if (found := TOTAL.match(row))}
    if set(said) != set(added):
        raise Incomplete("没有交易合计和退款合计 / the totals are missing")
    for name, (count, total) in said.items():
        if [count, total] != added[name]:
            raise Incomplete(
                f"{name}合计写 {count} 笔 {total} 分,实际 {added[name][0]} 笔 {added[name][1]} 分"
                f" / the totals differ from the rows"
            )
