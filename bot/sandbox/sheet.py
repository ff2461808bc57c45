"""A report as one flat CSV table, for Excel: UTF-8 with its mark, nothing that would be run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from bot.sandbox.books.files import CHANNEL_NAMES, clock, yuan
from bot.sandbox.matching.classes import NAMES
from bot.sandbox.model import Reason, State, masked
from bot.sandbox.notes import REASONS
from bot.sandbox.report import Report, Sum, Unmatched

MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = "部分,渠道,账号,类别,笔数,金额（元）,流水号,商户订单号,缴款码,时间,对方户名,缴费状态,原因,说明"
COLUMNS = HEADER.split(",")
STATES = {
    State.PAYMENT_PENDING: "待支付确认",
    State.PAYMENT_FAILED: "支付失败",
    State.UNRECONCILED: "已缴费未对账",
    State.UNDER_REVIEW: "人工核查中",
    State.RECONCILED: "已对账",
    State.REFUNDING: "退款中",
    State.REFUNDED: "已退款",
    State.CLOSED: "已关闭",
}
BILLS, CLASSES, TOTAL, EXPECTED, PAYMENTS, UNMATCHED = (
    "账单",
    "账单分类",
    "账单合计",
    "应收分类",
    "缴费状态",
    "未平账明细",
)


def sheet(report: Report) -> bytes:
    """The whole file."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(COLUMNS)
    for row in _rows(report):
        writer.writerow([_harmless(str(row.get(column, ""))) for column in COLUMNS])
    return (MARK + held.getvalue()).encode()


def _rows(report: Report) -> Iterator[dict[str, str]]:
    yield {"部分": "日期", "时间": report.day.isoformat(), "说明": f"生成于 {clock(report.made_at)}"}
    for bill in report.bills:
        place = {"部分": BILLS, "渠道": CHANNEL_NAMES[bill.channel], "账号": _number(bill.account)}
        yield {**place, **_sum(Sum(bill.rows, bill.total)), "说明": bill.name}
    for (channel, kind), share in sorted(report.classes.items(), key=lambda item: item[0]):
        yield {"部分": CLASSES, "渠道": CHANNEL_NAMES[channel], "类别": NAMES[kind], **_sum(share)}
    rows = sum(bill.rows for bill in report.bills)
    agrees = "分类合计与账单一致" if report.classed == report.total else "分类合计与账单不符"
    yield {"部分": TOTAL, **_sum(Sum(rows, report.total)), "说明": agrees}
    for kind, share in sorted(report.expected.items()):
        yield {"部分": EXPECTED, "类别": NAMES[kind], **_sum(share)}
    for (state, reason), share in sorted(
        report.states.items(), key=lambda item: (item[0][0], item[0][1] or "")
    ):
        why = {"原因": _why(reason)}
        yield {"部分": PAYMENTS, "缴费状态": STATES[state], **why, **_sum(share)}
    yield from map(_unmatched, report.unmatched)


def states_of(report: Report) -> list[tuple[State, Reason | None, Sum]]:
    """The payments by state and reason, always in the same order."""
    found = [(state, reason, share) for (state, reason), share in report.states.items()]
    return sorted(found, key=lambda row: (row[0].value, row[1].value if row[1] else ""))


def _unmatched(found: Unmatched) -> dict[str, str]:
    line, payment = found.line, found.payment
    return {
        "部分": UNMATCHED,
        "渠道": CHANNEL_NAMES[line.channel],
        "账号": _number(line.account),
        "类别": NAMES[found.kind],
        **_sum(Sum(1, line.amount)),
        "流水号": _number(line.serial),
        "商户订单号": _number(line.order),
        "缴款码": _number(line.notice or (payment.notice_number if payment else "")),
        "时间": clock(line.at),
        "对方户名": masked(line.payer),
        "缴费状态": STATES[payment.state] if payment else "",
        "原因": _why(payment.reason) if payment else "",
        "说明": "" if payment else "没有对应的缴费",
    }


def _why(reason: Reason | None) -> str:
    return REASONS[reason] if reason else ""


def _sum(share: Sum) -> dict[str, str]:
    return {"笔数": str(share.rows), "金额（元）": yuan(share.fen)}


def _number(text: str) -> str:
    """With a tab behind it, as Alipay writes its numbers: Excel would round 28 digits to 15."""
    return f"{text}\t" if text.isdecimal() else text


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; a negative amount stays a number."""
    if text.startswith(FORMULA) and not text.removeprefix("-").replace(".", "", 1).isdecimal():
        return f"'{text}"
    return text
