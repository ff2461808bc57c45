"""The walk through a receipt: channel, serial number, amount, date; summary and look-up."""

from __future__ import annotations

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import NOTICE, ORDER, SERIAL, WAITING

START = "核对凭证"


async def walk_to_amount(resident: Resident) -> None:
    """Up to the question how much was paid."""
    heard = await resident.says(START, "微信", WAITING)
    assert heard.named("utter_ask_amount_fen")


async def walk_to_date(resident: Resident) -> None:
    """Up to the question on which day it was paid."""
    await walk_to_amount(resident)
    heard = await resident.says("40元")
    assert heard.named("utter_ask_paid_on")


async def walk_through(resident: Resident) -> None:
    """To the end."""
    await walk_to_date(resident)
    heard = await resident.says("昨天")
    assert heard.named("utter_receipt_summary")


async def test_the_walk_asks_four_things_then_reads_back_and_looks_up(resident: Resident) -> None:
    assert (await resident.says(START)).named("utter_ask_payment_channel")
    assert (await resident.presses("微信支付")).named("utter_where_serial_wechat_pay")
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen")
    assert (await resident.says("40")).named("utter_ask_paid_on")
    heard = await resident.says("昨天")
    assert heard.named("utter_receipt_summary")
    assert f"付款方式：微信支付\n流水号：{WAITING}\n金额：40元\n日期：11月23日" in heard.text
    assert heard.named("utter_status")


@pytest.mark.parametrize(
    ("said", "channel"),
    [
        ("微信付的", "wechat_pay"),
        ("支付宝", "alipay"),
        ("云闪付", "unionpay"),
        ("银行转账", "bank_transfer"),
        ("在柜台付的现金", "counter"),
        ("4", "bank_transfer"),
    ],
)
async def test_each_channel_has_its_own_steps_to_the_number(
    resident: Resident, said: str, channel: str
) -> None:
    heard = await resident.says(START, said)
    assert heard.named(f"utter_where_serial_{channel}")


@pytest.mark.parametrize(
    "said",
    [
        f"核对凭证，微信付的，昨天，40块，单号{WAITING}",
        f"微信付的，昨天，40块，单号{WAITING}",
        f"我昨天付了40元，流水号 {WAITING}，帮我看看凭证",
    ],
)
async def test_a_whole_receipt_in_one_message_is_read_back_at_once(resident: Resident, said: str) -> None:
    heard = await resident.says(said)
    assert heard.named("utter_receipt_summary")
    assert heard.named("utter_status")


async def test_several_values_in_one_answer_skip_their_questions(resident: Resident) -> None:
    await resident.says(START)
    heard = await resident.says(f"微信付的，昨天，40块，单号{WAITING}")
    assert heard.named("utter_receipt_summary")


async def test_the_number_tells_the_channel(resident: Resident) -> None:
    heard = await resident.says(START, SERIAL["0103"])
    assert heard.named("utter_ask_amount_fen")
    heard = await resident.says("20", "11月23日")
    assert "付款方式：支付宝" in heard.text


@pytest.mark.parametrize("said", ["20块", "二十元", "20.00", "¥20", "20", "大概20块吧", "是20", "付了20"])
async def test_an_amount_is_read_however_it_is_written(resident: Resident, said: str) -> None:
    await walk_to_amount(resident)
    assert (await resident.says(said)).named("utter_ask_paid_on")
    assert "金额：20元" in (await resident.says("昨天")).text


@pytest.mark.parametrize(
    "said", ["昨天", "11月23日", "11-23号", "2026年11月23日", "2026-11-23", "昨天晚上付的", "周一"]
)
async def test_a_day_is_read_however_it_is_written(resident: Resident, said: str) -> None:
    await walk_to_date(resident)
    assert "日期：11月23日" in (await resident.says(said)).text


@pytest.mark.parametrize(
    ("said", "explained"),
    [
        ("0元", "utter_amount_not_positive"),
        ("-20", "utter_amount_not_positive"),
        ("负20块", "utter_amount_not_positive"),
        ("99999999元", "utter_amount_too_large"),
        ("20.005元", "utter_amount_unreadable"),
        ("很多", "utter_amount_unreadable"),
        ("12ab", "utter_amount_unreadable"),
        ("不记得了", "utter_look_it_up"),
    ],
)
async def test_a_wrong_amount_is_explained_and_asked_again(
    resident: Resident, said: str, explained: str
) -> None:
    await walk_to_amount(resident)
    assert (await resident.says(said)).named(explained)
    assert (await resident.says("40")).named("utter_ask_paid_on")


@pytest.mark.parametrize(
    ("said", "explained"),
    [
        ("明天", "utter_date_future"),
        ("后天", "utter_date_future"),
        ("明天付的", "utter_date_future"),
        ("tomorrow", "utter_date_future"),
        ("2026年12月30日", "utter_date_future"),
        ("2月30日", "utter_date_invalid"),
        ("11月35日", "utter_date_invalid"),
        ("2012年5月1日", "utter_date_too_old"),
        ("很早以前", "utter_date_unreadable"),
        ("忘了", "utter_look_it_up"),
    ],
)
async def test_a_wrong_day_is_explained_and_asked_again(
    resident: Resident, said: str, explained: str
) -> None:
    await walk_to_date(resident)
    assert (await resident.says(said)).named(explained)
    assert (await resident.says("昨天")).named("utter_receipt_summary")


async def test_an_unreadable_channel_shows_the_choices_again(resident: Resident) -> None:
    heard = await resident.says(START, "asdf")
    assert heard.named("utter_channel_unreadable")
    assert heard.buttons == ["微信支付", "支付宝", "云闪付", "银行转账", "柜台缴费"]


async def test_the_second_wrong_value_in_a_row_offers_a_person(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("0元", "0元")
    assert heard.buttons == ["转人工", "先不查了"]
    heard = await resident.presses("转人工")
    assert heard.named("utter_ticket_opened")


async def test_a_right_value_ends_the_row_of_wrong_ones(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("0元", "40元", "2月30日")
    assert heard.buttons == ["先不查了"]


@pytest.mark.parametrize("said", ["不对，是20块", "不是40块，是20块", "金额错了，应该是20元", "不对，是20"])
async def test_an_amount_is_corrected_within_the_walk(resident: Resident, said: str) -> None:
    await walk_to_date(resident)
    heard = await resident.says(said)
    assert heard.named("utter_corrected")
    assert heard.named("utter_ask_paid_on")
    assert "金额：20元" in (await resident.says("昨天")).text


async def test_the_channel_is_corrected_within_the_walk(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("不对，不是微信，是支付宝付的")
    assert heard.named("utter_corrected")
    assert "支付宝" in heard.text


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ("不对，是20块", "金额：20元"),
        ("不对，是20", "金额：20元"),
        ("错了，是前天付的", "日期：11月22日"),
        ("日期不对，应该是11月20日", "日期：11月20日"),
        ("其实是支付宝付的", "付款方式：支付宝"),
        ("写错了，20块，前天", "金额：20元\n日期：11月22日"),
    ],
)
async def test_a_value_is_corrected_after_the_summary(resident: Resident, said: str, changed: str) -> None:
    await walk_through(resident)
    heard = await resident.says(said)
    assert heard.named("utter_corrected")
    assert heard.named("utter_receipt_summary")
    assert changed in heard.text
    assert heard.named("utter_status")


async def test_the_number_is_corrected_after_the_summary(resident: Resident) -> None:
    await walk_through(resident)
    heard = await resident.says(f"不对，单号是{SERIAL['0106']}")
    assert heard.named("utter_status")
    assert "000106" in heard.text


async def test_a_bare_no_after_the_summary_asks_what_is_wrong(resident: Resident) -> None:
    await walk_through(resident)
    assert (await resident.says("不对")).named("utter_correct_which")
    heard = await resident.says("金额是20元")
    assert heard.named("utter_receipt_summary")
    assert "金额：20元" in heard.text


async def test_a_wrong_correction_is_explained_and_asked_again(resident: Resident) -> None:
    await walk_through(resident)
    heard = await resident.says("不对，是0元")
    assert heard.named("utter_amount_not_positive")
    assert len(heard.lines) == 1
    assert (await resident.says("20元")).named("utter_receipt_summary")


async def test_a_question_about_the_amount_after_the_summary_is_no_correction(resident: Resident) -> None:
    await walk_through(resident)
    heard = await resident.says("钱付多了怎么办")
    assert heard.named("utter_faq_wrong_amount")


async def test_one_more_payment_after_the_summary_is_no_correction(resident: Resident) -> None:
    await walk_through(resident)
    heard = await resident.says("其实我昨天又付了20块")
    assert not heard.named("utter_corrected")


async def test_a_question_is_answered_and_the_walk_goes_on_where_it_was(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("退款要多久")
    assert heard.named("utter_faq_refund")
    assert heard.named("utter_back_to_form")
    assert heard.named("utter_ask_amount_fen")
    assert (await resident.says("40")).named("utter_ask_paid_on")


async def test_a_digit_after_an_interruption_means_the_buttons_shown_last(resident: Resident) -> None:
    heard = await resident.says(START, "退款要多久")
    assert heard.named("utter_ask_payment_channel")
    assert (await resident.says("2")).named("utter_where_serial_alipay")


async def test_a_question_with_a_value_in_it_is_answered_and_the_value_kept(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("我付了40块，能退款吗")
    assert heard.named("utter_faq_refund")
    assert heard.named("utter_ask_paid_on")


async def test_a_person_is_brought_in_from_within_the_walk(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_opened")
    assert (await resident.says("你好")).named("utter_greet")


async def test_what_was_read_off_the_receipt_goes_with_the_ticket(resident: Resident, office: Office) -> None:
    await walk_to_date(resident)
    await resident.says("转人工")
    [ticket] = office.rows("tickets")
    assert ticket["serial_number"] == WAITING
    assert '"payment_channel": "wechat_pay"' in ticket["checked"]
    assert '"amount_fen": "4000"' in ticket["checked"]


async def test_thanks_in_the_middle_do_not_end_the_walk(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("谢谢")
    assert heard.named("utter_thanks")
    assert heard.named("utter_ask_amount_fen")


async def test_a_yes_in_the_middle_asks_the_question_again(resident: Resident) -> None:
    await walk_to_amount(resident)
    assert (await resident.says("好的")).named("utter_ask_amount_fen")


async def test_something_out_of_scope_in_the_middle_is_declined_and_the_walk_goes_on(
    resident: Resident,
) -> None:
    await walk_to_date(resident)
    heard = await resident.says("今天天气怎么样")
    assert heard.named("utter_out_of_scope")
    assert heard.named("utter_ask_paid_on")


async def test_the_language_changes_in_the_middle(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("speak english please")
    assert heard.named("utter_ask_amount_fen", "en")


async def test_giving_up_keeps_what_was_said_and_continue_resumes(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("算了")
    assert heard.named("utter_form_stopped")
    heard = await resident.says("继续")
    assert heard.named("utter_ask_amount_fen")


async def test_continue_resumes_after_another_question_too(resident: Resident) -> None:
    await walk_to_amount(resident)
    await resident.presses("先不查了")
    heard = await resident.says("要等多久才能更新状态", "继续")
    assert heard.named("utter_ask_amount_fen")


async def test_the_button_goes_on_with_a_walk_that_was_given_up(resident: Resident) -> None:
    await walk_to_amount(resident)
    await resident.says("算了")
    assert (await resident.presses("继续核对")).named("utter_ask_amount_fen")


async def test_a_finished_walk_starts_afresh(resident: Resident) -> None:
    await walk_through(resident)
    assert (await resident.says(START)).named("utter_ask_payment_channel")


async def test_who_cannot_find_the_number_hears_where_else_it_may_be_before_a_person(
    resident: Resident, office: Office
) -> None:
    await resident.says(START, "微信")
    heard = await resident.presses("找不到")
    assert heard.named("utter_serial_elsewhere")
    assert heard.buttons == ["转人工", "先不查了"]
    assert not office.rows("tickets")
    assert (await resident.presses("转人工")).named("utter_ticket_opened")


@pytest.mark.parametrize(
    "said", ["找不到", "没有流水号", "没有", "找不到流水号", "不知道在哪", "I can't find it"]
)
async def test_not_finding_the_number_can_be_typed(resident: Resident, said: str) -> None:
    heard = await resident.says(START, "微信", said)
    assert heard.named("utter_serial_elsewhere")
    assert (await resident.says(ORDER["0101"])).named("utter_ask_amount_fen")


@pytest.mark.parametrize("said", ["等一下", "我去找找", "稍等，我看看", "hold on", "let me check"])
async def test_who_needs_a_moment_is_given_one(resident: Resident, office: Office, said: str) -> None:
    heard = await resident.says(START, "微信", said)
    assert heard.named("utter_take_your_time")
    assert not office.rows("tickets")
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen")


async def test_another_number_of_the_receipt_will_do(resident: Resident) -> None:
    heard = await resident.says(START, "柜台", NOTICE["0109"], "10元", "11月21日")
    assert heard.named("utter_status")


async def test_a_look_up_within_the_walk_is_possible(resident: Resident) -> None:
    await walk_to_amount(resident)
    heard = await resident.says("/query_status")
    assert heard.named("utter_status")


async def test_a_walk_survives_a_restart(resident: Resident, office: Office) -> None:
    await walk_to_amount(resident)
    await office.restart()
    assert (await resident.says("40")).named("utter_ask_paid_on")
    await office.restart()
    assert (await resident.says("昨天")).named("utter_receipt_summary")


async def test_the_walk_works_in_english(resident: Resident) -> None:
    heard = await resident.says("please check my receipt with me")
    assert heard.named("utter_ask_payment_channel", "en")
    assert (await resident.presses("WeChat Pay")).named("utter_where_serial_wechat_pay", "en")
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen", "en")
    assert (await resident.says("no idea")).named("utter_look_it_up", "en")
    assert (await resident.says("40 yuan")).named("utter_ask_paid_on", "en")
    heard = await resident.says("yesterday")
    assert heard.named("utter_receipt_summary", "en")
    assert "Date: November 23" in heard.text
    heard = await resident.says("sorry, it was 20 yuan")
    assert "Amount: 20 yuan" in heard.text
    heard = await resident.says("no, it was saturday")
    assert "Date: November 21" in heard.text
