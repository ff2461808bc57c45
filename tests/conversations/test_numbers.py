"""Numbers of every kind, in every disguise, where a serial number is asked for."""

from __future__ import annotations

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import IDENTITY, NOTICE, ORDER, SERIAL, WAITING

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
SMS = (
    "【微信支付】您于2026-11-23 20:16:05向上海市公安局付款40.00元，"
    f"交易单号：{WAITING}，商户单号：{ORDER['0101']}，客服电话95017。"
)

DISGUISED = [
    WAITING,
    " ".join(WAITING[i : i + 4] for i in range(0, 28, 4)),
    "-".join(WAITING[i : i + 7] for i in range(0, 28, 7)),
    WAITING.translate(FULL_WIDTH),
    f"单号：{WAITING}，麻烦看看",
    f"No.{WAITING}",
    f"{WAITING[:14]}\n{WAITING[14:]}",
    f"\u200b{WAITING[:10]}\u200b{WAITING[10:]}",
    SMS,
    ORDER["0101"],
    NOTICE["0101"],
]

WRONG = [
    ("50000000382019052709732678859", "utter_serial_is_refund"),
    (IDENTITY, "utter_serial_is_id_card"),
    ("13812345678", "utter_serial_is_phone"),
    ("138 1234 5678", "utter_serial_is_phone"),
    ("6222021001116245702", "utter_serial_is_bank_card"),
    ("123456", "utter_serial_is_trace"),
    ("202611201234", "utter_serial_is_trace"),
    ("0488888987", "utter_serial_is_fiscal"),
    ("11010125", "utter_serial_is_fiscal"),
    (WAITING[:-1], "utter_serial_wrong_length"),
    (WAITING + "1", "utter_serial_wrong_length"),
    ("4200002611202613450000000101", "utter_serial_bad_date"),
    ("2026132222001400000000000103", "utter_serial_bad_date"),
    ("abcdef", "utter_serial_unreadable"),
    ("12345", "utter_serial_unreadable"),
]


@pytest.mark.parametrize("said", DISGUISED)
async def test_a_number_is_recognised_in_any_disguise(resident: Resident, said: str) -> None:
    heard = await resident.says(said)
    assert heard.named("utter_status")
    assert heard.mentions("utter_unreconciled_awaiting_statement")


@pytest.mark.parametrize(("said", "explained"), WRONG)
async def test_a_wrong_kind_of_number_is_named_and_another_try_given(
    resident: Resident, said: str, explained: str
) -> None:
    await resident.says("/query_status")
    heard = await resident.says(said)
    assert heard.named(explained)
    assert len(heard.lines) == 1
    assert (await resident.says(WAITING)).named("utter_status")


@pytest.mark.parametrize(("said", "explained"), WRONG[::4])
async def test_a_wrong_kind_of_number_is_named_within_the_walk_through_a_receipt(
    resident: Resident, said: str, explained: str
) -> None:
    await resident.says("/check_receipt", "微信")
    assert (await resident.says(said)).named(explained)
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen")


async def test_a_ticket_number_is_told_from_a_serial_number(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    [ticket] = office.rows("tickets")
    await resident.says("/query_status")
    heard = await resident.says(ticket["number"])
    assert heard.named("utter_serial_is_ticket")
    assert (await resident.presses("我的工单")).named("utter_ticket_list")


async def test_the_explanation_says_how_many_digits_were_found(resident: Resident) -> None:
    heard = await resident.says("/query_status", WAITING[:-1])
    assert "27 位" in heard.text
    assert "28 位" in heard.text


async def test_two_numbers_are_offered_to_choose_from(resident: Resident) -> None:
    heard = await resident.says(f"{WAITING} 还有 {SERIAL['0303']}")
    assert heard.named("utter_two_serials")
    assert heard.buttons == ["…000101", "…000303"]
    heard = await resident.presses(2)
    assert heard.mentions("utter_state_reconciled")


async def test_a_digit_chooses_one_of_two_numbers(resident: Resident) -> None:
    await resident.says(f"{WAITING} 还有 {SERIAL['0303']}")
    assert (await resident.says("1")).mentions("utter_unreconciled_awaiting_statement")


async def test_who_paid_twice_and_gives_both_numbers_chooses_one(resident: Resident) -> None:
    heard = await resident.says(f"我付了两次，单号{SERIAL['0107']}和{SERIAL['0308']}")
    assert heard.named("utter_two_serials")
    heard = await resident.presses(1)
    assert heard.mentions("utter_unreconciled_duplicate_payment")


async def test_the_same_number_twice_is_one_number(resident: Resident) -> None:
    heard = await resident.says(f"{WAITING} {WAITING}")
    assert heard.named("utter_status")


async def test_two_numbers_in_the_walk_through_a_receipt_are_offered_too(resident: Resident) -> None:
    await resident.says("/check_receipt", "微信")
    heard = await resident.says(f"{WAITING} {SERIAL['0106']}")
    assert heard.named("utter_two_serials")
    assert (await resident.presses(1)).named("utter_ask_amount_fen")


async def test_who_does_not_know_the_number_hears_where_it_is(resident: Resident) -> None:
    await resident.says("/query_status")
    heard = await resident.says("找不到")
    assert heard.named("utter_faq_find_serial")
    assert (await resident.presses("带我找号码")).named("utter_ask_payment_channel")


async def test_asking_where_the_number_is_does_not_repeat_the_question(resident: Resident) -> None:
    await resident.says("/query_status")
    heard = await resident.presses("号码在哪找")
    assert heard.named("utter_faq_find_serial")
    assert len(heard.lines) == 1
    assert (await resident.says(WAITING)).named("utter_status")
