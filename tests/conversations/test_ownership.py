"""Details for the payer only: the last four of the identity card, right, wrong, and locked."""

from __future__ import annotations

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, DIFFERENT_AMOUNT, IDENTITY, NOT_THERE, SERIAL, WAITING


async def ask_for_details(resident: Resident, serial: str = WAITING) -> None:
    """Up to the question for the last four."""
    await resident.says(serial)
    heard = await resident.presses("看金额明细")
    assert heard.named("utter_ask_payer_id_last4")


async def test_the_right_last_four_show_the_details(resident: Resident) -> None:
    await ask_for_details(resident)
    heard = await resident.says("1234")
    assert heard.mentions("utter_payment_details")
    assert "应缴：40元\n实缴：40元\n缴费人：*小明" in heard.text or "缴费人：" in heard.text
    assert "王小明" not in heard.text


async def test_details_lead_on(resident: Resident) -> None:
    await ask_for_details(resident)
    heard = await resident.says("1234")
    assert heard.buttons == ["到账提醒我", "换个号码", "转人工"]
    assert (await resident.presses("到账提醒我")).named("utter_watch_set")


async def test_a_person_learns_the_amount_that_the_details_showed(resident: Resident, office: Office) -> None:
    await ask_for_details(resident)
    await resident.says("1234")
    await resident.presses("转人工")
    [ticket] = office.rows("tickets")
    assert (ticket["amount"], ticket["amount_source"]) == (4000, "of_record")


async def test_without_the_last_four_the_amount_is_asked_of_the_record_behind_the_residents_back(
    resident: Resident, office: Office
) -> None:
    await resident.says(WAITING)
    await resident.says("转人工")
    assert [row["amount"] for row in office.rows("tickets")] == [None]
    await office.appraises()
    [ticket] = office.rows("tickets")
    assert (ticket["amount"], ticket["amount_source"]) == (4000, "of_record")
    assert "40" not in (await resident.reads()).text


async def test_details_of_a_settled_payment_offer_no_watch(resident: Resident) -> None:
    await ask_for_details(resident, BOOKED)
    heard = await resident.says("2468")
    assert "财政电子票据开好了" in heard.text
    assert heard.buttons == ["换个号码", "转人工"]


@pytest.mark.parametrize("said", ["018X", "018x", "０１８Ｘ", "后四位是018X", "018Ｘ。"])
async def test_the_last_four_are_read_however_they_are_typed(resident: Resident, said: str) -> None:
    await ask_for_details(resident, SERIAL["0102"])
    heard = await resident.says(said)
    assert heard.mentions("utter_payment_details")


async def test_details_say_what_differs_and_what_else_was_paid(resident: Resident) -> None:
    await ask_for_details(resident, DIFFERENT_AMOUNT)
    assert "比缴款通知上少付了20元。先别自己补" in (await resident.says("1234")).text
    await ask_for_details(resident, SERIAL["0206"])
    assert "比缴款通知上多付了5元" in (await resident.says("1234")).text
    await ask_for_details(resident, SERIAL["0105"])
    heard = await resident.says("9013")
    assert "对不上的是：姓名、身份证号。要更正，带上身份证和缴费凭证，去户口所在地的派出所" in heard.text


async def test_of_a_double_payment_it_is_said_which_one_counts_and_how_the_other_comes_back(
    resident: Resident,
) -> None:
    await ask_for_details(resident, SERIAL["0107"])
    heard = await resident.says("018X")
    assert f"算数的是 {SERIAL['0308']}，现在看的这一笔是重复的" in heard.text
    assert "退到微信零钱的，一般几分钟就到" in heard.text
    await ask_for_details(resident, SERIAL["0308"])
    heard = await resident.says("018X")
    assert f"还付过：{SERIAL['0107']}。算数的是现在看的这一笔" in heard.text


async def test_the_fiscal_receipt_is_shown_with_all_that_its_verification_asks_for(
    resident: Resident,
) -> None:
    await ask_for_details(resident, BOOKED)
    heard = await resident.says("2468")
    for said in (
        "票据代码：",
        "票据号码：",
        "校验码：",
        "实缴金额：40元",
        "开票日期：2026-11-19",
        "pjcy.mof.gov.cn",
    ):
        assert said in heard.text


async def test_a_fiscal_receipt_that_is_not_there_yet_is_explained(resident: Resident) -> None:
    await ask_for_details(resident, SERIAL["0304"])
    heard = await resident.says("9013")
    assert "财政电子票据还没开出来" in heard.text
    assert "一直没有，点“转人工”" in heard.text and "转人工" in heard.buttons
    await ask_for_details(resident, WAITING)
    assert "要等对上账以后才开" in (await resident.says("1234")).text


async def test_somebody_who_tries_number_after_number_is_brought_to_a_supervisor(
    resident: Resident, office: Office
) -> None:
    for code in ("0101", "0102", "0103"):
        await ask_for_details(resident, SERIAL[code])
        await resident.says("9990", "/deny")
    assert not office.rows("alerts")
    await ask_for_details(resident, SERIAL["0104"])
    await resident.says("9990")
    [alert] = office.rows("alerts")
    assert (alert["kind"], alert["subject"]) == ("enumeration", "rest:1")


async def test_the_wrong_last_four_show_nothing_and_count(resident: Resident) -> None:
    await ask_for_details(resident)
    heard = await resident.says("9999")
    assert heard.named("utter_ownership_failed")
    assert "还可以试 4 次" in heard.text
    assert not heard.mentions("utter_payment_details")
    assert (await resident.says("1234")).mentions("utter_payment_details")


async def test_an_unreadable_answer_does_not_count(resident: Resident, office: Office) -> None:
    await ask_for_details(resident)
    heard = await resident.says("12")
    assert heard.named("utter_last4_unreadable")
    assert not office.rows("ownership_attempts")


async def test_five_wrong_tries_close_the_door_for_half_an_hour(resident: Resident, office: Office) -> None:
    await ask_for_details(resident)
    heard = await resident.says("9990", "9991", "9992", "9993", "9994")
    assert heard.named("utter_ownership_locked")
    assert (await resident.says("/query_status")).named("utter_status")
    await resident.presses("看金额明细")
    assert (await resident.says("1234")).named("utter_ownership_locked")
    office.advance(minutes=31)
    await ask_for_details(resident)
    assert (await resident.says("1234")).mentions("utter_payment_details")


async def test_wrong_tries_count_over_all_numbers_of_a_contact(resident: Resident) -> None:
    for code, last4 in (("0101", "9990"), ("0102", "9991"), ("0103", "9992"), ("0104", "9993")):
        await ask_for_details(resident, SERIAL[code])
        await resident.says(last4)
        await resident.says("/deny")
    await ask_for_details(resident, SERIAL["0105"])
    assert (await resident.says("9994")).named("utter_ownership_locked")


async def test_wrong_tries_count_over_all_contacts_of_a_number(resident: Resident, office: Office) -> None:
    for name in ("a", "b", "c", "d", "e"):
        guesser = office.resident(name)
        await ask_for_details(guesser)
        await guesser.says("9999")
    await ask_for_details(resident)
    assert (await resident.says("1234")).named("utter_ownership_locked")


async def test_a_payment_that_is_not_there_sounds_like_somebody_elses(resident: Resident) -> None:
    await resident.says(NOT_THERE)
    await resident.says('/query_status{"choice": "details"}')
    heard = await resident.says("1234")
    assert heard.named("utter_ownership_failed")


async def test_details_are_asked_for_again_each_time(resident: Resident) -> None:
    await ask_for_details(resident)
    await resident.says("1234")
    await resident.says(WAITING)
    heard = await resident.presses("看金额明细")
    assert heard.named("utter_ask_payer_id_last4")


async def test_the_last_four_are_stored_nowhere(resident: Resident, office: Office) -> None:
    await ask_for_details(resident, SERIAL["0105"])
    await resident.says("9013")
    lines = [line.text for line in await resident.sees()]
    assert "‹id_last4›" in lines
    for table in ("messages", "incoming", "tracker_events"):
        assert all('9013"' not in str(row) and "'9013'" not in str(row) for row in office.rows(table))


async def test_a_whole_identity_number_is_as_good_and_stored_nowhere(
    resident: Resident, office: Office
) -> None:
    await ask_for_details(resident)
    heard = await resident.says(IDENTITY)
    assert heard.named("utter_ownership_failed")
    assert IDENTITY not in office.everything_stored()


async def test_who_will_not_say_may_stop(resident: Resident) -> None:
    await ask_for_details(resident)
    assert (await resident.presses("不看了")).named("utter_nothing_to_deny")
    assert (await resident.says("你好")).named("utter_greet")


async def test_a_question_in_between_is_answered(resident: Resident) -> None:
    await ask_for_details(resident)
    heard = await resident.says("你们会不会是骗子")
    assert heard.named("utter_faq_privacy_safety")
    assert heard.named("utter_ask_payer_id_last4")
    assert (await resident.says("1234")).mentions("utter_payment_details")


async def test_details_in_english(resident: Resident) -> None:
    await resident.says("speak english please", WAITING)
    await resident.presses("See the details")
    heard = await resident.says("1234")
    assert heard.mentions("utter_payment_details", "en")
    assert "Amount due: 40 yuan" in heard.text


async def test_an_outage_while_details_are_asked_for_is_told_and_ends_the_question(
    resident: Resident, office: Office
) -> None:
    await ask_for_details(resident)
    await office.breaks(outage="unavailable")
    heard = await resident.says("1234")
    assert heard.named("utter_api_down")
    assert not office.rows("ownership_attempts")
    assert (await resident.says("你好")).named("utter_greet")
