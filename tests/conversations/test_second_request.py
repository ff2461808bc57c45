"""Two requests in one message: both are served."""

from __future__ import annotations

from tests.conversations.resident import Resident

TWO_QUESTIONS = "How long does it take? And can I get a refund if I paid twice?"
QUESTION_AND_LOOK_UP = "帮我查一下这笔缴费到哪一步了？另外多付的钱能退吗？"


async def test_the_second_question_is_offered_and_answered_on_a_plain_yes(resident: Resident) -> None:
    heard = await resident.says(TWO_QUESTIONS)
    assert heard.named("utter_second_request", "en")
    heard = await resident.says("yes")
    assert heard.named("utter_faq_how_long", "en") or heard.named("utter_faq_refund", "en")


async def test_the_second_question_may_be_declined(resident: Resident) -> None:
    await resident.says(TWO_QUESTIONS)
    heard = await resident.says("/deny")
    assert heard.named("utter_nothing_to_deny", "en")


async def test_a_question_beside_a_look_up_is_answered_before_the_number_is_asked_for(
    resident: Resident,
) -> None:
    heard = await resident.says(QUESTION_AND_LOOK_UP)
    assert heard.named("utter_faq_refund", "zh")
    assert heard.named("utter_ask_serial_number", "zh") or heard.named("utter_second_request", "zh")
