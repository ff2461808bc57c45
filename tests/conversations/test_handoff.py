"""A person takes over: tickets, the same trouble, and the bot's silence."""

from __future__ import annotations

import json

import pytest

from bot.messages import Author
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, MISMATCHED, WAITING


async def agent_replies(office: Office, text: str) -> str:
    """An agent answers the only ticket; returns its number."""
    [ticket] = office.rows("tickets")
    async with office.house.work() as work:
        await office.house.services.casework.reply(work, ticket["number"], "chen", "陈老师", text)
        await work.commit()
    return str(ticket["number"])


@pytest.mark.parametrize("said", ["转人工", "我要人工服务", "找个真人跟我说", "I want to talk to a person"])
async def test_who_asks_for_a_person_gets_a_ticket(resident: Resident, office: Office, said: str) -> None:
    heard = await resident.says(said)
    [ticket] = office.rows("tickets")
    assert heard.named("utter_handoff_customer_request")
    assert heard.named("utter_ticket_opened")
    assert ticket["number"] in heard.text
    assert ticket["reason"] == "customer_request"
    assert office.rows("conversations")[0]["status"] == "waiting_for_agent"


async def test_the_resident_is_told_when_an_answer_will_come(resident: Resident) -> None:
    heard = await resident.says("转人工")
    assert "今天中午12点半前在这里答复您" in heard.text


async def test_out_of_hours_the_next_opening_is_told(resident: Resident, office: Office) -> None:
    office.advance(hours=10)
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_after_hours")
    assert "明天上午9点上班" in heard.text
    assert "明天上午11点前" in heard.text


async def test_who_comes_later_hears_how_many_are_ahead(resident: Resident, neighbour: Resident) -> None:
    await neighbour.says("转人工")
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_opened")
    assert "前面还有 1 位" in heard.text


async def test_a_complaint_is_passed_on_with_an_apology(resident: Resident, office: Office) -> None:
    heard = await resident.says("我要投诉你们")
    assert heard.named("utter_handoff_complaint")
    [ticket] = office.rows("tickets")
    assert ticket["reason"] == "complaint"
    assert ticket["priority"] == "high"


async def test_who_tried_everything_is_offered_a_person(resident: Resident, office: Office) -> None:
    heard = await resident.says("/faq_unresolved")
    assert heard.named("utter_faq_unresolved")
    heard = await resident.presses("转人工")
    assert heard.named("utter_handoff_unresolved")
    assert office.rows("tickets")[0]["reason"] == "unresolved"


async def test_the_ticket_knows_what_was_looked_up_before(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "转人工")
    [ticket] = office.rows("tickets")
    assert ticket["serial_number"] == MISMATCHED
    assert json.loads(ticket["checked"])["reason"] == "info_mismatch"


async def test_the_same_trouble_keeps_its_ticket(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "转人工")
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_exists")
    assert not heard.named("utter_handoff_customer_request")
    assert len(office.rows("tickets")) == 1


async def test_another_payment_gets_a_ticket_of_its_own(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "转人工", BOOKED)
    heard = await resident.says("转人工")
    assert heard.named("utter_ticket_opened")
    assert len(office.rows("tickets")) == 2


async def test_the_resident_sees_their_tickets(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    heard = await resident.says("我的工单")
    [ticket] = office.rows("tickets")
    assert heard.named("utter_ticket_list")
    assert f"{ticket['number']}：等工作人员接手，今天上午10点半登记。" in heard.text
    assert "今天中午12点半前在这里答复您" in heard.text


async def test_a_ticket_is_found_by_its_number(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    [ticket] = office.rows("tickets")
    heard = await resident.says(f"{ticket['number']} 怎么样了")
    assert heard.named("utter_ticket_list")


async def test_who_has_no_ticket_hears_so(resident: Resident) -> None:
    heard = await resident.says("我的工单")
    assert heard.named("utter_ticket_none")
    assert heard.buttons == ["查我的缴费", "转人工"]


async def test_somebody_elses_ticket_is_not_shown(
    resident: Resident, neighbour: Resident, office: Office
) -> None:
    await neighbour.says("转人工")
    [ticket] = office.rows("tickets")
    heard = await resident.says(f"查工单 {ticket['number']}")
    assert heard.named("utter_ticket_not_found")


async def test_while_waiting_the_bot_goes_on_helping(resident: Resident) -> None:
    await resident.says("转人工")
    assert (await resident.says(WAITING)).named("utter_status")


async def test_the_bot_is_silent_while_an_agent_serves(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    await agent_replies(office, "您好，我来帮您查。")
    heard = await resident.says("好的谢谢", "转人工", "/query_status", WAITING)
    assert heard.lines == []
    assert len(office.rows("tickets")) == 1
    texts = [line.text for line in await resident.sees()]
    assert "您好，我来帮您查。" in texts
    assert texts[-4:] == ["好的谢谢", "转人工", "/query_status", WAITING]


async def test_the_resident_is_told_who_serves_and_when_that_ends(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    number = await agent_replies(office, "已经帮您核对好了。")
    async with office.house.work() as work:
        await office.house.services.casework.resolve(work, number, "chen")
        await work.commit()
    said = [line.text for line in await resident.sees() if line.author is Author.SYSTEM]
    assert any("工作人员 陈老师 来了" in text for text in said)
    assert any(f"工单 {number} 已经处理好了" in text for text in said)
    assert (await resident.says("你好")).named("utter_greet")
    assert "已经解决" in (await resident.says("我的工单")).text


async def test_the_same_trouble_takes_a_resolved_ticket_up_again(resident: Resident, office: Office) -> None:
    await resident.says("转人工")
    number = await agent_replies(office, "好了。")
    async with office.house.work() as work:
        await office.house.services.casework.resolve(work, number, "chen")
        await work.commit()
    heard = await resident.says("还是没好，转人工")
    assert heard.named("utter_ticket_taken_up_again")
    [ticket] = office.rows("tickets")
    assert ticket["status"] == "open"


async def test_the_same_message_twice_is_answered_once(resident: Resident, office: Office) -> None:
    first = await resident.sends("转人工", message_id="m-1")
    again = await resident.sends("转人工", message_id="m-1")
    assert [line.id for line in again.lines] == [line.id for line in first.lines]
    assert len(office.rows("tickets")) == 1


async def test_a_ticket_in_english(resident: Resident) -> None:
    heard = await resident.says("please let me talk to a real person")
    assert heard.named("utter_ticket_opened", "en")
    assert "12:30 p.m. today" in heard.text
    heard = await resident.says("my ticket")
    assert "waiting for a person" in heard.text
