"""The state of a payment: what it means, who has the next step, by when."""

from __future__ import annotations

import json

import pytest

from bot.payments.model import Reason, State
from tests.conversations.office import Office
from tests.conversations.resident import Heard, Resident
from tests.conversations.seeded import (
    BOOKED,
    DIFFERENT_AMOUNT,
    MISMATCHED,
    NOT_THERE,
    OVERDUE,
    ROW,
    SERIAL,
    UNEXPLAINED,
    WAITING,
)

OPEN = ("unreconciled", "under_review")
# The contract gives a reason to what is open, and to nothing else.
EVERY = [
    (state.value, reason)
    for state in State
    if state is not State.UNRECOGNISED
    for reason in ([one.value for one in Reason] if state.value in OPEN else [None])
]


def explains(heard: Heard, state: str, reason: str | None, language: str) -> bool:
    """Whether the reply says what the phrasebook says of a state and its reason."""
    if state == "unreconciled" and reason:
        by_bank = reason == "bank_transfer_delay" and heard.mentions(
            "utter_unreconciled_bank_transfer_delay_by_bank", language
        )
        return by_bank or heard.mentions(f"utter_unreconciled_{reason}", language)
    because = reason is None or heard.mentions(f"utter_because_{reason}", language)
    return because and heard.mentions(f"utter_state_{state}", language)


@pytest.mark.parametrize("code", sorted(ROW))
async def test_every_seeded_payment_has_its_own_reply(resident: Resident, code: str) -> None:
    row = ROW[code]
    heard = await resident.says(SERIAL[code])
    assert heard.named("utter_status", "zh")
    assert explains(heard, row.state.value, row.reason.value if row.reason else None, "zh")
    assert "{" not in heard.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("state", "reason"), EVERY)
async def test_every_state_and_reason_has_its_reply(
    resident: Resident, office: Office, state: str, reason: str | None, language: str
) -> None:
    if language == "en":
        await resident.says("speak english please")
    await office.puts(WAITING, state, reason)
    heard = await resident.says(WAITING)
    assert heard.named("utter_status", language)
    assert explains(heard, state, reason, language)
    assert "{" not in heard.text


async def test_the_bureaus_time_is_passed_on_as_the_bureaus_in_the_residents_words(
    resident: Resident,
) -> None:
    heard = await resident.says(WAITING)
    assert "明天上午10点以后，微信支付送来的账单就该到了，那以后再查就行。这是系统给的时间。" in heard.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0101", "付款当天的微信账单，要到第二天上午10点以后才拿得到"),
        ("0406", "付款当天的支付宝账单，一般第二天上午9点前出来"),
        ("0407", "付款当天的云闪付账单，一般第二天上午出来"),
        ("0408", "柜台收的钱，一般下一个工作日才报过来"),
        ("0107", "退到微信零钱的，一般几分钟就到；退到银行卡的，一般要1到3个工作日"),
        ("0306", "钱退回付款的那张银行卡，一般要1到3个工作日"),
    ],
)
async def test_what_depends_on_the_channel_is_said_of_that_channel(
    resident: Resident, code: str, words: str
) -> None:
    assert words in (await resident.says(SERIAL[code])).text


async def test_a_channel_that_the_contract_does_not_know_is_said_to_be_unknown(
    resident: Resident, office: Office
) -> None:
    office.wire.changes = {"channel": "digital_yuan", "expected_by": None}
    heard = await resident.says(WAITING)
    assert heard.mentions("utter_bill_unrecognised")
    assert heard.mentions("utter_due_unknown")
    assert "别再付" in heard.text


async def test_a_number_typed_in_small_letters_is_found(resident: Resident) -> None:
    heard = await resident.says(SERIAL["0104"].lower())
    assert heard.named("utter_status")
    heard = await resident.says("到账了通知我")
    assert heard.named("utter_watch_set")


async def test_without_a_time_from_the_bureau_our_own_estimate_says_that_it_is_one(
    resident: Resident, office: Office
) -> None:
    await office.puts(WAITING, "unreconciled", "awaiting_statement", expected_by=None)
    heard = await resident.says(WAITING)
    assert heard.mentions("utter_due_bill_estimated")


async def test_a_settled_payment_names_no_time_and_offers_no_watch(resident: Resident) -> None:
    heard = await resident.says(BOOKED)
    assert heard.mentions("utter_state_reconciled")
    assert not heard.mentions("utter_due")
    assert not heard.mentions("utter_due_unknown")
    assert heard.buttons == ["看金额明细", "换个号码"]


async def test_a_waiting_payment_offers_a_watch_first(resident: Resident) -> None:
    heard = await resident.says(WAITING)
    assert heard.buttons == ["到账提醒我", "看金额明细", "换个号码"]


async def test_a_mismatch_offers_reconciliation_and_a_person(resident: Resident, office: Office) -> None:
    heard = await resident.says(MISMATCHED)
    assert heard.buttons == ["申请对账", "转人工", "看金额明细", "换个号码"]
    heard = await resident.presses("转人工")
    assert heard.named("utter_handoff_mismatch")
    assert office.rows("tickets")[0]["reason"] == "mismatch"


async def test_the_state_never_shows_details(resident: Resident) -> None:
    heard = await resident.says(DIFFERENT_AMOUNT)
    for detail in ("20元", "40元", "王", "居民身份证"):
        assert detail not in heard.text


async def test_a_broken_promise_is_apologised_for_and_offers_a_request_or_a_person(
    resident: Resident, office: Office
) -> None:
    heard = await resident.says(OVERDUE)
    assert heard.mentions("utter_due_overdue")
    assert heard.mentions("utter_offer_after_overdue")
    assert heard.buttons == ["申请对账", "转人工", "看金额明细", "换个号码"]
    assert not office.rows("tickets")
    heard = await resident.presses("转人工")
    assert heard.named("utter_handoff_overdue")
    [ticket] = office.rows("tickets")
    assert ticket["reason"] == "overdue"
    assert ticket["priority"] == "high"
    assert json.loads(ticket["checked"])["state"] == "unreconciled"


@pytest.mark.parametrize(
    ("state", "reason"), [("under_review", "entry_error"), ("refunding", None), ("payment_pending", None)]
)
async def test_what_is_late_is_not_applied_for_where_that_changes_nothing(
    resident: Resident, office: Office, state: str, reason: str | None
) -> None:
    await office.puts(WAITING, state, reason, expected_by="2026-11-23T17:00:00+08:00")
    heard = await resident.says(WAITING)
    assert heard.mentions("utter_offer_person_after_overdue")
    assert not heard.mentions("utter_offer_after_overdue")
    assert "申请对账" not in heard.buttons and "转人工" in heard.buttons


async def test_what_is_late_and_in_somebody_s_hands_is_not_handed_over_again(
    resident: Resident, office: Office
) -> None:
    await resident.says(OVERDUE)
    await resident.presses("转人工")
    heard = await resident.says(OVERDUE)
    assert f"您的工单 {office.rows('tickets')[0]['number']} 已经登记好了" in heard.text
    assert "转人工" not in heard.buttons
    assert "申请对账" in heard.buttons


@pytest.mark.parametrize("serial", [UNEXPLAINED, SERIAL["0212"]])
async def test_a_payment_nobody_can_explain_is_handed_to_a_person_at_once(
    resident: Resident, office: Office, serial: str
) -> None:
    heard = await resident.says(serial)
    assert heard.named("utter_ticket_opened")
    assert office.rows("tickets")[0]["reason"] == "unknown_state"


async def test_a_state_that_the_contract_does_not_know_is_not_guessed(
    resident: Resident, office: Office
) -> None:
    await office.breaks(malformed="unknown_state")
    heard = await resident.says(WAITING)
    assert heard.mentions("utter_state_unrecognised")
    assert heard.named("utter_ticket_opened")
    assert office.rows("tickets")[0]["reason"] == "unknown_state"


async def test_the_bot_goes_on_serving_after_a_ticket_it_opened_by_itself(
    resident: Resident, office: Office
) -> None:
    await resident.says(UNEXPLAINED)
    assert office.rows("conversations")[0]["status"] == "with_bot"
    assert (await resident.says(WAITING)).named("utter_status")


async def test_not_found_is_not_the_same_as_not_paid(resident: Resident) -> None:
    heard = await resident.says(NOT_THERE)
    assert heard.named("utter_not_found")
    assert "不等于您没付钱" in heard.text
    assert heard.buttons == ["再查一次", "核对凭证", "请人跟进"]


async def test_a_person_can_look_for_what_was_not_found(resident: Resident, office: Office) -> None:
    await resident.says(NOT_THERE)
    heard = await resident.presses("请人跟进")
    assert heard.named("utter_handoff_not_found")
    [ticket] = office.rows("tickets")
    assert ticket["reason"] == "not_found"
    assert ticket["serial_number"] == NOT_THERE


async def test_checking_again_needs_no_number_and_sees_what_changed(
    resident: Resident, office: Office
) -> None:
    await resident.says(WAITING)
    office.advance(days=1)
    heard = await resident.says("再查一下我的缴费")
    assert heard.mentions("utter_state_reconciled")


async def test_another_number_can_be_looked_up(resident: Resident) -> None:
    await resident.says(WAITING)
    heard = await resident.presses("换个号码")
    assert heard.named("utter_ask_serial_number")
    assert (await resident.says(BOOKED)).mentions("utter_state_reconciled")


@pytest.mark.parametrize("said", ["我要查另一笔", "换一笔查", "check another payment"])
async def test_another_payment_is_not_the_one_known_already(resident: Resident, said: str) -> None:
    heard = await resident.says(WAITING, said)
    assert heard.named("utter_ask_serial_number")


async def test_a_new_number_is_looked_up_without_being_asked_for(resident: Resident) -> None:
    heard = await resident.says(WAITING, BOOKED)
    assert heard.mentions("utter_state_reconciled")


async def test_asking_for_the_state_asks_for_the_number(resident: Resident) -> None:
    heard = await resident.says("帮我查一下缴费")
    assert heard.named("utter_ask_serial_number")
    assert heard.buttons == ["号码在哪找", "先不查了"]


async def test_a_question_while_the_number_is_asked_for_is_answered(resident: Resident) -> None:
    heard = await resident.says("帮我查一下缴费", "要等多久才能更新状态")
    assert heard.named("utter_faq_how_long")
    assert heard.named("utter_ask_serial_number")
    assert (await resident.says(WAITING)).named("utter_status")


async def test_a_look_up_can_be_given_up(resident: Resident) -> None:
    await resident.says("帮我查一下缴费")
    assert (await resident.presses("先不查了")).named("utter_nothing_to_deny")
    assert (await resident.says("你好")).named("utter_greet")


async def test_a_story_around_the_number_does_not_hide_it(resident: Resident) -> None:
    heard = await resident.says(
        f"阿拉屋里厢老头子前天补领身份证，用微信付了40块，到现在还显示没缴，单号是{WAITING}，急死人了，帮帮忙看看好伐"
    )
    assert heard.named("utter_status")


@pytest.mark.parametrize("again", ["查一下我的缴费", "Where is my money", "/query_status", "/provide_serial"])
async def test_asking_again_while_the_number_is_awaited_asks_for_the_number_again(
    resident: Resident, again: str
) -> None:
    heard = await resident.says("/query_status", again)
    assert heard.named("utter_ask_serial_number") or heard.named("utter_serial_unreadable")
