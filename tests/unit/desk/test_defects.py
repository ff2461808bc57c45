"""Whatever breaks while a message is answered, the resident hears something and nothing is half done."""

from __future__ import annotations

import pytest

from bot.errors import Conflict, NotFound, Slow
from bot.messages import Author, ConversationStatus
from bot.storage import tables
from bot.turn import Turn
from tests.fakes.agents import opens_ticket
from tests.fakes.house import FakeHouse, message


@pytest.mark.parametrize("error", [RuntimeError("boom"), NotFound("x"), Conflict("x"), Slow("x")])
async def test_a_dialogue_that_breaks_apologises_and_leaves_nothing_half_done(
    house: FakeHouse, error: Exception
) -> None:
    async def breaks(turn: Turn) -> None:
        await opens_ticket()(turn)  # type: ignore[operator]
        raise error

    house.dialogue.acts["坏"] = breaks
    accepted = await house.desk.accept(message("坏"))
    lines = await house.desk.answer(accepted)
    assert [line.text for line in lines] == ["utter_internal_error"]
    assert await house.count(tables.tickets) == 0
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert await house.desk.recover() == 0


async def test_an_action_that_broke_behind_rasas_back_apologises(house: FakeHouse) -> None:
    async def fails_quietly(turn: Turn) -> None:
        turn.failure = RuntimeError("boom")

    house.dialogue.acts["坏"] = fails_quietly
    lines = await house.desk.handle(message("坏"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_dialogue_that_says_nothing_apologises(house: FakeHouse) -> None:
    house.dialogue.silent = True
    lines = await house.desk.handle(message("嗯"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_failed_message_keeps_no_last_four_of_an_identity_card(house: FakeHouse) -> None:
    house.dialogue.silent = True
    house.dialogue.slot = "payer_id_last4"
    await house.desk.handle(message("后四位是018x"))
    assert "018x" not in await house.every_value()
    assert (Author.RESIDENT, "后四位是‹id_last4›") in await house.transcript()


async def test_after_a_failure_the_next_message_is_answered(house: FakeHouse) -> None:
    async def breaks(turn: Turn) -> None:
        raise RuntimeError

    house.dialogue.acts["坏"] = breaks
    await house.desk.handle(message("坏"))
    assert [line.text for line in await house.desk.handle(message("好"))] == ["re: 好"]
