"""What a payment's history says of each step."""

from __future__ import annotations

from bot.sandbox.model import OPEN_STATES, Reason, State

STATES = {
    State.PAYMENT_PENDING: "已下单,渠道尚未确认扣款",
    State.PAYMENT_FAILED: "渠道未扣款",
    State.RECONCILED: "账单已到,系统自动对账",
    State.REFUNDING: "退款处理中",
    State.REFUNDED: "退款到账",
    State.CLOSED: "缴款码过期,未缴费",
}
REASONS = {
    Reason.AWAITING_STATEMENT: "已付款,等待渠道账单",
    Reason.DAY_CUT: "日切前后付款,等待下一日账单",
    Reason.CALLBACK_LOST: "未收到渠道通知,等待账单补单",
    Reason.BANK_TRANSFER_DELAY: "转账在途,等待入账",
    Reason.INFO_MISMATCH: "填写信息与缴款通知不符",
    Reason.AMOUNT_MISMATCH: "实缴金额与缴款通知不符",
    Reason.DUPLICATE_PAYMENT: "同一缴款通知重复缴费",
    Reason.CHANNEL_FAULT: "支付渠道故障期间付款,等待渠道补数据",
    Reason.ENTRY_ERROR: "窗口录入与单据不符",
    Reason.SYSTEM_MAINTENANCE: "系统维护期间付款,等待补账",
    Reason.POLICY_CHANGE: "收费政策调整,重新核定",
    Reason.UNKNOWN: "两日账单均无对应记录,需人工核查",
}
OUTCOMES = {
    State.PAYMENT_PENDING: "付款渠道还没有确认这笔钱，请先别再付",
    State.PAYMENT_FAILED: "查过了，这笔钱没有付成",
    State.UNRECONCILED: "查过了，这笔钱已经付了，还没有对上账",
    State.UNDER_REVIEW: "查过了，这笔钱已经付了，工作人员还在核对",
    State.RECONCILED: "查过了，这笔钱已经对上账、入账了",
    State.REFUNDING: "查过了，这笔钱正在退给您，按原来付款的路退回",
    State.REFUNDED: "查过了，这笔钱已经退给您了",
    State.CLOSED: "查过了，没有付款的记录，这张缴款通知已经过期或者撤回了",
}
"""What a resident reads of a request that was pursued to its payment's state."""
DOUBTFUL = "当日账单中无此笔,存疑,等待次日账单"


def note_for(state: State, reason: Reason | None, doubtful: bool = False) -> str:
    """The step in the bureau's words."""
    if state in OPEN_STATES and reason is not None:
        waits = reason in (Reason.AWAITING_STATEMENT, Reason.CALLBACK_LOST)
        return DOUBTFUL if doubtful and waits else REASONS[reason]
    return STATES.get(state, state.value)
