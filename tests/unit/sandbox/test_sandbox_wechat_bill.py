"""WeChat Pay's trade bill, as the platform writes it."""

from __future__ import annotations

import gzip
import io
from datetime import date, datetime

import pytest

from bot.sandbox.bills.errors import BillError, Incomplete, NotReady, Unreadable
from bot.sandbox.bills.line import Bill, Kind
from bot.sandbox.bills.reader import read_bill
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.model import Channel

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
PAID = (
    "`2026-11-23 17:07:11,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202611234997714292,`HZ202611230001,"
    "`ofyak5qR_1wYsC99CsWA6R9MJazA,`JSAPI,`SUCCESS,`OTHERS,`CNY,`40.00,`0.00,`0,`0,`0.00,`0.00,`,`,"
    "`居民身份证补领,工本费,`31000026112300000001,`0.24000,`0.60%,`40.00,`0.00,`"
)
BACK = (
    "`2026-11-23 18:00:00,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202611234997714292,`HZ202611230001,"
    "`ofyak5qR_1wYsC99CsWA6R9MJazA,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,"
    "`50000000382026112352709732678859,`R1,`40.00,`0.00,`ORIGINAL,`SUCCESS,`居民身份证补领,工本费,`,"
    "`-0.24000,`0.60%,`0.00,`40.00,`"
)
SUMS = "`2,`40.00,`40.00,`0.00,`0.00000,`40.00,`40.00"
ONE = "`1,`40.00,`0.00,`0.00,`0.24000,`40.00,`0.00"
NAME = "1601959334_20261123.csv"


def read(*rows: str, name: str = "", encoding: str = "utf-8-sig") -> Bill:
    return read_bill(io.BytesIO("\r\n".join([*rows, ""]).encode(encoding)), name)


def test_a_bill_is_read_with_its_bom_backticks_and_commas_inside_values() -> None:
    bill = read(HEADER, PAID, BACK, TOTALS, SUMS)
    assert (bill.channel, bill.account, bill.day) == (Channel.WECHAT_PAY, "1601959334", date(2026, 11, 23))
    paid, back = bill.lines
    assert (paid.kind, paid.amount, paid.serial) == (Kind.PAYMENT, 4000, "4200000925202611234997714292")
    assert (paid.order, paid.notice) == ("HZ202611230001", "31000026112300000001")
    assert paid.item == "居民身份证补领,工本费"
    assert paid.at == datetime(2026, 11, 23, 17, 7, 11, tzinfo=SHANGHAI)
    assert (back.kind, back.signed, back.refund) == (Kind.REFUND, -4000, "50000000382026112352709732678859")
    assert bill.total == 0


def test_a_refunded_order_keeps_its_row_and_a_refund_under_way_moves_nothing() -> None:
    rows = [PAID, BACK.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`PROCESSING")]
    bill = read(HEADER, *rows, TOTALS, SUMS)
    assert [line.kind for line in bill.lines] == [Kind.PAYMENT, Kind.REFUNDING]
    assert bill.total == 4000


def test_a_refund_that_failed_is_not_a_refund() -> None:
    bill = read(HEADER, PAID, BACK.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`FAIL"), TOTALS, SUMS)
    assert [line.kind for line in bill.lines] == [Kind.PAYMENT]


def test_a_revoked_order_gives_its_money_back_or_never_had_any() -> None:
    revoked = BACK.replace("`REFUND", "`REVOKED")
    assert [line.kind for line in read(HEADER, PAID, revoked, TOTALS, SUMS).lines][1] is Kind.REFUND
    nothing = PAID.replace("SUCCESS", "REVOKED")
    assert [line.kind for line in read(HEADER, nothing, TOTALS, ONE).lines] == [Kind.REVOKED]


def test_the_non_tax_bill_names_the_notice_in_its_own_column() -> None:
    row = PAID.replace("`31000026112300000001", "`some packet") + ",`310000,`31000026112300000009,`0101"
    bill = read(HEADER + ",行政区划代码,缴费通知书编号,执收单位编码", row, TOTALS, ONE)
    assert bill.lines[0].notice == "31000026112300000009"


def test_a_gzipped_bill_is_read_too() -> None:
    text = "\n".join([HEADER, PAID, TOTALS, ONE])
    assert len(read_bill(io.BytesIO(gzip.compress(text.encode()))).lines) == 1


def test_a_bill_without_payments_says_its_account_and_day_in_its_name() -> None:
    nothing = "`0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00"
    bill = read(HEADER, TOTALS, nothing, name=NAME)
    assert (bill.account, bill.day, bill.lines) == ("1601959334", date(2026, 11, 23), ())
    with pytest.raises(Unreadable, match="文件名"):
        read(HEADER, TOTALS, nothing)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ((HEADER, PAID), Incomplete, "合计"),
        ((HEADER, PAID, TOTALS), Incomplete, "合计"),
        ((HEADER, PAID, TOTALS, ONE[:20]), Incomplete, "合计"),
        ((HEADER, PAID, TOTALS, SUMS), Incomplete, "2 笔"),
        ((HEADER, PAID, TOTALS, ONE.replace("40.00", "41.00", 1)), Incomplete, "应结订单总金额"),
        ((HEADER, PAID, TOTALS, ONE.replace("0.24000", "0.24001")), Incomplete, "手续费总金额"),
        ((HEADER, PAID, TOTALS, ONE, PAID), Incomplete, "合计行之后"),
        ((HEADER, PAID[:150], TOTALS, ONE), Unreadable, "27 列"),
        ((HEADER, PAID.replace("`CNY", "`USD"), TOTALS, ONE), Unreadable, "人民币"),
        ((HEADER, PAID.replace("SUCCESS", "WHATEVER"), TOTALS, ONE), Unreadable, "WHATEVER"),
        ((HEADER, PAID.replace("`40.00,`0.00,`", "`4O.00,`0.00,`", 1), TOTALS, ONE), Unreadable, "金额"),
        ((HEADER, PAID.replace("2026-11-23 17", "2026-11-31 17"), TOTALS, ONE), Unreadable, "时间"),
        ((HEADER[:-5], PAID, TOTALS, ONE), Unreadable, "表头"),
        ((HEADER, PAID, PAID, TOTALS, "`2,`80.00,`0.00,`0.00,`0.48000,`80.00,`0.00"), BillError, "重复"),
    ],
)
def test_a_bill_that_is_cut_off_or_wrong_is_refused_and_says_why(
    rows: tuple[str, ...], error: type[BillError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(*rows)


def test_a_bill_in_another_encoding_is_refused() -> None:
    with pytest.raises(Unreadable, match="UTF-8"):
        read(HEADER, PAID, TOTALS, ONE, encoding="gb18030")
    broken = "\n".join([HEADER, PAID, TOTALS, ONE]).encode() + b"\xff\xfe"
    with pytest.raises(BillError):
        read_bill(io.BytesIO(broken))


def test_a_bill_whose_name_tells_another_day_is_refused() -> None:
    with pytest.raises(Unreadable, match="文件名写"):
        read(HEADER, PAID, TOTALS, ONE, name="1601959334_20261122.csv")


@pytest.mark.parametrize(
    "answer",
    [
        '{"code":"STATEMENT_CREATING","message":"账单生成中"}',
        '{"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"}',
        "<xml><return_msg><![CDATA[No Bill Exist]]></return_msg><error_code>20002</error_code></xml>",
        '{"alipay_data_dataservice_bill_downloadurl_query_response":{"sub_code":"BILL_NOT_EXIST"}}',
    ],
)
def test_a_platforms_answer_that_the_bill_is_not_ready_is_known(answer: str) -> None:
    with pytest.raises(NotReady, match="稍后"):
        read_bill(io.BytesIO(answer.encode()))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 100, b"PK\x03\x04broken", b"\x1f\x8bbroken"])
def test_what_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_bill(io.BytesIO(content))
