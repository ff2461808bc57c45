"""The bank's statement: one account, one day, each balance following from the one before."""

from __future__ import annotations

import io
from datetime import date

import pytest

from bot.sandbox.bills.errors import BillError, Incomplete, Unreadable
from bot.sandbox.bills.line import Bill, Kind
from bot.sandbox.bills.reader import read_bill
from bot.sandbox.model import Channel

START = [
    "银行账户交易明细",
    "账号,3100151234567890,户名,上海市某区公安分局",
    "业务,银行转账,账单日期,2026-11-20",
    "期初余额,120.00,期末余额,150.00",
    "交易时间,交易流水号,借贷,金额,余额,对方户名,对方账号,附言,商户订单号",
]
IN = "2026-11-20 10:11:12,BK1,贷,40.00,160.00,王小明,6222****1234,补办费 31000026112000000104 谢谢,"
OUT = "2026-11-20 15:00:00,BK2,借,10.00,150.00,王小明,6222****1234,退款 BK0009,"
END = "合计,贷方笔数,1,贷方金额,40.00,借方笔数,1,借方金额,10.00"


def read(*rows: str, encoding: str = "gbk") -> Bill:
    return read_bill(io.BytesIO("\r\n".join([*rows, ""]).encode(encoding)))


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
def test_a_statement_is_read_in_the_encodings_that_banks_use(encoding: str) -> None:
    bill = read(*START, IN, OUT, END, encoding=encoding)
    assert (bill.channel, bill.account) == (Channel.BANK_TRANSFER, "3100151234567890")
    assert (bill.day, bill.total) == (date(2026, 11, 20), 3000)
    came, went = bill.lines
    assert (came.kind, came.amount, came.payer) == (Kind.PAYMENT, 4000, "王小明")
    assert (came.notice, came.payer_account) == ("31000026112000000104", "6222****1234")
    assert (went.kind, went.signed, went.serial, went.refund) == (Kind.REFUND, -1000, "BK0009", "BK2")


@pytest.mark.parametrize(("business", "channel"), [("银联", Channel.UNIONPAY), ("柜面", Channel.COUNTER)])
def test_unionpay_and_the_counter_settle_on_the_same_form(business: str, channel: Channel) -> None:
    start = [row.replace("银行转账", business) for row in START]
    assert read(*start, IN, OUT, END).channel is channel


def test_two_notice_numbers_in_a_postscript_are_none() -> None:
    both = IN.replace("谢谢", "和 31000026112000000105")
    assert read(*START, both, OUT, END).lines[0].notice == ""


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ((*START, IN, OUT), Incomplete, "合计"),
        ((*START, IN, OUT, END[:20]), Incomplete, "合计"),
        ((*START, IN, END), Incomplete, "合计与明细不符"),
        ((*START, OUT, END), Incomplete, "接不上"),
        ((*START, IN.replace("160.00", "161.00"), OUT, END), Incomplete, "接不上"),
        ((*START[:3], START[3].replace("150", "151"), START[4], IN, OUT, END), Incomplete, "期末余额"),
        ((*START, IN.replace("贷", "进"), OUT, END), Unreadable, "借贷"),
        ((*START, IN.replace("40.00", "-40.00"), OUT, END), Unreadable, "金额"),
        ((*START, IN + ",,", OUT, END), Unreadable, "9 列"),
        ((START[0], START[1], "业务,现金,账单日期,2026-11-20", *START[3:], IN, OUT, END), Unreadable, "现金"),
        ((*START[:2], "业务,银行转账,账单日期,某日", *START[3:], IN, OUT, END), Unreadable, "日期"),
        ((*START[:4], IN, OUT, END), Unreadable, "表头"),
        ((*START, IN, OUT.replace("BK2", "BK1"), END), BillError, "重复"),
    ],
)
def test_a_statement_that_is_cut_off_or_wrong_is_refused_and_says_why(
    rows: tuple[str, ...], error: type[BillError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(*rows)
