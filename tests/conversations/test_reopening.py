"""After a ticket was resolved: "still not solved" within seven days takes it up again, nothing else does."""

from __future__ import annotations

import pytest

from tests.conversations.agent import Agent
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, WAITING


@pytest.fixture
async def helped(resident: Resident, agent: Agent) -> Resident:
    """Somebody whose ticket was just resolved."""
    await resident.says("转人工")
    await agent.helps(resident)
    return resident


@pytest.mark.parametrize(
    "said",
    [
        "还是没好",
        "没解决",
        "还没到账",
        "怎么还没到账啊",
        "还是没有对账",
        "问题还在",
        "转人工",
        "还是没好，转人工",
        "钱还是没到",
        "没用啊",
        "状态没变",
        "我付了120块，现在网上还是显示未缴",
        "昨天你们说已经处理好了，我今天早上特意又去网上看了一遍，用手机看的，也让我儿子帮着看了，结果还是没到账，跟前天一模一样，这怎么办啊",
    ],
)
async def test_the_same_ticket_goes_to_the_same_agent_one_step_up(
    helped: Resident, office: Office, said: str
) -> None:
    heard = await helped.says(said)
    [ticket] = office.rows("tickets")
    assert heard.named("utter_ticket_taken_up_again")
    assert ticket["number"] in heard.text
    assert "今天上午11点半前在这里答复您" in heard.text
    assert (ticket["status"], ticket["assignee"], ticket["priority"]) == ("open", "chen", "high")
    assert office.rows("conversations")[0]["status"] == "waiting_for_agent"


async def test_the_tickets_own_number_takes_it_up_and_another_does_not(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says(WAITING, "转人工")
    await agent.helps(resident)
    assert not (await resident.says(f"{BOOKED} 还没到账")).named("utter_ticket_taken_up_again")
    assert (await resident.says(f"{WAITING} 还没到账")).named("utter_ticket_taken_up_again")


OFFERS = {"zh": "还没解决，重新打开工单", "en": "Not solved, reopen the ticket"}


@pytest.mark.parametrize(
    ("wanted", "asked", "language"),
    [("转人工", "帮我查一下", "zh"), ("let me talk to a person please", "check my payment please", "en")],
)
@pytest.mark.parametrize("typed", ["the title", "its place"])
async def test_what_may_be_about_it_is_answered_with_a_way_back(
    resident: Resident, office: Office, agent: Agent, wanted: str, asked: str, language: str, typed: str
) -> None:
    await resident.says(wanted)
    await agent.helps(resident)
    heard = await resident.says(asked)
    assert not heard.named("utter_ticket_taken_up_again")
    assert heard.buttons[-1] == OFFERS[language]
    said = OFFERS[language] if typed == "the title" else str(len(heard.buttons))
    assert (await resident.says(said)).named("utter_ticket_taken_up_again", language)


async def test_the_way_back_is_offered_once_a_resolution(
    helped: Resident, office: Office, agent: Agent
) -> None:
    assert OFFERS["zh"] in (await helped.says("帮我查一下")).buttons
    assert OFFERS["zh"] not in (await helped.says("不查了", "帮我查一下")).buttons
    await helped.says("转人工")
    await agent.helps(helped)
    office.advance(days=1)
    assert OFFERS["zh"] in (await helped.says("帮我查一下")).buttons


@pytest.mark.parametrize("said", ["谢谢", "你好", "发票在哪里开", "怎么退款"])
async def test_courtesies_and_new_matters_are_offered_nothing(helped: Resident, said: str) -> None:
    assert OFFERS["zh"] not in (await helped.says(said)).buttons


@pytest.mark.parametrize("said", ["It's still not solved", "still unpaid", "I want to talk to a person"])
async def test_in_english(resident: Resident, office: Office, agent: Agent, said: str) -> None:
    await resident.says("let me talk to a person please")
    await agent.helps(resident)
    assert (await resident.says(said)).named("utter_ticket_taken_up_again", "en")


@pytest.mark.parametrize(
    "said", ["谢谢", "好了谢谢", "已经解决了", "再见", "发票在哪里开", "怎么退款", "你好", WAITING]
)
async def test_thanks_and_other_questions_do_not(helped: Resident, office: Office, said: str) -> None:
    heard = await helped.says(said)
    assert not heard.named("utter_ticket_taken_up_again")
    assert office.rows("tickets")[0]["status"] == "resolved"


async def test_a_complaint_is_heard_and_takes_it_up(helped: Resident, office: Office) -> None:
    heard = await helped.says("还是没解决，我要投诉你们")
    assert heard.named("utter_handoff_complaint")
    assert heard.named("utter_ticket_taken_up_again")


async def test_within_a_week_but_not_later(helped: Resident, office: Office) -> None:
    office.advance(days=6, hours=23)
    await office.sweeps()
    assert (await helped.says("还没解决")).named("utter_ticket_taken_up_again")


async def test_after_a_week_the_ticket_is_closed_and_a_person_means_a_new_one(
    helped: Resident, office: Office
) -> None:
    office.advance(days=7, minutes=1)
    await office.sweeps()
    assert office.rows("tickets")[0]["status"] == "closed"
    assert not (await helped.says("还没解决")).named("utter_ticket_taken_up_again")
    assert (await helped.says("转人工")).named("utter_ticket_opened")
    assert len(office.rows("tickets")) == 2


async def test_it_is_the_resolved_ticket_whatever_payment_was_looked_up_since(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says(WAITING, "转人工")
    await agent.helps(resident)
    heard = await resident.says(BOOKED, "还是没解决")
    [ticket] = office.rows("tickets")
    assert heard.named("utter_ticket_taken_up_again")
    assert ticket["serial_number"] == WAITING


async def test_another_payment_is_another_ticket(resident: Resident, office: Office, agent: Agent) -> None:
    await resident.says(WAITING, "转人工")
    await agent.helps(resident)
    await resident.says(BOOKED)
    assert (await resident.says("转人工")).named("utter_ticket_opened")
    assert len(office.rows("tickets")) == 2


async def test_while_an_agent_serves_nothing_is_taken_up_by_words(
    helped: Resident, office: Office, agent: Agent
) -> None:
    await helped.says("还没解决")
    await agent.replies(helped)
    assert (await helped.says("还没到账")).lines == []


async def test_in_a_form_still_not_is_an_answer_to_the_form(helped: Resident, office: Office) -> None:
    await helped.says("核对凭证", "微信")
    await helped.says("还没收到")
    assert office.rows("tickets")[0]["status"] == "resolved"
