"""Questions with one answer, in both languages."""

from __future__ import annotations

import pytest

from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING

PLAIN_WORDS = [
    ("为什么我付了钱还显示未缴费", "faq_why_unreconciled"),
    ("要等多久才能更新状态", "faq_how_long"),
    ("是不是你们系统延迟没同步", "faq_system_delay"),
    ("银行转账怎么还没到账", "faq_bank_delay"),
    ("名字填错了怎么办", "faq_info_mismatch"),
    ("我不小心付了两次", "faq_duplicate_payment"),
    ("钱付多了怎么办", "faq_wrong_amount"),
    ("付款的时候页面卡住了，到底付成功没有", "faq_payment_failed"),
    ("缴费凭证上要有哪些内容", "faq_receipt_contents"),
    ("流水号在哪里看", "faq_find_serial"),
    ("要不要打银行客服问问", "faq_contact_payment_org"),
    ("户政部门怎么联系", "faq_contact_hukou"),
    ("书面申请怎么写", "faq_written_application"),
    ("网上申请对账的步骤是什么", "faq_online_steps"),
    ("去办事大厅要带什么材料", "faq_hall_visit"),
    ("以后怎么避免这种情况", "faq_prevention"),
    ("你们会不会是骗子", "faq_privacy_safety"),
    ("系统是不是在维护", "faq_maintenance"),
    ("是不是收费政策变了", "faq_policy_change"),
    ("能退款吗，多久退", "faq_refund"),
    ("我要不要再付一次", "faq_pay_again"),
    ("都试过了还是没解决怎么办", "faq_unresolved"),
    ("how long does it take", "faq_how_long"),
    ("should I pay again", "faq_pay_again"),
    ("I was charged twice", "faq_duplicate_payment"),
    ("where can I find the serial number", "faq_find_serial"),
]
QUESTIONS = sorted({question for _, question in PLAIN_WORDS})


async def test_a_greeting_says_what_the_bot_is_and_what_it_can_do(resident: Resident) -> None:
    heard = await resident.says("你好")
    assert heard.named("utter_greet", "zh")
    assert heard.buttons == ["查我的缴费", "核对凭证", "转人工"]


@pytest.mark.parametrize(("words", "question"), PLAIN_WORDS)
async def test_a_question_in_plain_words_gets_its_answer(
    resident: Resident, words: str, question: str
) -> None:
    heard = await resident.says(words)
    assert heard.named(f"utter_{question}")


async def test_every_answer_is_there_in_english_and_leads_on(resident: Resident) -> None:
    await resident.says("speak english please")
    for question in QUESTIONS:
        heard = await resident.says(f"/{question}")
        assert heard.named(f"utter_{question}", "en")
        assert heard.buttons


async def test_an_answer_is_one_reply_and_does_not_ask_whether_it_helped(resident: Resident) -> None:
    heard = await resident.says("要等多久才能更新状态")
    assert len(heard.lines) == 1


async def test_the_first_button_of_an_answer_starts_a_look_up(resident: Resident) -> None:
    await resident.says("要等多久才能更新状态")
    heard = await resident.presses("查我的缴费")
    assert heard.named("utter_ask_serial_number")
    heard = await resident.says(WAITING)
    assert heard.named("utter_status")


async def test_a_digit_presses_the_button_of_an_answer(resident: Resident) -> None:
    await resident.says("要等多久才能更新状态")
    heard = await resident.says("3")
    assert heard.named("utter_ticket_opened")


async def test_a_typed_title_presses_the_button_of_an_answer(resident: Resident) -> None:
    await resident.says("我不小心付了两次")
    heard = await resident.says("退款怎么办")
    assert heard.named("utter_faq_refund")


async def test_thanks_and_goodbye_are_answered_shortly(resident: Resident) -> None:
    assert (await resident.says("谢谢")).named("utter_thanks")
    assert (await resident.says("再见")).named("utter_goodbye")


async def test_a_question_while_nothing_was_offered_may_be_followed_by_a_plain_no(resident: Resident) -> None:
    heard = await resident.says("要等多久才能更新状态", "不用了")
    assert heard.named("utter_nothing_to_deny")


async def test_a_plain_yes_to_nothing_asks_what_is_wanted(resident: Resident) -> None:
    heard = await resident.says("好的")
    assert heard.named("utter_nothing_to_affirm")


async def test_a_number_that_is_known_is_not_asked_for_again(resident: Resident) -> None:
    heard = await resident.says("要等多久才能更新状态")
    assert "把流水号发给我" in heard.text
    await resident.says(WAITING)
    heard = await resident.says("要等多久才能更新状态")
    assert "把流水号发给我" not in heard.text
    assert "您的号码（尾号 000101）我记着" in heard.text
    assert "{" not in heard.text
