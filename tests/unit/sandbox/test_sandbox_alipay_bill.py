"""Alipay's trade bill: a zip with a GBK CSV, as the platform writes it."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from bot.sandbox.bills.errors import BillError, Incomplete, Unreadable
from bot.sandbox.bills.line import Bill, Kind
from bot.sandbox.bills.reader import read_bill
from bot.sandbox.model import Channel

COLON, COMMA = "\uff1a", "\uff0c"
START = [
    "#支付宝业务明细查询",
    "#账号:[20880011111111110156]",
    "#起始日期:[2026年11月23日 00:00:00]   终止日期:[2026年11月24日 00:00:00]",
    "#-----------------------------------------业务明细列表----------------------------------------",
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注",
]
PAID = (
    "2026112322001004660224927787\t,HZ202611230001\t,交易,居住证补领工本费,"
    "2026-11-23 16:13:11,2026-11-23 16:14:24,"
    ",,,,**佳(yan***@163.com),20.00,20.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,,-0.01,0.00,"
    "缴款码31000026112300000001"
)
BACK = (
    "2026112322001004660224927787\t,HZ202611230001\t,退款,居住证补领工本费,"
    "2026-11-23 18:13:11,2026-11-23 18:14:24,"
    ",,,,**佳(yan***@163.com),-20.00,-20.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,RF1,0.00,0.00,"
)
END = "#-----------------------------------------业务明细列表结束------------------------------------"
PAID_TOTAL = f"#交易合计{COLON}1笔{COMMA}商家实收共20.00元{COMMA}商家优惠共0.00元"
NO_PAID_TOTAL = f"#交易合计{COLON}0笔{COMMA}商家实收共0.00元{COMMA}商家优惠共0.00元"
BACK_TOTAL = f"#退款合计{COLON}1笔{COMMA}商家实收退款共-20.00元{COMMA}商家优惠退款共0.00元"
NO_BACK_TOTAL = f"#退款合计{COLON}0笔{COMMA}商家实收退款共0.00元{COMMA}商家优惠退款共0.00元"
EXPORTED = f"#导出时间{COLON}[2026年11月24日 09:00:00]"


def zipped(*rows: str, encoding: str = "gbk") -> io.BytesIO:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("20880_20261123_业务明细(汇总).csv", "#支付宝业务汇总查询\r\n".encode("gbk"))
        archive.writestr("20880_20261123_业务明细.csv", "\r\n".join([*rows, ""]).encode(encoding))
    held.seek(0)
    return held


def read(*rows: str) -> Bill:
    return read_bill(zipped(*rows))


def test_the_listing_inside_the_zip_is_read() -> None:
    bill = read(*START, PAID, BACK, END, PAID_TOTAL, BACK_TOTAL, EXPORTED)
    assert (bill.channel, bill.account) == (Channel.ALIPAY, "20880011111111110156")
    assert (bill.day, bill.total) == (date(2026, 11, 23), 0)
    paid, back = bill.lines
    assert (paid.kind, paid.amount, paid.order) == (Kind.PAYMENT, 2000, "HZ202611230001")
    assert (paid.serial, paid.notice) == ("2026112322001004660224927787", "31000026112300000001")
    assert (paid.payer, paid.payer_account) == ("**佳", "yan***@163.com")
    assert (back.kind, back.signed, back.refund) == (Kind.REFUND, -2000, "RF1")
    assert paid.line_id != back.line_id


PARTS = "20.00,20.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,"
"""订单金额,商家实收,支付宝红包,集分宝,支付宝优惠,商家优惠,券核销,券名称,商家红包,卡消费."""


def total(received: str) -> str:
    return PAID_TOTAL.replace("20.00", received)


@pytest.mark.parametrize(
    ("parts", "received"),
    [
        ("20.00,18.00,0.00,0.00,0.00,2.00,2.00,满减,0.00,0.00,", "18.00"),
        ("20.00,18.00,0.00,0.00,0.00,0.00,0.00,,2.00,0.00,", "18.00"),
        ("20.00,17.00,0.00,0.00,0.00,2.00,2.00,满减,1.00,0.00,", "17.00"),
        ("20.00,20.00,2.00,0.50,1.00,0.00,1.00,立减,0.00,0.00,", "20.00"),
        ("20.00,5.00,0.00,0.00,0.00,0.00,0.00,,0.00,15.00,", "5.00"),
        ("20.00,0.00,0.00,0.00,0.00,20.00,20.00,全免,0.00,0.00,", "0.00"),
    ],
    ids=["our discount", "our red packet", "both", "Alipay's own", "a card filled before", "all of it"],
)
def test_what_came_in_pays_the_notice_whoever_bore_a_discount(parts: str, received: str) -> None:
    bill = read(*START, PAID.replace(PARTS, parts), END, total(received), NO_BACK_TOTAL)
    assert bill.total == bill.lines[0].amount == int(received.replace(".", ""))


def test_a_discount_goes_back_as_it_came() -> None:
    paid = PAID.replace(PARTS, "20.00,18.00,0.00,0.00,0.00,2.00,2.00,满减,0.00,0.00,")
    given = "-20.00,-18.00,0.00,0.00,0.00,-2.00"
    back = BACK.replace("-20.00,-20.00,0.00,0.00,0.00,0.00", given)
    assert given in back
    bill = read(*START, paid, back, END, total("18.00"), BACK_TOTAL.replace("20.00", "18.00"))
    assert [line.signed for line in bill.lines] == [1800, -1800]


@pytest.mark.parametrize(
    "parts",
    [
        "20.00,18.00,0.00,0.00,0.00,1.00,1.00,满减,0.00,0.00,",
        "20.00,18.00,2.00,0.00,0.00,0.00,0.00,,0.00,0.00,",
        "20.00,-20.00,0.00,0.00,0.00,40.00,0.00,,0.00,0.00,",
    ],
)
def test_a_row_whose_parts_do_not_add_up_is_refused_by_its_line(parts: str) -> None:
    second = PAID.replace(PARTS, parts).replace("4927787", "4927788")
    with pytest.raises(Unreadable, match=r"第 7 行:订单金额.*line 7: "):
        read(*START, PAID, second, END, PAID_TOTAL, NO_BACK_TOTAL)


def test_an_unknown_row_is_refused_by_its_line() -> None:
    with pytest.raises(Unreadable, match=r"第 7 行:.*line 7: "):
        read(*START, PAID, "#奇怪的行", END, PAID_TOTAL, NO_BACK_TOTAL)


def test_brackets_of_either_width_are_the_same_header() -> None:
    narrow = START[4].replace("（", "(").replace("）", ")")
    assert read(*START[:4], narrow, PAID, END, PAID_TOTAL, NO_BACK_TOTAL).total == 2000


def test_a_day_without_payments_is_a_bill_too() -> None:
    assert read(*START, END, NO_PAID_TOTAL, NO_BACK_TOTAL).lines == ()


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ((*START, PAID), Incomplete, "结束"),
        ((*START, PAID, END), Incomplete, "合计"),
        ((*START, PAID, END, PAID_TOTAL), Incomplete, "合计"),
        ((*START, PAID, END, NO_PAID_TOTAL, NO_BACK_TOTAL), Incomplete, "交易合计写 0 笔"),
        ((*START, PAID, END, PAID_TOTAL.replace("20.00", "20.01"), NO_BACK_TOTAL), Incomplete, "2001 分"),
        ((*START, PAID[:80], END, PAID_TOTAL, NO_BACK_TOTAL), Unreadable, "25 列"),
        ((*START, PAID.replace("交易", "转账"), END, PAID_TOTAL, NO_BACK_TOTAL), Unreadable, "转账"),
        (
            (*START, PAID.replace("20.00,20.00", "-20.00,-20.00"), END, PAID_TOTAL, NO_BACK_TOTAL),
            Unreadable,
            "金额",
        ),
        ((*START, "#奇怪的行", PAID, END, PAID_TOTAL, NO_BACK_TOTAL), Unreadable, "不认识"),
        ((*START[:2], *START[3:], PAID, END, PAID_TOTAL, NO_BACK_TOTAL), Unreadable, "起始日期"),
        ((*START[:4], PAID, END, PAID_TOTAL, NO_BACK_TOTAL), Unreadable, "表头"),
    ],
)
def test_a_bill_that_is_cut_off_or_wrong_is_refused_and_says_why(
    rows: tuple[str, ...], error: type[BillError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(*rows)


def test_a_listing_that_is_not_gbk_is_refused() -> None:
    with pytest.raises(Unreadable, match="GBK"):
        read_bill(zipped(*START, PAID, END, PAID_TOTAL, NO_BACK_TOTAL, encoding="utf-16"))


def test_a_listing_outside_its_zip_is_refused() -> None:
    with pytest.raises(Unreadable, match="zip"):
        read_bill(io.BytesIO("\r\n".join([*START, PAID]).encode("gbk")))


def test_a_damaged_zip_is_refused() -> None:
    whole = zipped(*START, PAID, END, PAID_TOTAL, NO_BACK_TOTAL).getvalue()
    with pytest.raises(Unreadable, match="zip"):
        read_bill(io.BytesIO(whole[: len(whole) // 2]))
    place = whole.index(b".csv", whole.index(b".csv") + 200) + 30
    with pytest.raises(BillError):
        read_bill(io.BytesIO(whole[:place] + b"\x00\x01\x02" + whole[place + 3 :]))


def test_a_zip_without_a_listing_is_refused() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    held.seek(0)
    with pytest.raises(Unreadable, match="业务明细"):
        read_bill(held)
