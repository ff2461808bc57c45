"""What happened before a fresh sandbox opened: 40 payments, as notices, orders, words and bill rows.

Numbers never change, times follow the clock at the start. A row's `code` ends each of its numbers: 01xx
unreconciled and 02xx under review (one row for each reason, in the contract's order), 03xx the other
states, 04xx special situations. `state` and `reason` are what the row is there to show: nothing sets
them, the system finds them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.casework import Casework
from bot.sandbox.model import Channel, Payer, Reason, State
from bot.sandbox.schedule import PENDING_HOURS, bill_ready, billing_day, office_due
from bot.sandbox.workdays import at, working_days_after, working_days_before
from bot.sandbox.world.deal import Deal, Stated
from bot.sandbox.world.world import World

Moment = Callable[[datetime, Channel], datetime]
"""A time, told from the clock at the start and the payment's channel."""


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


def booked_by_now(days: int, hour: int, minute: int) -> Moment:
    """That many days ago, or as much earlier as it takes for its bill to be booked at the start."""

    def moment(now: datetime, channel: Channel) -> datetime:
        day = now.date() - timedelta(days=days)
        while bill_ready(channel, at(day, hour, minute)) > now:
            day -= timedelta(days=1)
        return at(day, hour, minute)

    return moment


@dataclass(frozen=True)
class Row:
    """One payment's story; amounts in fen. If it says no more: paid in full, told of, stated in time."""

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
    paid_amount: int | None = None
    notice_of: str | None = None
    heard: Heard | None = Heard.CALLBACK
    """None: the channel has said nothing, or that nothing was debited."""
    failed: Moment | None = None
    opened: Moment | None = None
    expires: Moment | None = None
    filled_in: Payer | None = None
    filled_in_item: str = ""
    keyed_notice: str = ""
    group: str = ""
    receipt_by_hand: bool = False
    silent: bool = False
    """Paid into the second account, whose bills do not come."""
    late_bill: Moment | None = None
    lost_reference: bool = False
    """Its bill row names neither the order nor the number that the channel had told."""
    across_the_cut: bool = False
    taken_up: Moment | None = None
    refund_asked: Moment | None = None


WANG = Payer("王小明", "1234")
LI = Payer("李秀兰", "018X")
CHEN = Payer("陈建国", "5678")
ZHAO = Payer("赵敏", "2468")
ZHOU = Payer("周婷", "9013")
OUYANG = Payer("欧阳志远", "3579")
ZHOU_MISSPELT = Payer("周亭", "9031")

LOST_CARD, NEW_CARD, TEMPORARY_CARD = "居民身份证补领工本费", "居民身份证换领工本费", "临时居民身份证工本费"
BOOK, PERMIT, MOVING = "居民户口簿补发工本费", "居住证补领工本费", "户口迁移证工本费"

WECHAT, ALIPAY, UNIONPAY = Channel.WECHAT_PAY, Channel.ALIPAY, Channel.UNIONPAY
BANK, COUNTER = Channel.BANK_TRANSFER, Channel.COUNTER
WAITS, REVIEW, BOOKED = State.UNRECONCILED, State.UNDER_REVIEW, State.RECONCILED

NOV12, NOV16, NOV17, NOV20 = "20261112", "20261116", "20261117", "20261120"
SENIOR = "senior"
THREE_AGO, FOUR_AGO, YESTERDAY = days_ago(3, 10, 24), days_ago(4, 15, 5), days_ago(1, 9, 40)
UNIONPAY_FAULT, MAINTENANCE = days_ago(2, 11, 12), days_ago(2, 22, 40)
ALIPAY_FAULT, LONG_MAINTENANCE = days_ago(4, 15, 35), days_ago(4, 15, 50)
REPAIR_DAYS = 2


def repaired(now: datetime, channel: Channel) -> datetime:
    """When a fault's missing records are promised."""
    return office_due(now, REPAIR_DAYS)


# fmt: off
ROWS: tuple[Row, ...] = (
    Row("0101", NOV20, WECHAT, WAITS, Reason.AWAITING_STATEMENT, WANG, LOST_CARD, 4000,
        "刚付款,等微信账单(T+1)", "just paid, waits for tomorrow's bill"),
    Row("0102", NOV20, WECHAT, WAITS, Reason.DAY_CUT, LI, NEW_CARD, 2000,
        "日切前后付款,进入下一日账单", "paid around midnight, in the next day's bill",
        days_ago(1, 23, 58), across_the_cut=True),
    Row("0103", NOV20, ALIPAY, WAITS, Reason.CALLBACK_LOST, CHEN, PERMIT, 2000,
        "掉单:支付宝通知丢失,从账单补单", "the channel's notice was lost", heard=Heard.QUERY),
    Row("0104", NOV20, BANK, WAITS, Reason.BANK_TRANSFER_DELAY, ZHAO, BOOK, 1000,
        "跨行转账在途", "an inter-bank transfer on its way", working_days_ago(1, 14, 30)),
    Row("0105", NOV20, ALIPAY, WAITS, Reason.INFO_MISMATCH, ZHOU, LOST_CARD, 4000,
        "姓名和证件号与缴款书不符", "name and identity number differ", THREE_AGO, filled_in=ZHOU_MISSPELT),
    Row("0106", NOV20, WECHAT, WAITS, Reason.AMOUNT_MISMATCH, WANG, LOST_CARD, 4000,
        "应缴 40 元,实缴 20 元", "paid 20 yuan of 40", THREE_AGO, paid_amount=2000),
    Row("0107", NOV20, WECHAT, WAITS, Reason.DUPLICATE_PAYMENT, LI, PERMIT, 2000,
        "重复缴费:同一缴款码已由 …0308 缴清", "paid twice; …0308 is the one that counts", THREE_AGO,
        notice_of="0308"),
    Row("0108", NOV20, UNIONPAY, WAITS, Reason.CHANNEL_FAULT, CHEN, MOVING, 500,
        "云闪付接口故障", "the platform's interface had a fault", UNIONPAY_FAULT, late_bill=repaired),
    Row("0109", NOV20, COUNTER, WAITS, Reason.ENTRY_ERROR, ZHAO, TEMPORARY_CARD, 1000,
        "窗口录入有误", "keyed wrongly at the counter", THREE_AGO, keyed_notice="31090026112000000109"),
    Row("0110", NOV20, UNIONPAY, WAITS, Reason.SYSTEM_MAINTENANCE, ZHOU, NEW_CARD, 2000,
        "对账系统维护期间付款", "paid while the system was down", MAINTENANCE),
    Row("0111", NOV20, COUNTER, WAITS, Reason.POLICY_CHANGE, OUYANG, PERMIT, 2000,
        "收费政策调整,重新核定", "the item is being re-assessed", FOUR_AGO, group=SENIOR),
    Row("0112", NOV20, ALIPAY, WAITS, Reason.UNKNOWN, WANG, BOOK, 1000,
        "原因不明,需人工", "nobody knows yet: a person has to look", FOUR_AGO, lost_reference=True),

    Row("0201", NOV17, ALIPAY, REVIEW, Reason.AWAITING_STATEMENT, LI, LOST_CARD, 4000,
        "账单迟迟未到,人工核查", "the bill never came; a person is checking", FOUR_AGO,
        silent=True, taken_up=YESTERDAY),
    Row("0202", NOV17, UNIONPAY, REVIEW, Reason.DAY_CUT, CHEN, NEW_CARD, 2000,
        "日切跨日,人工核查", "day cut, being checked", days_ago(4, 22, 58),
        silent=True, across_the_cut=True, taken_up=YESTERDAY),
    Row("0203", NOV17, WECHAT, REVIEW, Reason.CALLBACK_LOST, ZHAO, PERMIT, 2000,
        "掉单,人工补单", "lost notice, being repaired by hand", FOUR_AGO,
        heard=Heard.QUERY, silent=True, taken_up=YESTERDAY),
    Row("0204", NOV17, BANK, REVIEW, Reason.BANK_TRANSFER_DELAY, ZHOU, BOOK, 1000,
        "转账迟到,人工查询银行", "late transfer, the bank is being asked",
        working_days_ago(4, 9, 30), silent=True, taken_up=YESTERDAY),
    Row("0205", NOV17, WECHAT, REVIEW, Reason.INFO_MISMATCH, OUYANG, LOST_CARD, 4000,
        "事项填错,人工核查", "the wrong item, being checked", FOUR_AGO,
        filled_in_item=NEW_CARD, taken_up=YESTERDAY),
    Row("0206", NOV17, BANK, REVIEW, Reason.AMOUNT_MISMATCH, WANG, NEW_CARD, 2000,
        "应缴 20 元,实缴 25 元", "paid 25 yuan of 20", FOUR_AGO, paid_amount=2500, taken_up=YESTERDAY),
    Row("0207", NOV17, ALIPAY, REVIEW, Reason.DUPLICATE_PAYMENT, LI, PERMIT, 2000,
        "重复缴费,人工核查", "paid twice, being checked", FOUR_AGO, notice_of="0403", taken_up=YESTERDAY),
    Row("0208", NOV17, ALIPAY, REVIEW, Reason.CHANNEL_FAULT, CHEN, MOVING, 500,
        "支付平台故障,人工核查", "platform fault, being checked", ALIPAY_FAULT, taken_up=YESTERDAY),
    Row("0209", NOV17, COUNTER, REVIEW, Reason.ENTRY_ERROR, ZHAO, TEMPORARY_CARD, 1000,
        "录入错误,更正中", "keyed wrongly, being corrected", FOUR_AGO,
        keyed_notice="31000026111720000209", taken_up=YESTERDAY),
    Row("0210", NOV17, WECHAT, REVIEW, Reason.SYSTEM_MAINTENANCE, ZHOU, NEW_CARD, 2000,
        "维护期间付款,人工核查", "paid during maintenance, being checked", LONG_MAINTENANCE,
        taken_up=YESTERDAY),
    Row("0211", NOV17, UNIONPAY, REVIEW, Reason.POLICY_CHANGE, OUYANG, PERMIT, 2000,
        "政策调整,人工核定", "being re-assessed by a person", FOUR_AGO, group=SENIOR, taken_up=YESTERDAY),
    Row("0212", NOV17, WECHAT, REVIEW, Reason.UNKNOWN, WANG, BOOK, 1000,
        "原因不明,人工核查", "unknown, being checked", FOUR_AGO, lost_reference=True, taken_up=YESTERDAY),

    Row("0301", NOV12, WECHAT, State.PAYMENT_PENDING, None, LI, TEMPORARY_CARD, 1000,
        "渠道尚未确认扣款", "the channel has not confirmed yet", None, opened=minutes_ago(15)),
    Row("0302", NOV12, ALIPAY, State.PAYMENT_FAILED, None, CHEN, LOST_CARD, 4000,
        "支付失败,未扣款", "nothing was debited", None, failed=days_ago(1, 19, 5)),
    Row("0303", NOV12, WECHAT, BOOKED, None, ZHAO, LOST_CARD, 4000,
        "已对账,有财政电子票据", "reconciled, with its fiscal receipt", booked_by_now(6, 9, 15)),
    Row("0304", NOV12, ALIPAY, BOOKED, None, ZHOU, PERMIT, 2000,
        "已对账,票据待开", "reconciled, receipt to follow", booked_by_now(2, 12, 0), receipt_by_hand=True),
    Row("0305", NOV12, WECHAT, State.REFUNDING, None, OUYANG, NEW_CARD, 2000,
        "退款中", "money on its way back", booked_by_now(6, 16, 45), refund_asked=YESTERDAY),
    Row("0306", NOV12, UNIONPAY, State.REFUNDED, None, WANG, PERMIT, 2000,
        "已退款", "money returned", booked_by_now(9, 13, 30), refund_asked=days_ago(5, 15, 0)),
    Row("0307", NOV12, BANK, State.CLOSED, None, LI, BOOK, 1000,
        "缴款码过期,未缴费", "the notice expired unpaid", None,
        opened=days_ago(9, 10, 0), expires=days_ago(2, 0, 5)),
    Row("0308", NOV12, ALIPAY, BOOKED, None, LI, PERMIT, 2000,
        "重复缴费中有效的一笔(另一笔 …0107)", "the one that counts; …0107 paid it again",
        booked_by_now(5, 18, 20)),

    Row("0401", NOV16, ALIPAY, WAITS, Reason.AWAITING_STATEMENT, CHEN, NEW_CARD, 2000,
        "已超预计时间仍未对账", "overdue: the promised time has passed",
        working_days_ago(3, 16, 40), silent=True),
    Row("0402", NOV16, BANK, WAITS, Reason.BANK_TRANSFER_DELAY, ZHAO, PERMIT, 2000,
        "转账超期未到账", "an overdue transfer", working_days_ago(6, 10, 10), silent=True),
    Row("0403", NOV16, COUNTER, BOOKED, None, LI, PERMIT, 2000,
        "窗口缴费,已对账(另一笔 …0207)", "paid at the counter; …0207 paid it again",
        booked_by_now(6, 10, 30)),
    Row("0404", NOV16, UNIONPAY, BOOKED, None, OUYANG, MOVING, 500,
        "云闪付,已对账", "UnionPay, reconciled", booked_by_now(8, 20, 0)),
    Row("0405", NOV16, BANK, BOOKED, None, ZHOU, LOST_CARD, 4000,
        "银行转账,已对账", "bank transfer, reconciled", booked_by_now(9, 9, 0)),
    Row("0406", NOV16, ALIPAY, WAITS, Reason.AWAITING_STATEMENT, OUYANG, LOST_CARD, 4000,
        "刚付款,等支付宝账单", "just paid, waits for Alipay's bill"),
    Row("0407", NOV16, UNIONPAY, WAITS, Reason.AWAITING_STATEMENT, ZHOU, NEW_CARD, 2000,
        "刚付款,等云闪付账单", "just paid, waits for UnionPay's bill"),
    Row("0408", NOV16, COUNTER, WAITS, Reason.AWAITING_STATEMENT, WANG, TEMPORARY_CARD, 1000,
        "窗口刚缴费,等次日入账", "just paid at the counter", at_the_counter),
)
# fmt: on

DAY_OF = {row.code: row.day for row in ROWS}
ROW_OF = {row.code: row for row in ROWS}
ISSUED_BEFORE = timedelta(days=10)
POLICY_SINCE = days_ago(6, 0, 0)
MINUTE = timedelta(minutes=1)
ACCOUNTS = {
    WECHAT: ("1900000109", "1900000210"),
    ALIPAY: ("2088102146225135", "2088202146225246"),
    UNIONPAY: ("898310048160001", "898310048160002"),
    BANK: ("3100151234567890", "3100151234567902"),
    COUNTER: ("310107001", "310107002"),
}
"""The bureau's accounts; the second of each is the one whose bills do not come."""


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


def seeded_world(now: datetime) -> World:
    """Everything that happened until `now`, and what is under way."""
    deals = [deal(row, now) for row in ROWS]
    first = min(word.at for told in deals for word in told.words)
    silent = [(channel, second) for channel, (_, second) in ACCOUNTS.items()]
    world = World(first.date() - timedelta(days=1), silent)
    for incident in _incidents(now):
        world.plan(incident.starts_at, partial(_note, incident))
    policy = Policy("P-1", PERMIT, SENIOR, POLICY_SINCE(now, COUNTER))
    world.plan(policy.effective_at, lambda casework, _: casework.note_policy(policy))
    for told in deals:
        world.add(told)
    return world


def _note(incident: Incident, casework: Casework, now: datetime) -> None:
    casework.note_incident(incident)


def _incidents(now: datetime) -> list[Incident]:
    def around(number: int, channel: Channel | None, moment: Moment, good: datetime | None) -> Incident:
        middle = moment(now, WECHAT)
        return Incident(f"I-{number}", channel, middle - 2 * MINUTE, middle + 3 * MINUTE, good)

    return [
        around(1, UNIONPAY, UNIONPAY_FAULT, repaired(now, UNIONPAY)),
        around(2, None, MAINTENANCE, repaired(now, UNIONPAY)),
        around(3, ALIPAY, ALIPAY_FAULT, None),
        around(4, None, LONG_MAINTENANCE, None),
    ]


def deal(row: Row, now: datetime) -> Deal:
    """What the row tells, in real things."""
    paid_at = row.paid(now, row.channel) if row.paid else None
    order = _order(row, paid_at, now)
    return Deal(
        notice=_notice(row, order.opened_at, now),
        order=order,
        words=tuple(_words(row, order, paid_at, now)),
        stated=tuple(_stated(row, order, paid_at, now)),
        taken_up_at=row.taken_up(now, row.channel) if row.taken_up else None,
        refund_asked_at=row.refund_asked(now, row.channel) if row.refund_asked else None,
        cause=row.reason,
    )


def _notice(row: Row, opened_at: datetime, now: datetime) -> Notice:
    owner = ROW_OF[row.notice_of] if row.notice_of else row
    return Notice(
        number=notice_number(owner.code, owner.day),
        item=owner.item,
        amount=owner.due,
        payer_name=owner.payer.name,
        payer_last4=owner.payer.id_last4,
        issued_at=opened_at - ISSUED_BEFORE,
        expires_at=row.expires(now, row.channel) if row.expires else None,
        group=row.group,
        receipt_by_hand=owner.receipt_by_hand,
    )


def _order(row: Row, paid_at: datetime | None, now: datetime) -> Order:
    opened = row.opened or row.failed
    opened_at = paid_at or (opened(now, row.channel) if opened else now)
    owner = row.notice_of or row.code
    filled_in = row.filled_in
    return Order(
        merchant_order=merchant_order(row.code, row.day),
        notice_number=row.keyed_notice or notice_number(owner, DAY_OF[owner]),
        channel=row.channel,
        account=ACCOUNTS[row.channel][row.silent],
        opened_at=opened_at,
        serial=serial_number(row.channel, row.code, row.day),
        payer_name=filled_in.name if filled_in else "",
        payer_last4=filled_in.id_last4 if filled_in else "",
        item=row.filled_in_item,
    )


def _words(row: Row, order: Order, paid_at: datetime | None, now: datetime) -> list[Word]:
    """What the channel told; the payment that is pending is confirmed at the last moment."""
    if paid_at is not None and row.heard is not None:
        told, outcome = paid_at, Outcome.PAID
    elif row.failed is not None:
        told, outcome = row.failed(now, row.channel), Outcome.FAILED
    elif row.state is State.PAYMENT_PENDING:
        told, outcome = order.opened_at + timedelta(hours=PENDING_HOURS), Outcome.PAID
    else:
        return []
    amount = row.paid_amount or row.due
    heard = row.heard or Heard.CALLBACK
    return [Word(order.merchant_order, order.serial, outcome, amount, told, told, heard)]


def _stated(row: Row, order: Order, paid_at: datetime | None, now: datetime) -> list[Stated]:
    """The row that the channel's bill has for it."""
    if row.state is State.PAYMENT_PENDING:
        paid_at = order.opened_at + timedelta(hours=PENDING_HOURS)
    if paid_at is None:
        return []
    booked_at = _moved_at(row, paid_at)
    line = Line(
        line_id="",
        channel=row.channel,
        account=order.account,
        kind=Kind.PAYMENT,
        serial=_stated_number(row, booked_at),
        order="" if row.lost_reference or row.channel is BANK else order.merchant_order,
        notice="" if row.lost_reference or row.keyed_notice else order.notice_number,
        amount=row.paid_amount or row.due,
        at=booked_at,
        payer=_stated_payer(row),
        item=row.filled_in_item or row.item,
    )
    late = row.late_bill(now, row.channel) if row.late_bill else None
    return [Stated(line, billing_day(row.channel, booked_at), late)]


def _moved_at(row: Row, paid_at: datetime) -> datetime:
    """When the channel itself says that the money moved: after the cut, or days later for a transfer."""
    if row.across_the_cut:
        return paid_at + 2 * MINUTE + timedelta(seconds=7)
    if row.channel is BANK:
        return at(working_days_after(paid_at.date(), 2), 10, 20)
    return paid_at


def _stated_number(row: Row, booked_at: datetime) -> str:
    """The number that the bill has: the one that was told, or one that tells nothing."""
    if row.channel is BANK or row.channel is COUNTER:
        return f"BK{row.day}{row.code}"
    return serial_number(row.channel, f"9{row.code[1:]}" if row.lost_reference else row.code, row.day)


def _stated_payer(row: Row) -> str:
    """A platform's bill stars names or leaves them out; a bank's does not."""
    if row.channel is ALIPAY:
        return "*" + row.payer.name[1:]
    return "" if row.channel is WECHAT else row.payer.name


def shows(serial: str) -> tuple[str, str]:
    """What a seeded payment is there to show, in Chinese and English; empty for any other."""
    return _SHOWS.get(serial, ("", ""))


_SHOWS = {serial_number(row.channel, row.code, row.day): (row.shows_zh, row.shows_en) for row in ROWS}
