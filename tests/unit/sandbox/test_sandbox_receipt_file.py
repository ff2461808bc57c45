"""Fiscal receipts that were issued elsewhere: on the books with their payment, whole or not at all."""

from __future__ import annotations

import io
import re

import pytest

from bot.sandbox.bureau import Bureau
from bot.sandbox.casework import Casework
from bot.sandbox.intake import Intake, Taken
from bot.sandbox.model import FiscalReceipt, State
from tests.unit.sandbox.office import notice, order, shanghai, word
from tests.unit.sandbox.papers import bureau, notices_file, own_line, receipts_file, records_file, wechat_file

ACCOUNT = "1900000109"
FIRST, SECOND = notice(1).number, notice(2).number
ISSUED = "11010125,0488888987,589d80,2026-11-25 09:00:00"
RECEIPT = FiscalReceipt("11010125", "0488888987", "589d80", shanghai("2026-11-25 09:00"))
OTHER = "11010125,0488888988,589d81,2026-11-25 09:00:00"


@pytest.fixture
async def office() -> Bureau:
    """The first notice's payment is booked, without a receipt; the second's is not."""
    office = bureau()
    office.casework = Casework(office.ledger, lambda: None, issues=None)
    await take(office, notices_file(notice(1), notice(2)))
    await take(office, records_file((order(2, 2, account=ACCOUNT), word(2))))
    await take(office, wechat_file(own_line(1)))
    assert office.payment(FIRST).state is State.RECONCILED
    return office


async def take(office: Bureau, content: bytes) -> Taken:
    return await Intake(office).take(io.BytesIO(content), "票据.csv", "王敏")


@pytest.mark.parametrize("number", [FIRST, "HZ000001"])
async def test_an_issued_receipt_is_its_payment_s_and_stays_it(office: Bureau, number: str) -> None:
    taken = (await take(office, receipts_file(f"{number},{ISSUED}"))).arrival
    assert (taken.content.value, taken.rows, taken.new, taken.worked) == ("receipts", 1, 1, True)
    await office.go_through()
    assert office.payment(FIRST).fiscal_receipt == RECEIPT


async def test_the_same_receipt_again_changes_nothing(office: Bureau) -> None:
    await take(office, receipts_file(f"{FIRST},{ISSUED}"))
    again = (await take(office, receipts_file(f"HZ000001,{ISSUED}"))).arrival
    assert (again.accepted, again.new) == (True, 0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((f"{FIRST},{ISSUED}", f"{SECOND},{OTHER}"), "第 3 行:.*还没有对上账.*line 3: "),
        ((f"{FIRST},{ISSUED}", f"31000026112300009999,{OTHER}"), "第 3 行:没有"),
        ((f"{FIRST},{ISSUED}", f"HZ000001,{OTHER}"), "第 3 行:.*重复"),
        ((f"{FIRST},{ISSUED.replace('589d80', '589d8')}",), "第 2 行:“589d8”不是票据上的号码"),
        ((f"{FIRST},{ISSUED.replace('11010125', '1101012')}",), "第 2 行:“1101012”"),
        ((f"{FIRST},{ISSUED.replace('2026-11-25 ', '')}",), "第 2 行:.*不是时间"),
    ],
)
async def test_one_wrong_line_refuses_all_and_says_which(
    office: Bureau, rows: tuple[str, ...], words: str
) -> None:
    assert re.match(words, (await take(office, receipts_file(*rows))).arrival.refusal)
    assert office.payment(FIRST).fiscal_receipt is None


async def test_a_payment_has_one_receipt_and_a_receipt_one_payment(office: Bureau) -> None:
    await take(office, receipts_file(f"{FIRST},{ISSUED}"))
    assert "已有另一张票据" in (await take(office, receipts_file(f"{FIRST},{OTHER}"))).arrival.refusal
    await take(office, wechat_file(own_line(1), own_line(2)))
    assert office.payment(SECOND).booked
    assert "重复" in (await take(office, receipts_file(f"{SECOND},{ISSUED}"))).arrival.refusal
