"""Bills written as the channels and the bank write them, to the byte."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from bot.sandbox.bills import alipay, bank, wechat
from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.files import clock, yuan
from bot.sandbox.model import Channel

OPENING = 1_000_000
"""What each bank account holds in the morning, in fen."""
APP_ID = "wx8888888888888888"
FEE_RATE = "0.00%"
BUSINESS = {channel: name for name, channel in bank.BUSINESSES.items()}
WECHAT_STATES = {
    Kind.PAYMENT: ("SUCCESS", ""),
    Kind.REFUND: ("REFUND", "SUCCESS"),
    Kind.REFUNDING: ("REFUND", "PROCESSING"),
    Kind.REVOKED: ("REVOKED", ""),
}


def wechat_rows(lines: Iterable[Line]) -> Iterator[str]:
    """The WeChat Pay bill, row by row."""
    yield ",".join(wechat.COLUMNS)
    count = paid = back = 0
    for line in lines:
        count += 1
        returns = line.kind in (Kind.REFUND, Kind.REFUNDING)
        paid += 0 if returns else line.amount
        back += line.amount if returns else 0
        yield "`" + ",`".join(_wechat_values(line, returns))
    yield wechat.TOTALS
    yield "`" + ",`".join([str(count), yuan(paid), yuan(back), "0.00", "0.00000", yuan(paid), yuan(back)])


def _wechat_values(line: Line, returns: bool) -> list[str]:
    state, refund_state = WECHAT_STATES[line.kind]
    paid, back = ("0.00", yuan(line.amount)) if returns else (yuan(line.amount), "0.00")
    number, own_number = (line.refund, f"R{line.order}") if returns else ("0", "0")
    who = [
        clock(line.at),
        APP_ID,
        line.account,
        "0",
        "",
        line.serial,
        line.order,
        "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    ]
    what = ["JSAPI", state, "OTHERS", "CNY", paid, "0.00", number, own_number, back, "0.00"]
    rest = [
        "ORIGINAL" if returns else "",
        refund_state,
        line.item,
        line.notice,
        "0.00000",
        FEE_RATE,
        paid,
        back,
        "",
    ]
    return who + what + rest


def alipay_rows(lines: Iterable[Line], account: str, day: date) -> Iterator[str]:
    """Alipay's 业务明细, row by row."""
    start, end = (f"{d:%Y}年{d:%m}月{d:%d}日 00:00:00" for d in (day, day + timedelta(days=1)))
    yield alipay.TITLE
    yield f"#账号:[{account}]"
    yield f"#起始日期:[{start}]   终止日期:[{end}]"
    yield "#-----------------------------------------业务明细列表----------------------------------------"
    yield ",".join(alipay.COLUMNS)
    tally = {Kind.PAYMENT: [0, 0], Kind.REFUND: [0, 0]}
    for line in lines:
        tally[line.kind][0] += 1
        tally[line.kind][1] += line.signed
        yield ",".join(_alipay_values(line))
    (paid_count, paid), (back_count, back) = tally[Kind.PAYMENT], tally[Kind.REFUND]
    yield "#-----------------------------------------业务明细列表结束------------------------------------"
    yield f"#交易合计：{paid_count}笔，商家实收共{yuan(paid)}元，商家优惠共0.00元"
    yield f"#退款合计：{back_count}笔，商家实收退款共{yuan(back)}元，商家优惠退款共0.00元"
    yield f"#导出时间:[{end}]"


def _alipay_values(line: Line) -> list[str]:
    payer = f"{line.payer}({line.payer_account})" if line.payer else ""
    kind = "退款" if line.kind is Kind.REFUND else "交易"
    amount, at = yuan(line.signed), clock(line.at)
    who = [f"{line.serial}\t", f"{line.order}\t", kind, line.item, at, at, "", "", "", "", payer]
    return [*who, amount, amount, *["0.00"] * 5, "", "0.00", "0.00", line.refund, "0.00", "0.00", line.notice]


def bank_rows(lines: Iterable[Line], channel: Channel, account: str, day: date) -> Iterator[str]:
    """The bank's statement, row by row; its heading needs every line at once."""
    rows = list(lines)
    closing = OPENING + sum(line.signed for line in rows)
    yield bank.TITLE
    yield f"账号,{account},户名,上海市公安局户政缴费专户"
    yield f"业务,{BUSINESS[channel]},账单日期,{day.isoformat()}"
    yield f"期初余额,{yuan(OPENING)},期末余额,{yuan(closing)}"
    yield ",".join(bank.COLUMNS)
    balance = OPENING
    for line in rows:
        balance += line.signed
        yield ",".join(_bank_values(line, balance))
    came = [line.amount for line in rows if line.kind is Kind.PAYMENT]
    went = [line.amount for line in rows if line.kind is not Kind.PAYMENT]
    credited = f"贷方笔数,{len(came)},贷方金额,{yuan(sum(came))}"
    yield f"合计,{credited},借方笔数,{len(went)},借方金额,{yuan(sum(went))}"


def _bank_values(line: Line, balance: int) -> list[str]:
    back = line.kind is Kind.REFUND
    flow, postscript = (line.refund, f"退款 {line.serial}") if back else (line.serial, line.notice)
    side = "借" if back else "贷"
    left = [clock(line.at), flow, side, yuan(line.amount), yuan(balance)]
    return [*left, line.payer, line.payer_account, postscript, "" if back else line.order]


def file_name(channel: Channel, account: str, day: date) -> str:
    """The bill's name as it would be downloaded."""
    return f"{account}_{day:%Y%m%d}.{'zip' if channel is Channel.ALIPAY else 'csv'}"


def bill_bytes(channel: Channel, account: str, day: date, lines: Iterable[Line]) -> bytes:
    """The whole file."""
    if channel is Channel.WECHAT_PAY:
        return _joined(wechat_rows(lines)).encode("utf-8-sig")
    if channel is Channel.ALIPAY:
        return _zipped(account, day, _joined(alipay_rows(lines, account, day)).encode("gb18030"))
    return _joined(bank_rows(lines, channel, account, day)).encode("gb18030")


def _joined(rows: Iterator[str]) -> str:
    return "".join(f"{row}\r\n" for row in rows)


def _zipped(account: str, day: date, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{account}_{day:%Y%m%d}_业务明细.csv", content)
    return held.getvalue()
