"""What a worried resident sends in one breath, read by the real model."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages import IncomingMessage
from tests.conversations.office import Office
from tests.conversations.resident import Heard, Resident
from tests.conversations.seeded import BOOKED, WAITING


async def at_once(resident: Resident, *texts: str) -> list[Heard]:
    """Messages that are all there before the first is answered; what each was answered."""
    desk = resident.office.desk
    accepted = []
    for number, text in enumerate(texts):
        message = IncomingMessage(resident.contact, f"{resident.contact.user_id}-burst-{number}", text)
        accepted.append(await desk.accept(message))
    return [Heard(lines) for lines in await asyncio.gather(*(desk.answer(one) for one in accepted))]


def said_by_the_bot(office: Office) -> int:
    return sum(row["author"] == "bot" for row in office.rows("messages"))


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("你好", "我交了钱", "还是显示没缴", "怎么回事"), "utter_faq_why_unreconciled"),
        (("在吗", "户口本的工本费", "我昨天交的", "系统没显示", "怎么办"), "utter_faq_why_unreconciled"),
        (("钱扣了", "用微信付的", "20块", "还是显示没缴", "都三天了"), "utter_faq_why_unreconciled"),
        (("hello", "I paid yesterday", "it still shows unpaid"), "utter_faq_why_unreconciled"),
        (("在吗", "在不在", "有人吗"), "utter_greet"),
        (("我交了钱", "怎么退款", "谢谢"), "utter_faq_refund"),
    ],
)
async def test_a_story_in_pieces_gets_the_answer_to_the_whole(
    resident: Resident, texts: tuple[str, ...], words: str
) -> None:
    heard = await at_once(resident, *texts)
    assert heard[0].named(words)
    assert all(one.text == heard[0].text for one in heard)


async def test_twenty_calls_get_one_answer(office: Office, resident: Resident) -> None:
    await at_once(resident, *["在吗"] * 20)
    assert said_by_the_bot(office) == 1
    assert sum(row["author"] == "resident" for row in office.rows("messages")) == 20


async def test_a_number_in_the_story_is_looked_up(resident: Resident) -> None:
    heard = await at_once(resident, "你好", "帮我查一下", WAITING)
    assert all(one.named("utter_status") for one in heard)


async def test_a_call_for_a_person_in_the_story_brings_one_ticket(office: Office, resident: Resident) -> None:
    heard = await at_once(resident, "人呢", "在吗", "急", "转人工")
    assert len(office.rows("tickets")) == 1
    assert office.rows("tickets")[0]["number"] in heard[-1].text


async def test_two_requests_get_two_answers(resident: Resident) -> None:
    heard = await at_once(resident, "多久能到账", "怎么退款")
    assert heard[0].named("utter_faq_how_long")
    assert heard[1].named("utter_faq_refund")


async def test_two_payments_are_told_apart(resident: Resident) -> None:
    heard = await at_once(resident, WAITING, BOOKED)
    assert WAITING[-6:] in heard[0].text
    assert BOOKED[-6:] in heard[1].text


async def test_an_impatient_yes_answers_the_question_that_comes(office: Office, resident: Resident) -> None:
    await resident.says(WAITING)
    heard = await at_once(resident, "申请对账", "好的")
    assert heard[0].named("utter_confirm_reconciliation")
    assert "RR" in heard[1].text


async def test_a_form_hears_each_answer_by_itself(resident: Resident) -> None:
    await resident.says("帮我核对凭证")
    heard = await at_once(resident, "微信", WAITING, WAITING)
    assert heard[0].named("utter_where_serial_wechat_pay")
    assert heard[1].named("utter_ask_amount_fen")
    assert heard[2].text == heard[1].text


async def test_amounts_that_meet_stay_two(office: Office, resident: Resident) -> None:
    await at_once(resident, "我缴了20", "300块也缴了")
    assert "20300" not in office.everything_stored()
    assert "20,300" not in office.everything_stored()
