"""Files come in whole, once, or not at all."""

from __future__ import annotations

import io

import pytest

from bot.sandbox.bills.line import Line
from bot.sandbox.books.arrival import Content
from bot.sandbox.bureau import Bureau
from bot.sandbox.intake import Intake, Taken, plain_name
from bot.sandbox.model import Reason, State
from bot.sandbox.world.papers import bill_bytes
from tests.unit.sandbox.office import BOOKING, WECHAT, notice, order, word
from tests.unit.sandbox.papers import bureau, notices_file, own_line, records_file, wechat_file


async def take(office: Bureau, content: bytes, name: str = "file.csv") -> Taken:
    return await Intake(office).take(io.BytesIO(content), name, "王敏")


async def test_a_bill_is_matched_as_it_comes_in() -> None:
    office = bureau()
    await take(office, notices_file(notice(1), notice(2, amount=3000)))
    arrival = (await take(office, wechat_file(own_line(1), own_line(2)), "bill.csv")).arrival
    assert (arrival.content, arrival.rows, arrival.new, arrival.matched) == (Content.BILL, 2, 2, 1)
    assert {kind: fen for kind, _, fen in arrival.shares} == {"balanced": 2000, "held": 2000}
    assert arrival.total == 4000


async def test_the_same_bytes_under_another_name_change_nothing() -> None:
    office = bureau()
    await take(office, notices_file(notice()))
    first = await take(office, wechat_file(own_line()))
    before = office.ledger.payments
    again = await take(office, wechat_file(own_line()), "copy.csv")
    assert again.again and again.arrival == first.arrival
    assert office.ledger.payments == before


async def test_a_file_with_one_wrong_line_changes_nothing_and_says_which() -> None:
    office = bureau()
    broken = wechat_file(own_line(1), own_line(2)).replace(b"`20.00", b"`20.0x")
    arrival = (await take(office, broken)).arrival
    assert not arrival.accepted
    assert arrival.refusal.startswith("第 2 行:") and " / line 2: " in arrival.refusal
    assert office.ledger.lines == () and not office.ledger.bills


async def test_totals_that_disagree_refuse_the_whole_bill() -> None:
    office = bureau()
    content = wechat_file(own_line(1), own_line(2)).decode("utf-8-sig").splitlines(keepends=True)
    arrival = (await take(office, "".join([*content[:2], *content[3:]]).encode())).arrival
    assert "合计行写 2 笔,实际 1 笔" in arrival.refusal
    assert office.ledger.lines == ()


async def test_a_bill_of_a_day_that_is_not_over_is_refused() -> None:
    lines = [own_line()._replace(account="1900000109", at=BOOKING)]
    arrival = (await take(bureau(), bill_bytes(WECHAT, "1900000109", BOOKING.date(), lines))).arrival
    assert "还没有结束" in arrival.refusal


async def test_a_bill_whose_name_tells_another_day_is_refused() -> None:
    arrival = (await take(bureau(), wechat_file(own_line()), "1900000109_20261124.csv")).arrival
    assert "文件名写 1900000109、2026-11-24" in arrival.refusal


async def test_a_row_with_other_facts_refuses_the_file_until_it_is_put_right() -> None:
    office = bureau()
    await take(office, wechat_file(own_line(1, 2000)))
    refused = await take(office, wechat_file(own_line(1, 2500), own_line(2)))
    assert "已入账,内容不同" in refused.arrival.refusal
    assert len(office.ledger.lines) == 1


async def test_what_was_refused_may_come_again_when_it_fits() -> None:
    office = bureau()
    changed = notices_file(notice(1, amount=2500))
    await take(office, notices_file(notice(1)))
    assert not (await take(office, changed)).arrival.accepted
    fresh = bureau()
    fresh.ledger.put_arrival((await take(office, changed)).arrival)
    taken = await take(fresh, changed)
    assert taken.arrival.accepted and not taken.again


async def test_a_notice_twice_in_a_file_refuses_it() -> None:
    arrival = (await take(bureau(), notices_file(notice(1), notice(2), notice(1)))).arrival
    assert arrival.refusal.startswith("第 4 行:缴款码")


async def test_records_say_what_the_payer_filled_in() -> None:
    office = bureau()
    await take(office, notices_file(notice()))
    await take(office, records_file((order(payer_name="王晓明"), word())))
    await take(office, wechat_file(_named_as(own_line(), "CH000001")))
    payment = office.ledger.payment("HZ000001")
    assert payment is not None
    assert (payment.state, payment.reason) == (State.UNRECONCILED, Reason.INFO_MISMATCH)


async def test_records_that_come_after_their_bill_replace_what_was_made_up_from_it() -> None:
    office = bureau()
    await take(office, wechat_file(own_line()))
    await take(office, notices_file(notice(amount=9900)))
    assert office.ledger.orders["HZ000001"].found
    await take(office, records_file((order(payer_name="王晓明"), word())))
    assert not office.ledger.orders["HZ000001"].found
    assert office.ledger.orders["HZ000001"].payer_name == "王晓明"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "文件是空的"), (b"hello", "认不出"), (b"PK\x03\x04broken", "zip"), (b"\xff\xfe\x00", "认不出")],
)
async def test_anything_else_is_refused_in_plain_words(content: bytes, words: str) -> None:
    arrival = (await take(bureau(), content)).arrival
    assert words in arrival.refusal and arrival.content is Content.UNKNOWN


def test_a_name_is_shown_without_folders_and_control_characters() -> None:
    assert plain_name("C:\\bills\\账\x1b[0m单.csv") == "账[0m单.csv"
    assert plain_name("../../etc/passwd") == "passwd"


def _named_as(line: Line, serial: str) -> Line:
    return line._replace(serial=serial, line_id=f"SL-{serial}")
