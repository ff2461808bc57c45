"""How it was: asked once when a ticket is resolved, answered in digits, words or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.agent import Agent
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, IDENTITY, WAITING


@pytest.fixture
async def helped(resident: Resident, agent: Agent) -> Resident:
    """Somebody whose ticket was just resolved."""
    await resident.says("转人工")
    await agent.helps(resident)
    return resident


def rating(office: Office) -> dict[str, Any]:
    [row] = office.rows("ratings")
    return row


async def test_the_resident_is_asked_after_hearing_that_it_is_resolved(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says("转人工")
    await agent.replies(resident)
    await agent.resolves(resident)
    heard = await resident.reads()
    assert heard.lines[-1].buttons
    assert heard.named("utter_rate_service")
    assert heard.mentions("utter_ticket_resolved")
    assert heard.buttons == ["1 很不满意", "2 不太满意", "3 一般", "4 满意", "5 很满意"]


@pytest.mark.parametrize(
    ("said", "score"),
    [("5", 5), ("４", 4), ("3", 3), ("5分", 5), ("打四分", 4), ("很满意", 5), ("一般", 3), ("给5星", 5)],
)
async def test_a_score_is_taken_in_digits_and_words(
    helped: Resident, office: Office, said: str, score: int
) -> None:
    heard = await helped.says(said)
    assert heard.named("utter_rated")
    assert rating(office)["score"] == score


@pytest.mark.parametrize(("said", "score"), [("1", 1), ("2", 2), ("很不满意", 1)])
async def test_a_low_score_is_offered_a_person(
    helped: Resident, office: Office, said: str, score: int
) -> None:
    heard = await helped.says(said)
    assert heard.named("utter_rated_low")
    assert rating(office)["score"] == score
    assert (await helped.presses("再看看")).named("utter_ticket_taken_up_again")
    assert office.rows("tickets")[0]["status"] == "open"


@pytest.mark.parametrize("yes", ["好的", "要的", "再看看", "还没解决"])
async def test_yes_to_looking_once_more_takes_the_ticket_up_again(
    helped: Resident, office: Office, yes: str
) -> None:
    await helped.says("1")
    assert (await helped.says(yes)).named("utter_ticket_taken_up_again")


async def test_no_to_looking_once_more_ends_it(helped: Resident, office: Office) -> None:
    assert (await helped.says("2", "不用了")).named("utter_rating_ends")
    assert office.rows("tickets")[0]["status"] == "resolved"


@pytest.mark.parametrize("words", ["小陈态度很好，讲得清楚", "谢谢陈老师，很耐心", "就是等得久了点"])
async def test_a_word_is_kept_beside_the_score(helped: Resident, office: Office, words: str) -> None:
    assert (await helped.says("5", words)).named("utter_rated_words")
    assert rating(office)["words"] == words
    assert (await helped.says("谢谢")).named("utter_thanks")


async def test_what_went_wrong_is_kept_and_a_person_stays_on_offer(helped: Resident, office: Office) -> None:
    heard = await helped.says("1", "等得太久了，态度也不好")
    assert heard.named("utter_rated_words_low")
    assert rating(office)["words"] == "等得太久了，态度也不好"
    assert (await helped.presses("再看看")).named("utter_ticket_taken_up_again")


async def test_a_word_is_masked_like_every_message(helped: Resident, office: Office) -> None:
    await helped.says("5", f"我的身份证是 {IDENTITY}，小陈帮我查到了")
    assert rating(office)["words"].startswith("我的身份证是")
    assert IDENTITY not in office.everything_stored()


@pytest.mark.parametrize("said", ["不写了", "不用了", "没有了", "1"])
async def test_no_word_is_fine_too(helped: Resident, office: Office, said: str) -> None:
    assert (await helped.says("4", said)).named("utter_rating_ends")
    assert rating(office)["words"] == ""


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("怎么退款", "utter_faq_refund"),
        ("查我的缴费", "utter_ask_serial_number"),
        (WAITING, "utter_status"),
        ("转人工", "utter_ticket_taken_up_again"),
        ("我要投诉你们", "utter_handoff_complaint"),
    ],
)
async def test_a_question_or_a_request_is_no_word(
    helped: Resident, office: Office, said: str, answer: str
) -> None:
    assert (await helped.says("5", said)).named(answer)
    assert rating(office)["words"] == ""


async def test_who_does_not_answer_is_not_asked_again(helped: Resident, office: Office, agent: Agent) -> None:
    assert (await helped.says("谢谢")).named("utter_thanks")
    await helped.says("还没解决")
    await agent.replies(helped)
    await agent.resolves(helped)
    assert not (await helped.reads()).named("utter_rate_service")
    assert rating(office)["score"] is None


async def test_a_digit_means_what_was_offered_last(helped: Resident, office: Office) -> None:
    await helped.says("怎么退款")
    await helped.says("2")
    assert rating(office)["score"] is None


async def test_a_number_that_a_form_asks_for_is_no_score(
    resident: Resident, office: Office, agent: Agent
) -> None:
    await resident.says("转人工", "核对凭证", "微信", BOOKED)
    await agent.resolves(resident)
    await resident.reads()
    await resident.says("5")
    assert rating(office)["score"] is None


async def test_an_old_button_still_rates_its_own_ticket_within_a_day(
    helped: Resident, office: Office
) -> None:
    buttons = helped.offered
    await helped.says("怎么退款")
    helped.offered = buttons
    assert (await helped.presses("4 满意")).named("utter_rated")
    assert rating(office)["score"] == 4
    office.advance(hours=24)
    helped.offered = buttons
    assert (await helped.presses("1 很不满意")).named("utter_rating_over")
    assert rating(office)["score"] == 4


async def test_in_english(resident: Resident, office: Office, agent: Agent) -> None:
    await resident.says("I want to talk to a person")
    await agent.helps(resident)
    assert (await resident.says("very satisfied")).named("utter_rated", "en")
    assert (await resident.says("the lady was kind and quick")).named("utter_rated_words", "en")
    assert rating(office)["words"] == "the lady was kind and quick"
