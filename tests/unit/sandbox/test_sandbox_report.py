"""A day's report: every fen of the bills in exactly one class, and a file that Excel may open."""

from __future__ import annotations

import csv
import io
from datetime import date

from hypothesis import given

from bot.sandbox.bills.line import Kind
from bot.sandbox.matching.classes import Class
from bot.sandbox.model import Reason, State
from bot.sandbox.report import Report, report_of
from bot.sandbox.sheet import COLUMNS, UNMATCHED, sheet
from tests.unit.sandbox.office import BOOKING, MONDAY, WECHAT, Desk, bill, line, notice, order, word
from tests.unit.sandbox.test_sandbox_properties import RandomDay, days, unhurried, worked

DAY = MONDAY.date()


async def report(desk: Desk, day: date = DAY) -> Report:
    return await report_of(desk.casework, day, BOOKING)


def rows(made: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet(made).decode("utf-8-sig"))))


@unhurried
@given(days())
async def test_every_fen_of_every_bill_is_in_one_class(day: RandomDay) -> None:
    desk = worked(day)
    for one in {found.day for found in desk.ledger.bills.values()}:
        made = await report(desk, one)
        assert made.classed == made.total == sum(found.total for found in day.bills if found.day == one)


async def test_states_reasons_and_lines_that_wait_are_told() -> None:
    desk = Desk().know(notice(1), order(1, 1), word(1), notice(2), order(2, 2), word(2, amount=2500))
    desk.get(bill(line(1), line(2, amount=2500), line(3, payer="赵六")))
    made = await report(desk)
    assert made.states[State.RECONCILED, None] == (1, 2000)
    assert made.states[State.UNRECONCILED, Reason.AMOUNT_MISMATCH] == (1, 2000)
    assert made.of_class(Class.SURPLUS).fen == 500
    assert [(one.line.serial, one.kind) for one in made.unmatched] == [
        ("CH000002", Class.HELD),
        ("CH000003", Class.ONE_SIDED),
    ]
    assert made.of_channel(WECHAT) == (3, 6500)


async def test_a_day_without_anything_is_empty_and_agrees() -> None:
    made = await report(Desk(), date(2026, 1, 1))
    assert (made.total, made.classed, made.unmatched) == (0, 0, [])
    assert len(rows(made)) == 2


async def test_the_file_begins_with_its_mark_and_has_each_line_that_waits() -> None:
    desk = Desk().get(bill(line(1, payer="王小明", serial="4" * 28)))
    made = await report(desk)
    assert sheet(made).startswith(b"\xef\xbb\xbf")
    waits = [row for row in rows(made) if row["部分"] == UNMATCHED]
    assert [(row["金额（元）"], row["对方户名"], row["说明"]) for row in waits] == [
        ("20.00", "王**", "没有对应的缴费")
    ]
    assert waits[0]["流水号"] == "4" * 28 + "\t", "Excel would round the number"


async def test_nothing_in_the_file_is_run_as_a_formula() -> None:
    desk = Desk().get(bill(line(1, order="=cmd|'/c calc'!A1", payer="@SUM(1)")))
    values = [value for row in rows(await report(desk)) for value in row.values()]
    assert "'=cmd|'/c calc'!A1" in values
    assert not [value for value in values if value.startswith(("=", "@", "+"))]


async def test_a_refund_counts_as_money_that_went() -> None:
    desk = Desk().know(notice(), order(), word())
    desk.get(bill(line(), line(kind=Kind.REFUND, refund="R1", amount=2000)))
    made = await report(desk)
    assert made.total == made.classed == 0
    assert [row["金额（元）"] for row in rows(made) if row["类别"] == "退款"] == ["0.00"]
    assert set(rows(made)[0]) == set(COLUMNS)
