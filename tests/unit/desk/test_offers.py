"""What was offered and asked last decides what a message says."""

from __future__ import annotations

import pytest

from bot.messages import Author, Button, MessageKind
from tests.fakes.agents import open_ticket
from tests.fakes.dialogue import YES_NO
from tests.fakes.house import FakeHouse, message


async def test_a_typed_digit_chooses_the_button_offered_last(house: FakeHouse) -> None:
    house.dialogue.buttons = YES_NO
    await house.desk.handle(message("你好"))
    await house.desk.handle(message("２"))
    assert house.dialogue.heard == ["你好", "/deny"]
    assert (Author.RESIDENT, "不用") in await house.transcript()


async def test_buttons_of_an_agents_notice_are_the_ones_offered_last(house: FakeHouse) -> None:
    house.phrases.buttons = {"utter_ticket_resolved": (Button("查我的缴费", "/query_status"),)}
    house.dialogue.buttons = YES_NO
    await house.desk.handle(message("你好"))
    number = await open_ticket(house)
    async with house.work() as work:
        await house.casework.resolve(work, number, "li")
        await work.commit()
    await house.desk.handle(message("1"))
    assert house.dialogue.heard[-1] == "/query_status"


async def test_the_last_four_reach_the_dialogue_and_nothing_else(house: FakeHouse) -> None:
    house.dialogue.slot = "payer_id_last4"
    await house.desk.handle(message("后四位是018x"))
    assert house.dialogue.last4 == ["018X"]
    assert house.dialogue.heard == ["后四位是‹id_last4›"]
    assert "018" not in (await house.every_value()).replace("2018", "")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (MessageKind.VOICE, "", "utter_voice_received"),
        (MessageKind.TEXT, "\u200b ", "utter_empty_message"),
        (MessageKind.TEXT, "长" * 201, "utter_too_long"),
        (MessageKind.BUTTON, "/drop_tables", "utter_unknown_button"),
    ],
)
async def test_what_cannot_be_read_gets_one_plain_line(
    house: FakeHouse, kind: MessageKind, text: str, said: str
) -> None:
    lines = await house.desk.handle(message(text, kind=kind))
    assert [line.text for line in lines] == [said]
    assert house.dialogue.heard == []


async def test_any_text_at_all_can_be_stored(house: FakeHouse) -> None:
    strange = "\x00\x07half \ud83d 😀 ' \" \\ % {x} <b> 𠮷"
    lines = await house.desk.handle(message(strange))
    assert len(lines) == 1
    assert "😀" in lines[0].text
