"""What came together is answered in order; a flood with one line a minute, and nothing important drowns."""

from __future__ import annotations

import pytest

from bot.desk import Desk
from bot.messages import Author, MessageKind
from tests.fakes.agents import agent_replies, open_ticket
from tests.fakes.dialogue import YES_NO
from tests.fakes.house import FakeHouse, message

SERIAL = "4200002611202611200000000101"
LIMIT = 5


@pytest.fixture
def desk(house: FakeHouse) -> Desk:
    return house.new_desk(flood=LIMIT)


async def say(desk: Desk, *texts: str, kind: MessageKind = MessageKind.TEXT) -> list[str]:
    """What was answered to each, joined; empty for no answer."""
    return [" ".join(line.text for line in await desk.handle(message(text, kind=kind))) for text in texts]


async def test_twenty_requests_at_once_are_answered_in_order_under_the_usual_limit(house: FakeHouse) -> None:
    texts = [f"第{number}句" for number in range(20)]
    accepted = [await house.desk.accept(message(text)) for text in texts]
    await house.desk.answer(accepted[-1])
    assert await house.said() == [f"re: {text}" for text in texts]


async def test_a_flood_hears_one_line_a_minute(house: FakeHouse, desk: Desk) -> None:
    answers = await say(desk, *(f"第{number}句" for number in range(LIMIT + 4)))
    assert answers[LIMIT:] == ["utter_flood", "", "", ""]
    house.clock.move(seconds=59)
    assert await say(desk, "还在") == [""]
    house.clock.move(seconds=2)
    assert await say(desk, "过了一分钟") == ["re: 过了一分钟"]


async def test_a_clock_that_was_put_back_keeps_nobody_from_being_asked(house: FakeHouse, desk: Desk) -> None:
    await say(desk, *(f"第{number}句" for number in range(LIMIT + 1)))
    house.clock.move(hours=-5)
    answers = await say(desk, *(f"又第{number}句" for number in range(LIMIT + 3)))
    assert answers[LIMIT:] == ["utter_flood", "", ""]


async def test_a_flood_is_kept_in_the_transcript(house: FakeHouse, desk: Desk) -> None:
    texts = [f"第{number}句" for number in range(LIMIT + 4)]
    await say(desk, *texts)
    kept = [text for author, text in await house.transcript() if author is Author.RESIDENT]
    assert kept == texts


async def test_a_serial_number_in_a_flood_is_looked_up(house: FakeHouse, desk: Desk) -> None:
    await say(desk, *(f"第{number}句" for number in range(LIMIT + 2)))
    assert await say(desk, f"是这个 {SERIAL}", "还有吗") == [f"re: 是这个 {SERIAL}", ""]


async def test_a_button_pressed_or_typed_in_a_flood_works(house: FakeHouse, desk: Desk) -> None:
    house.dialogue.buttons = YES_NO
    await say(desk, *(f"第{number}句" for number in range(LIMIT + 2)))
    assert await say(desk, "/query_status", kind=MessageKind.BUTTON) == ["re: /query_status"]
    assert await say(desk, "2") == ["re: /deny"]


async def test_the_last_four_that_were_asked_for_count(house: FakeHouse, desk: Desk) -> None:
    await say(desk, *(f"第{number}句" for number in range(LIMIT + 2)))
    house.dialogue.slot = "payer_id_last4"
    assert await say(desk, "1234") != [""]
    assert house.dialogue.last4[-1] == "1234"


async def test_even_what_matters_has_an_end(house: FakeHouse, desk: Desk) -> None:
    answers = await say(desk, *([SERIAL] * (2 * LIMIT + 3)))
    assert answers[: 2 * LIMIT] == [f"re: {SERIAL}"] * 2 * LIMIT
    assert answers[2 * LIMIT :] == ["utter_flood", "", ""]


async def test_one_residents_flood_is_nobody_elses(house: FakeHouse, desk: Desk) -> None:
    await say(desk, *(f"第{number}句" for number in range(LIMIT + 4)))
    lines = await desk.handle(message("你好", user="bob"))
    assert [line.text for line in lines] == ["re: 你好"]


async def test_a_flood_gets_one_polite_line_and_no_more_answers(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(8):
        await desk.handle(message(f"第{number}条"))
        house.clock.move(seconds=2)
    assert await house.said() == ["re: 第0条", "re: 第1条", "re: 第2条", "utter_flood"]
    assert await desk.recover() == 0
    assert (Author.RESIDENT, "第7条") in await house.transcript()


async def test_the_polite_line_is_said_again_in_the_next_minute(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(20):
        await desk.handle(message(f"第{number}条"))
        house.clock.move(seconds=6)
    assert (await house.said()).count("utter_flood") == 2


async def test_after_a_quiet_minute_the_bot_answers_again(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(5):
        await desk.handle(message(f"第{number}条"))
    house.clock.move(seconds=61)
    assert [line.text for line in await desk.handle(message("好了"))] == ["re: 好了"]


async def test_an_agent_sees_every_message_of_a_flood(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    await agent_replies(house, await open_ticket(house))
    for number in range(5):
        await desk.handle(message(f"第{number}条"))
    assert "utter_flood" not in await house.said()
    assert len([author for author, _ in await house.transcript() if author is Author.RESIDENT]) == 5
