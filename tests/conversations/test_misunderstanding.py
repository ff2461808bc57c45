"""What is not understood, or not our business: at most twice in a row before a person is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING

if TYPE_CHECKING:
    from rasa.core.channels.channel import UserMessage

    from bot.dialogue.engine import RasaDialogue

UNCLEAR = "阿拉上趟那个事体"
"""A message that could be several things."""


@pytest.fixture
def unsure(dialogue: RasaDialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Understanding is not sure what UNCLEAR means, however well it was trained."""
    processor = dialogue._agent.processor
    assert processor is not None
    parse = processor.parse_message

    async def doubt(message: UserMessage, *args: Any, **kwargs: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = await parse(message, *args, **kwargs)
        if message.text == UNCLEAR:
            parsed["intent"] = {"name": "nlu_fallback", "confidence": 0.6}
            parsed["intent_ranking"] = [
                {"name": "query_status", "confidence": 0.4},
                {"name": "affirm", "confidence": 0.3},
                {"name": "faq_refund", "confidence": 0.2},
            ]
        return parsed

    monkeypatch.setattr(processor, "parse_message", doubt)


async def test_something_out_of_scope_is_declined_with_what_can_be_done(resident: Resident) -> None:
    heard = await resident.says("给我讲个笑话")
    assert heard.named("utter_out_of_scope")
    assert heard.buttons == ["查我的缴费", "转人工"]


async def test_two_in_a_row_offer_a_person_and_yes_brings_one(resident: Resident, office: Office) -> None:
    heard = await resident.says("给我讲个笑话", "今天天气怎么样")
    assert heard.named("utter_offer_human")
    heard = await resident.says("好的")
    assert heard.named("utter_handoff_misunderstood")
    assert heard.named("utter_ticket_opened")
    assert office.rows("tickets")[0]["reason"] == "misunderstood"


async def test_the_offered_person_can_be_pressed(resident: Resident, office: Office) -> None:
    await resident.says("给我讲个笑话", "今天天气怎么样")
    await resident.presses("转人工")
    assert office.rows("tickets")[0]["reason"] == "misunderstood"


async def test_who_declines_the_person_goes_on(resident: Resident, office: Office) -> None:
    heard = await resident.says("给我讲个笑话", "今天天气怎么样", "不用")
    assert heard.named("utter_nothing_to_deny")
    heard = await resident.says("转人工")
    assert office.rows("tickets")[0]["reason"] == "customer_request"


async def test_trying_again_starts_over(resident: Resident) -> None:
    await resident.says("给我讲个笑话", "今天天气怎么样")
    assert (await resident.presses("再试一次")).named("utter_greet")
    assert (await resident.says("给我讲个笑话")).named("utter_out_of_scope")


async def test_something_understood_in_between_ends_the_row(resident: Resident) -> None:
    heard = await resident.says("给我讲个笑话", "要等多久才能更新状态", "今天天气怎么样")
    assert heard.named("utter_out_of_scope")


@pytest.mark.usefixtures("unsure")
async def test_something_unclear_offers_the_best_guesses(resident: Resident) -> None:
    heard = await resident.says(UNCLEAR)
    assert heard.named("utter_clarify")
    assert heard.buttons == ["查我这笔缴费", "钱能不能退、多久退", "都不是"]


@pytest.mark.usefixtures("unsure")
async def test_a_guess_can_be_chosen_by_its_digit(resident: Resident) -> None:
    heard = await resident.says(UNCLEAR, "2")
    assert heard.named("utter_faq_refund")


@pytest.mark.usefixtures("unsure")
async def test_what_was_unclear_is_kept_to_learn_from(resident: Resident, office: Office) -> None:
    await resident.says(UNCLEAR)
    [kept] = office.rows("misunderstandings")
    assert (kept["text"], kept["cause"]) == (UNCLEAR, "below_threshold")
    assert (kept["guess"], kept["runner_up"]) == ("query_status", "faq_refund")


@pytest.mark.usefixtures("unsure")
@pytest.mark.parametrize("said", ["3", "都不是"])
async def test_none_of_the_guesses_asks_for_other_words_and_is_kept(
    resident: Resident, office: Office, said: str
) -> None:
    heard = await resident.says(UNCLEAR, said)
    assert heard.named("utter_rephrase")
    kept = office.rows("misunderstandings")[-1]
    assert (kept["text"], kept["cause"]) == (UNCLEAR, "denied")


@pytest.mark.usefixtures("unsure")
async def test_unclear_twice_in_a_row_offers_a_person(resident: Resident) -> None:
    heard = await resident.says(UNCLEAR, "都不是", UNCLEAR)
    assert heard.named("utter_offer_human")
    assert (await resident.says("要")).named("utter_ticket_opened")


@pytest.mark.parametrize("said", ["asdfghjkl", "😀😀😀", "？？？", "……", "啊啊啊啊啊"])
async def test_nonsense_gets_a_clear_reply(resident: Resident, said: str) -> None:
    heard = await resident.says(said)
    assert heard.lines
    assert heard.buttons
    assert not heard.named("utter_internal_error")


async def test_a_misunderstood_message_is_stored_without_identity_numbers(
    resident: Resident, office: Office
) -> None:
    await resident.says("310101199003074255 那个东西", "给我讲个笑话 310101199003074255")
    assert "310101199003074255" not in office.everything_stored()


async def test_two_wrong_answers_in_a_form_offer_a_person(resident: Resident) -> None:
    heard = await resident.says("帮我查一下缴费", "abcdef", "xyzxyz")
    assert heard.named("utter_serial_unreadable")
    assert heard.buttons == ["转人工", "先不查了"]
    assert (await resident.says(WAITING)).named("utter_status")
