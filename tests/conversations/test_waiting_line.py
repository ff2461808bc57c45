"""Waiting for a person: the place in line, how long it takes, leaving and coming back."""

from __future__ import annotations

import pytest

from tests.conversations.agent import Agent
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, WAITING


async def served_before(office: Office, agent: Agent, *minutes: float) -> None:
    """Residents who were answered after so long."""
    for number, waited in enumerate(minutes):
        somebody = office.resident(f"before-{number}")
        await somebody.says("转人工")
        office.advance(minutes=waited)
        await agent.helps(somebody)


def status(office: Office) -> str:
    return str(office.rows("conversations")[-1]["status"])


# The place in line


@pytest.mark.parametrize("asked", ["还要等多久", "轮到我了吗", "前面还有几个人", "人呢", "怎么还没人理我"])
async def test_who_waits_asks_for_their_place(
    resident: Resident, neighbour: Resident, office: Office, asked: str
) -> None:
    await neighbour.says("转人工")
    await resident.says("转人工")
    heard = await resident.says(asked)
    assert heard.named("utter_place")
    assert "前面还有 1 位。今天中午12点半前在这里答复您。" in heard.text
    assert heard.buttons == ["不等了", "查我的缴费"]


async def test_the_place_in_english(resident: Resident, neighbour: Resident) -> None:
    await neighbour.says("转人工")
    await resident.says("let me talk to a person please")
    heard = await resident.says("how long do I have to wait")
    assert heard.named("utter_place", "en")
    assert "People ahead of you: 1. You will get an answer here by 12:30 p.m. today." in heard.text


async def test_the_time_is_told_from_what_others_waited(
    resident: Resident, neighbour: Resident, office: Office, agent: Agent
) -> None:
    await served_before(office, agent, 4, 8, 8, 9, 12)
    heard = await resident.says("转人工")
    assert "大概要等5到10分钟，最晚今天下午1点" in heard.text
    heard = await neighbour.says("I want to talk to a person")
    assert "People ahead of you: 1. The wait is about 15 to 20 minutes;" in heard.text
    await agent.replies(resident)
    heard = await neighbour.says("is it my turn yet")
    assert "You are first in line. The wait is about 5 to 10 minutes;" in heard.text


async def test_how_long_the_payment_takes_is_another_question(resident: Resident) -> None:
    await resident.says("转人工")
    assert (await resident.says("还要等多久到账")).named("utter_faq_how_long")


async def test_without_a_ticket_how_long_is_a_question_about_the_payment(resident: Resident) -> None:
    assert (await resident.says("还要等多久")).named("utter_faq_how_long")


async def test_after_hours_the_opening_is_told_and_what_happens_meanwhile(
    resident: Resident, office: Office
) -> None:
    office.advance(days=3, hours=8)  # Friday, half past six
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_after_hours")
    assert "11月30日（周一）上午9点上班" in heard.text
    assert "11月30日（周一）上午11点前在这里答复您" in heard.text
    heard = await resident.says("还要等多久")
    assert "工作人员现在下班了" in heard.text


async def test_after_hours_in_english(resident: Resident, office: Office) -> None:
    office.advance(hours=10)
    heard = await resident.says("please let me talk to a real person")
    assert heard.named("utter_ticket_after_hours", "en")
    assert "start again at 9 a.m. tomorrow" in heard.text
    assert (await resident.says("is it my turn yet")).named("utter_place", "en")


async def test_while_waiting_the_bot_answers_and_reminds_of_the_place_now_and_then(
    resident: Resident, office: Office
) -> None:
    await resident.says("转人工")
    assert not (await resident.says(WAITING)).named("utter_place_reminder")
    office.advance(minutes=15)
    heard = await resident.says("钱退不退")
    assert heard.named("utter_faq_refund")
    assert heard.named("utter_place_reminder")
    assert not (await resident.says("要重新付吗")).named("utter_place_reminder")
    office.advance(minutes=15)
    assert (await resident.says("要重新付吗")).named("utter_place_reminder")


async def test_nobody_is_reminded_amid_a_question_or_at_night(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    office.advance(minutes=20)
    heard = await resident.says("帮我核对凭证")
    assert not heard.named("utter_place_reminder")
    office.advance(hours=8)
    assert not (await resident.says("微信")).named("utter_place_reminder")


async def test_a_reminder_leaves_the_buttons_as_they_are(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    office.advance(minutes=20)
    heard = await resident.says("钱退不退")
    assert heard.named("utter_place_reminder")
    assert heard.lines[-1].buttons == ()
    assert heard.buttons[0] == "查我的缴费"
    assert (await resident.says("1")).named("utter_ask_serial_number")


async def test_who_is_not_understood_while_waiting_is_not_offered_another_person(resident: Resident) -> None:
    await resident.says("转人工")
    heard = await resident.says("今天天气怎么样", "给我讲个笑话")
    assert heard.named("utter_misunderstood_in_line")


# Leaving


@pytest.mark.parametrize(
    "said", ["不等了", "算了不等了", "取消人工", "取消排队吧", "不用人工了", "I'd rather stop waiting"]
)
async def test_leaving_is_asked_once_more_and_then_done(
    resident: Resident, office: Office, said: str
) -> None:
    await resident.says("转人工")
    heard = await resident.says(said)
    assert heard.named("utter_confirm_leave")
    assert office.rows("tickets")[0]["status"] == "new"
    heard = await resident.presses(1)
    assert heard.named("utter_left_line")
    [ticket] = office.rows("tickets")
    assert (ticket["status"], ticket["cause"]) == ("resolved", "left")
    assert status(office) == "with_bot"


@pytest.mark.parametrize("yes", ["是的", "退出", "不等了", "1", "对，不等了"])
async def test_yes_in_many_words_leaves(resident: Resident, office: Office, yes: str) -> None:
    await resident.says("转人工", "不等了")
    assert (await resident.says(yes)).named("utter_left_line")


@pytest.mark.parametrize("no", ["继续等", "我再等等", "不", "2", "先不退出", "Keep waiting"])
async def test_no_in_many_words_stays(resident: Resident, office: Office, no: str) -> None:
    await resident.says("转人工", "不等了")
    assert (await resident.says(no)).named("utter_line_kept")
    assert office.rows("tickets")[0]["status"] == "new"
    assert status(office) == "waiting_for_agent"


async def test_the_button_leaves_too(resident: Resident) -> None:
    await resident.says("转人工")
    assert (await resident.presses("不等了")).named("utter_confirm_leave")


async def test_in_english(resident: Resident) -> None:
    await resident.says("I want to talk to a person", "stop waiting")
    assert (await resident.says("yes please")).named("utter_left_line", "en")
    assert (await resident.says("I want to talk to a person")).named("utter_ticket_back_in_line", "en")


async def test_asking_for_a_person_again_brings_the_same_ticket_back(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says("转人工", "不等了", "退出")
    assert "您退出了排队" in (await resident.says("我的工单")).text
    heard = await resident.says("转人工")
    [ticket] = office.rows("tickets")
    assert heard.named("utter_ticket_back_in_line")
    assert ticket["number"] in heard.text
    assert (ticket["status"], ticket["cause"]) == ("new", None)
    await agent.replies(resident)
    assert (await resident.says("不等了")).lines == []


async def test_who_left_is_not_asked_how_it_was(resident: Resident, office: Office) -> None:
    await resident.says("转人工", "不等了", "退出")
    assert office.rows("ratings") == []


@pytest.mark.parametrize("said", ["不", "不是", "算了", "不用了"])
async def test_a_plain_no_does_not_leave(resident: Resident, office: Office, said: str) -> None:
    await resident.says("转人工")
    heard = await resident.says(said)
    assert heard.named("utter_nothing_to_deny_in_line")
    assert office.rows("tickets")[0]["status"] == "new"


async def test_a_no_to_another_question_does_not_leave(resident: Resident, office: Office) -> None:
    await resident.says("转人工", WAITING, "申请对账")
    assert (await resident.says("不")).named("utter_reconciliation_cancelled")
    assert office.rows("tickets")[0]["status"] == "new"


async def test_without_a_ticket_there_is_nothing_to_leave(resident: Resident) -> None:
    assert not (await resident.says("不等了")).named("utter_confirm_leave")
    await resident.says("转人工", "不等了", "退出")
    assert not (await resident.says("不等了")).named("utter_confirm_leave")


async def test_in_a_form_leaving_is_asked_without_the_form_in_between(
    resident: Resident, office: Office
) -> None:
    await resident.says("转人工", "帮我核对凭证")
    heard = await resident.says("不等了")
    assert [line.text[:7] for line in heard.lines] == ["您要退出排队吗"]
    assert (await resident.says("继续等")).named("utter_line_kept")


async def test_two_tickets_are_left_together(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "转人工", BOOKED, "转人工")
    numbers = [ticket["number"] for ticket in office.rows("tickets")]
    assert len(numbers) == 2
    heard = await resident.says("不等了")
    assert all(number in heard.text for number in numbers)
    await resident.says("退出")
    assert {ticket["cause"] for ticket in office.rows("tickets")} == {"left"}


async def test_a_conversation_with_two_tickets_waits_on_when_one_is_resolved(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says(WAITING, "转人工", BOOKED, "转人工")
    first = office.rows("tickets")[0]["number"]
    await agent.replies(resident, number=first)
    await agent.resolves(resident, number=first)
    assert status(office) == "waiting_for_agent"
    heard = await resident.says("还要等多久")
    assert first not in heard.text
    assert heard.named("utter_place")


async def test_a_watched_payment_is_told_while_its_ticket_waits(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账提醒我", "转人工")
    await office.puts(WAITING, "reconciled")
    assert await office.watches() == 1
    heard = await resident.reads()
    assert heard.named("utter_watch_settled")
    assert (await resident.says("还要等多久")).named("utter_place")
    assert (await resident.says("到账了，不用等人工了")).named("utter_confirm_leave")


# Late answers, agents who come and go


async def test_a_broken_promise_is_owned_up_to_once(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    office.advance(hours=2, minutes=1)
    await office.sweeps()
    await office.sweeps()
    heard = await resident.reads()
    assert [heard.named("utter_ticket_delayed"), len(heard.lines)] == [True, 1]
    assert "今天下午2点3" in heard.text
    heard = await resident.says("还要等多久")
    assert "比答应您的时间晚了" in heard.text


async def test_who_was_answered_and_handed_back_is_in_hand_until_they_call_again(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says("转人工")
    await agent.replies(resident)
    await agent.hands_back(resident)
    assert (await resident.reads()).named("utter_handed_back")
    assert (await resident.says("还要等多久")).named("utter_ticket_in_hand")
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_called_again")
    assert status(office) == "waiting_for_agent"
    assert office.rows("tickets")[0]["first_replied_at"] is None


async def test_worried_words_while_waiting_raise_the_priority(resident: Resident, office: Office) -> None:
    await resident.says("转人工", "我八十岁了，急死了，还要等多久")
    assert office.rows("tickets")[0]["priority"] == "high"


async def test_the_words_before_asking_for_a_person_count_too(resident: Resident, office: Office) -> None:
    await resident.says("我妈妈八十多岁了，急得睡不着觉", "转人工")
    assert office.rows("tickets")[0]["priority"] == "high"


async def test_the_amount_on_the_receipt_is_the_tickets_amount(resident: Resident, office: Office) -> None:
    await resident.says("核对凭证", "微信", WAITING, "120元", "昨天", "转人工")
    assert office.rows("tickets")[0]["amount"] == 12_000
