"""The payments a fresh sandbox knows: numbers never change, times follow the clock at start.

A row's `code` ends each of its numbers: 01xx unreconciled and 02xx under review (one row for each reason,
in the contract's order), 03xx the other states, 04xx special situations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.bills import bill_ready, expected_by
from bot.sandbox.fiscal import fiscal_receipt
from bot.sandbox.model import (
    SELF_SETTLING,
    Channel,
    HistoryEntry,
    Payer,
    Payment,
    Reason,
    State,
    StatementLine,
)
from bot.sandbox.workdays import at, working_days_before

Moment = Callable[[datetime, Channel], datetime]
"""A time, told from the clock at start and the payment's channel."""


def lately(now: datetime, channel: Channel) -> datetime:
    """Yesterday evening, or two hours ago when yesterday's bill is already out."""
    evening = at(now.date() - timedelta(days=1), 20, 16)
    return evening if bill_ready(channel, evening) > now else now - timedelta(hours=2)


def at_the_counter(now: datetime, channel: Channel) -> datetime:
    """The last working day in office hours, or two hours ago when that day is already booked."""
    visit = at(working_days_before(now.date(), 1), 14, 20)
    return visit if bill_ready(channel, visit) > now else now - timedelta(hours=2)


def days_ago(days: int, hour: int, minute: int) -> Moment:
    """That many calendar days ago, at this time."""
    return lambda now, channel: at(now.date() - timedelta(days=days), hour, minute)


def minutes_ago(minutes: int) -> Moment:
    """That many minutes before the start."""
    return lambda now, channel: now - timedelta(minutes=minutes)


def working_days_ago(days: int, hour: int, minute: int) -> Moment:
    """That many working days ago, at this time."""
    return lambda now, channel: at(working_days_before(now.date(), days), hour, minute)


@dataclass(frozen=True)
class Row:
    """One seeded payment; amounts in fen; `overdue` keeps the first promised time though it has passed."""

    code: str
    day: str
    channel: Channel
    state: State
    reason: Reason | None
    payer: Payer
    item: str
    due: int
    shows_zh: str
    shows_en: str
    paid: Moment | None = lately
    changed: Moment | None = None
    paid_amount: int | None = None
    notice_of: str | None = None
    mismatched: tuple[str, ...] = ()
    overdue: bool = False
    receipt: bool = False


WANG = Payer("王小明", "1234")
LI = Payer("李秀兰", "018X")
CHEN = Payer("陈建国", "5678")
ZHAO = Payer("赵敏", "2468")
ZHOU = Payer("周婷", "9013")
OUYANG = Payer("欧阳志远", "3579")

LOST_CARD, NEW_CARD, TEMPORARY_CARD = "居民身份证补领工本费", "居民身份证换领工本费", "临时居民身份证工本费"
BOOK, PERMIT, MOVING = "居民户口簿补发工本费", "居住证补领工本费", "户口迁移证工本费"

WECHAT, ALIPAY, UNIONPAY = Channel.WECHAT_PAY, Channel.ALIPAY, Channel.UNIONPAY
BANK, COUNTER = Channel.BANK_TRANSFER, Channel.COUNTER
WAITS, REVIEW, BOOKED = State.UNRECONCILED, State.UNDER_REVIEW, State.RECONCILED

NOV12, NOV16, NOV17, NOV20 = "20261112", "20261116", "20261117", "20261120"
NAMES = ("payer_name", "payer_id")
THREE_AGO, FOUR_AGO, YESTERDAY = days_ago(3, 10, 24), days_ago(4, 15, 5), days_ago(1, 9, 40)

# fmt: off
ROWS: tuple[Row, ...] = (
    Row("0101", NOV20, WECHAT, WAITS, Reason.AWAITING_STATEMENT, WANG, LOST_CARD, 4000,
        "刚付款,等微信账单(T+1)", "just paid, waits for tomorrow's bill"),
    Row("0102", NOV20, WECHAT, WAITS, Reason.DAY_CUT, LI, NEW_CARD, 2000,
        "日切前后付款,进入下一日账单", "paid around midnight, in the next day's bill", days_ago(1, 23, 58)),
    Row("0103", NOV20, ALIPAY, WAITS, Reason.CALLBACK_LOST, CHEN, PERMIT, 2000,
        "掉单:支付宝通知丢失,从账单补单", "the channel's notice was lost"),
    Row("0104", NOV20, BANK, WAITS, Reason.BANK_TRANSFER_DELAY, ZHAO, BOOK, 1000,
        "跨行转账在途", "an inter-bank transfer on its way", working_days_ago(1, 14, 30)),
    Row("0105", NOV20, ALIPAY, WAITS, Reason.INFO_MISMATCH, ZHOU, LOST_CARD, 4000,
        "姓名和证件号与缴款书不符", "name and identity number differ", THREE_AGO, mismatched=NAMES),
    Row("0106", NOV20, WECHAT, WAITS, Reason.AMOUNT_MISMATCH, WANG, LOST_CARD, 4000,
        "应缴 40 元,实缴 20 元", "paid 20 yuan of 40", THREE_AGO, paid_amount=2000, mismatched=("amount",)),
    Row("0107", NOV20, WECHAT, WAITS, Reason.DUPLICATE_PAYMENT, LI, PERMIT, 2000,
        "重复缴费:同一缴款码已由 …0308 缴清", "paid twice; …0308 is the one that counts", THREE_AGO,
        notice_of="0308"),
    Row("0108", NOV20, UNIONPAY, WAITS, Reason.CHANNEL_FAULT, CHEN, MOVING, 500,
        "云闪付接口故障", "the platform's interface had a fault", days_ago(2, 11, 12)),
    Row("0109", NOV20, COUNTER, WAITS, Reason.ENTRY_ERROR, ZHAO, TEMPORARY_CARD, 1000,
        "窗口录入有误", "keyed wrongly at the counter", THREE_AGO),
    Row("0110", NOV20, UNIONPAY, WAITS, Reason.SYSTEM_MAINTENANCE, ZHOU, NEW_CARD, 2000,
        "对账系统维护期间付款", "paid while the system was down", days_ago(2, 22, 40)),
    Row("0111", NOV20, COUNTER, WAITS, Reason.POLICY_CHANGE, OUYANG, PERMIT, 2000,
        "收费政策调整,重新核定", "the item is being re-assessed", FOUR_AGO),
    Row("0112", NOV20, ALIPAY, WAITS, Reason.UNKNOWN, WANG, BOOK, 1000,
        "原因不明,需人工", "nobody knows yet: a person has to look", FOUR_AGO),

    Row("0201", NOV17, ALIPAY, REVIEW, Reason.AWAITING_STATEMENT, LI, LOST_CARD, 4000,
        "账单迟迟未到,人工核查", "the bill never came; a person is checking", FOUR_AGO, YESTERDAY),
    Row("0202", NOV17, UNIONPAY, REVIEW, Reason.DAY_CUT, CHEN, NEW_CARD, 2000,
        "日切跨日,人工核查", "day cut, being checked", days_ago(4, 22, 58), YESTERDAY),
    Row("0203", NOV17, WECHAT, REVIEW, Reason.CALLBACK_LOST, ZHAO, PERMIT, 2000,
        "掉单,人工补单", "lost notice, being repaired by hand", FOUR_AGO, YESTERDAY),
    Row("0204", NOV17, BANK, REVIEW, Reason.BANK_TRANSFER_DELAY, ZHOU, BOOK, 1000,
        "转账迟到,人工查询银行", "late transfer, the bank is being asked",
        working_days_ago(4, 9, 30), YESTERDAY),
    Row("0205", NOV17, WECHAT, REVIEW, Reason.INFO_MISMATCH, OUYANG, LOST_CARD, 4000,
        "事项填错,人工核查", "the wrong item, being checked", FOUR_AGO, YESTERDAY, mismatched=("item",)),
    Row("0206", NOV17, BANK, REVIEW, Reason.AMOUNT_MISMATCH, WANG, NEW_CARD, 2000,
        "应缴 20 元,实缴 25 元", "paid 25 yuan of 20", FOUR_AGO, YESTERDAY, paid_amount=2500,
        mismatched=("amount",)),
    Row("0207", NOV17, ALIPAY, REVIEW, Reason.DUPLICATE_PAYMENT, LI, PERMIT, 2000,
        "重复缴费,人工核查", "paid twice, being checked", FOUR_AGO, YESTERDAY, notice_of="0403"),
    Row("0208", NOV17, ALIPAY, REVIEW, Reason.CHANNEL_FAULT, CHEN, MOVING, 500,
        "支付平台故障,人工核查", "platform fault, being checked", FOUR_AGO, YESTERDAY),
    Row("0209", NOV17, COUNTER, REVIEW, Reason.ENTRY_ERROR, ZHAO, TEMPORARY_CARD, 1000,
        "录入错误,更正中", "keyed wrongly, being corrected", FOUR_AGO, YESTERDAY),
    Row("0210", NOV17, WECHAT, REVIEW, Reason.SYSTEM_MAINTENANCE, ZHOU, NEW_CARD, 2000,
        "维护期间付款,人工核查", "paid during maintenance, being checked", FOUR_AGO, YESTERDAY),
    Row("0211", NOV17, UNIONPAY, REVIEW, Reason.POLICY_CHANGE, OUYANG, PERMIT, 2000,
        "政策调整,人工核定", "being re-assessed by a person", FOUR_AGO, YESTERDAY),
    Row("0212", NOV17, WECHAT, REVIEW, Reason.UNKNOWN, WANG, BOOK, 1000,
        "原因不明,人工核查", "unknown, being checked", FOUR_AGO, YESTERDAY),

    Row("0301", NOV12, WECHAT, State.PAYMENT_PENDING, None, LI, TEMPORARY_CARD, 1000,
        "渠道尚未确认扣款", "the channel has not confirmed yet", None, minutes_ago(15)),
    Row("0302", NOV12, ALIPAY, State.PAYMENT_FAILED, None, CHEN, LOST_CARD, 4000,
        "支付失败,未扣款", "nothing was debited", None, days_ago(1, 19, 5)),
    Row("0303", NOV12, WECHAT, BOOKED, None, ZHAO, LOST_CARD, 4000,
        "已对账,有财政电子票据", "reconciled, with its fiscal receipt",
        days_ago(6, 9, 15), days_ago(5, 10, 20), receipt=True),
    Row("0304", NOV12, ALIPAY, BOOKED, None, ZHOU, PERMIT, 2000,
        "已对账,票据待开", "reconciled, receipt to follow", days_ago(2, 12, 0), days_ago(1, 9, 10)),
    Row("0305", NOV12, WECHAT, State.REFUNDING, None, OUYANG, NEW_CARD, 2000,
        "退款中", "money on its way back", days_ago(6, 16, 45), YESTERDAY),
    Row("0306", NOV12, UNIONPAY, State.REFUNDED, None, WANG, PERMIT, 2000,
        "已退款", "money returned", days_ago(9, 13, 30), days_ago(3, 15, 0)),
    Row("0307", NOV12, BANK, State.CLOSED, None, LI, BOOK, 1000,
        "缴款码过期,未缴费", "the notice expired unpaid", None, days_ago(2, 0, 5)),
    Row("0308", NOV12, ALIPAY, BOOKED, None, LI, PERMIT, 2000,
        "重复缴费中有效的一笔(另一笔 …0107)", "the one that counts; …0107 paid it again",
        days_ago(5, 18, 20), days_ago(4, 9, 10), receipt=True),

    Row("0401", NOV16, ALIPAY, WAITS, Reason.AWAITING_STATEMENT, CHEN, NEW_CARD, 2000,
        "已超预计时间仍未对账", "overdue: the promised time has passed",
        working_days_ago(3, 16, 40), overdue=True),
    Row("0402", NOV16, BANK, WAITS, Reason.BANK_TRANSFER_DELAY, ZHAO, PERMIT, 2000,
        "转账超期未到账", "an overdue transfer", working_days_ago(6, 10, 10), overdue=True),
    Row("0403", NOV16, COUNTER, BOOKED, None, LI, PERMIT, 2000,
        "窗口缴费,已对账(另一笔 …0207)", "paid at the counter; …0207 paid it again", days_ago(6, 10, 30),
        days_ago(5, 17, 0), receipt=True),
    Row("0404", NOV16, UNIONPAY, BOOKED, None, OUYANG, MOVING, 500,
        "云闪付,已对账", "UnionPay, reconciled", days_ago(8, 20, 0), days_ago(6, 10, 5), receipt=True),
    Row("0405", NOV16, BANK, BOOKED, None, ZHOU, LOST_CARD, 4000,
        "银行转账,已对账", "bank transfer, reconciled", days_ago(9, 9, 0), days_ago(5, 16, 30), receipt=True),
    Row("0406", NOV16, ALIPAY, WAITS, Reason.AWAITING_STATEMENT, OUYANG, LOST_CARD, 4000,
        "刚付款,等支付宝账单", "just paid, waits for Alipay's bill"),
    Row("0407", NOV16, UNIONPAY, WAITS, Reason.AWAITING_STATEMENT, ZHOU, NEW_CARD, 2000,
        "刚付款,等云闪付账单", "just paid, waits for UnionPay's bill"),
    Row("0408", NOV16, COUNTER, WAITS, Reason.AWAITING_STATEMENT, WANG, TEMPORARY_CARD, 1000,
        "窗口刚缴费,等次日入账", "just paid at the counter", at_the_counter),
)
# fmt: on

DAY_OF = {row.code: row.day for row in ROWS}
UNSTATED = SELF_SETTLING - {Reason.CALLBACK_LOST, Reason.SYSTEM_MAINTENANCE}
"""Unreconciled for these reasons: no statement names the payment yet."""
UNPAID = frozenset({State.PAYMENT_PENDING, State.PAYMENT_FAILED, State.CLOSED})


def merchant_order(code: str, day: str) -> str:
    """商户订单号: HZ, date, code."""
    return f"HZ{day}{code}"


def notice_number(code: str, day: str) -> str:
    """缴款码: 20 digits, Shanghai's region first."""
    return f"310000{day[2:]}0000{code}"


def serial_number(channel: Channel, code: str, day: str) -> str:
    """The channel's own number; a transfer or counter payment goes by its merchant order."""
    if channel is Channel.WECHAT_PAY:
        return f"4200002611{day}000000{code}"
    if channel is Channel.ALIPAY:
        return f"{day}2200140000000000{code}"
    if channel is Channel.UNIONPAY:
        return f"{day}153000000{code}"
    return merchant_order(code, day)


def seeded_payments(now: datetime) -> tuple[Payment, ...]:
    """Every seeded payment, as a bureau would see it at `now`."""
    return tuple(_payment(row, now) for row in ROWS)


def seeded_lines(now: datetime) -> tuple[StatementLine, ...]:
    """The statement lines already out at `now`."""
    drawn = (_line(row, payment) for row, payment in zip(ROWS, seeded_payments(now), strict=True))
    return tuple(line for line in drawn if line is not None)


def _payment(row: Row, now: datetime) -> Payment:
    paid_at = row.paid(now, row.channel) if row.paid else None
    changed_at = row.changed(now, row.channel) if row.changed else paid_at or now
    serial = serial_number(row.channel, row.code, row.day)
    due = _due(row, paid_at, now)
    settles = due is not None and due > now and time_alone_settles(row.state, row.reason)
    notice = row.notice_of or row.code
    return Payment(
        code=row.code,
        serial_number=serial,
        merchant_order=merchant_order(row.code, row.day),
        notice_number=notice_number(notice, DAY_OF[notice]),
        channel=row.channel,
        state=row.state,
        reason=row.reason,
        item=row.item,
        amount_due=row.due,
        amount_paid=None if row.state in UNPAID else row.paid_amount or row.due,
        payer=row.payer,
        paid_at=paid_at,
        updated_at=changed_at,
        expected_by=due,
        settles_at=due if settles else None,
        mismatched_fields=row.mismatched,
        fiscal_receipt=fiscal_receipt(serial, changed_at) if row.receipt else None,
        history=_history(row, paid_at, changed_at),
        shows_zh=row.shows_zh,
        shows_en=row.shows_en,
    )


def time_alone_settles(state: State, reason: Reason | None) -> bool:
    """Whether reaching the due time is enough for the next step, without anybody's help."""
    if state is State.UNRECONCILED:
        return reason in SELF_SETTLING
    return state in (State.PAYMENT_PENDING, State.REFUNDING)


def _due(row: Row, paid_at: datetime | None, now: datetime) -> datetime | None:
    if row.overdue and paid_at is not None:
        return bill_ready(row.channel, paid_at)
    return expected_by(row.state, row.reason, row.channel, paid_at, now)


def _history(row: Row, paid_at: datetime | None, changed_at: datetime) -> tuple[HistoryEntry, ...]:
    paid = HistoryEntry(paid_at, State.UNRECONCILED, "渠道通知:已付款") if paid_at else None
    changed = HistoryEntry(changed_at, row.state, row.shows_zh)
    return (paid, changed) if paid and row.changed else (changed,)


def _line(row: Row, payment: Payment) -> StatementLine | None:
    unstated = row.state is State.UNRECONCILED and row.reason in UNSTATED
    if payment.paid_at is None or payment.amount_paid is None or unstated:
        return None
    return StatementLine(
        line_id=f"SL-{row.code}",
        source=row.channel,
        booked_at=payment.paid_at,
        amount=payment.amount_paid,
        counterparty="王晓明" if "payer_name" in row.mismatched else row.payer.name,
        reference="" if row.reason in (Reason.UNKNOWN, Reason.ENTRY_ERROR) else payment.serial_number,
        taken_by=payment.serial_number if row.state is State.RECONCILED else None,
    )
