"""What the desk accepts: each message once, whoever brings it how often."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import InvalidInput
from bot.messages import Author
from bot.storage import tables
from tests.fakes.house import FakeHouse, message


async def test_a_message_is_answered_and_its_answer_stored(house: FakeHouse) -> None:
    lines = await house.desk.handle(message("什么时候到账"))
    assert [line.text for line in lines] == ["re: 什么时候到账"]
    assert await house.transcript() == [
        (Author.RESIDENT, "什么时候到账"),
        (Author.BOT, "re: 什么时候到账"),
    ]


async def test_the_same_message_again_gets_the_same_answer(house: FakeHouse) -> None:
    first = await house.desk.handle(message("你好", message_id="42"))
    again = await house.desk.handle(message("你好", message_id="42"))
    assert again == first
    assert house.dialogue.heard == ["你好"]


async def test_a_message_delivered_twice_at_the_same_moment_is_answered_once(house: FakeHouse) -> None:
    await house.conversation()
    twice = [house.desk.handle(message("你好", message_id="42")) for _ in range(5)]
    answers = await asyncio.gather(*twice)
    assert all(answer == answers[0] for answer in answers)
    assert [line.text for line in answers[0]] == ["re: 你好"]
    assert house.dialogue.heard == ["你好"]
    assert await house.count(tables.incoming) == 1


async def test_a_first_message_delivered_twice_at_once_makes_one_conversation(house: FakeHouse) -> None:
    await asyncio.gather(*(house.desk.accept(message("你好", message_id=str(n % 2))) for n in range(6)))
    assert await house.count(tables.conversations) == 1
    assert await house.count(tables.incoming) == 2


async def test_the_same_id_on_another_channel_is_another_message(house: FakeHouse) -> None:
    await house.desk.handle(message("一", message_id="42"))
    await house.desk.handle(message("二", message_id="42", channel="wechat"))
    assert house.dialogue.heard == ["一", "二"]


async def test_nobody_gets_the_answer_to_somebody_elses_message(house: FakeHouse) -> None:
    await house.desk.handle(message("我的事", user="anna", message_id="42"))
    with pytest.raises(InvalidInput):
        await house.desk.handle(message("我的事", user="berta", message_id="42"))


@pytest.mark.parametrize(
    ("user", "message_id", "code"),
    [
        ("u" * 129, "1", "sender"),
        ("", "1", "sender"),
        ("nul\0", "1", "sender"),
        ("half\ud83d", "1", "sender"),
        ("anna", "m" * 161, "message_id"),
        ("anna", "nul\0", "message_id"),
    ],
)
async def test_ids_that_cannot_be_stored_are_refused(
    house: FakeHouse, user: str, message_id: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await house.desk.accept(message("你好", user=user, message_id=message_id))
    assert refused.value.code == code
    assert await house.count(tables.conversations) == 0


async def test_the_longest_ids_are_stored(house: FakeHouse) -> None:
    lines = await house.desk.handle(message("你好", user="户" * 128, message_id="号" * 160))
    assert [line.text for line in lines] == ["re: 你好"]


async def test_the_resident_starts_in_the_language_that_the_channel_names(house: FakeHouse) -> None:
    await house.desk.handle(message("hello", user="anna", language="en"))
    await house.desk.handle(message("hallo", user="berta", language="de-AT-1996"))
    assert (await house.conversation("anna")).language == "en"
    assert (await house.conversation("berta")).language == "zh"


async def test_what_was_accepted_is_sealed_and_what_was_answered_is_masked(house: FakeHouse) -> None:
    text = "身份证110101199003070038查一下"
    accepted = await house.desk.accept(message(text))
    assert "110101" not in await house.every_value()
    assert accepted.sealed is not None
    await house.desk.answer(accepted)
    async with house.work() as work:
        stored = await work.incoming.get(accepted.id)
    assert stored is not None
    assert stored.sealed is None
    assert stored.text == "身份证‹id_card›查一下"
    assert "19900307" not in await house.every_value()
