"""A message that its writer changed: recognised, changed where it waits, answered once for each text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.messages import Accepted, IncomingMessage, Source
from bot.storage import tables
from bot.turn import Turn
from tests.fakes.house import FakeHouse, message


def version(text: str, number: int = 0, user: str = "anna") -> IncomingMessage:
    """What was written first, or a later version of it."""
    return replace(message(text, user), source=Source("7/1", number))


async def accept(house: FakeHouse, *versions: IncomingMessage) -> list[Accepted]:
    return [await house.desk.accept(one) for one in versions]


async def test_one_that_waits_is_changed_where_it_is(house: FakeHouse) -> None:
    await house.desk.handle(message("你好"))
    first, second, old = await accept(house, version("查 1"), version("查 2", 41), version("查 1", 41))
    assert first.id == second.id == old.id
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 你好", "re: 查 2"]


async def test_what_was_heard_first_is_not_answered_when_it_reads_otherwise_now(house: FakeHouse) -> None:
    await house.desk.handle(message("你好"))
    first, _ = await accept(house, version("查 1"), version("查 2", 41))
    await house.desk.answer(first)
    assert await house.said() == ["re: 你好", "re: 查 2"]


async def test_another_text_that_comes_while_it_is_answered_is_what_is_answered(house: FakeHouse) -> None:
    async def changes(turn: Turn) -> None:
        await accept(house, version("查 2", 41))

    house.dialogue.acts["查 1"] = changes
    await house.desk.handle(version("查 1"))
    assert house.dialogue.heard == ["查 1", "查 2"]
    assert await house.said() == ["re: 查 2"]


async def test_one_that_was_answered_is_answered_again_only_when_it_says_something_else(
    house: FakeHouse,
) -> None:
    for one in (version("查 1"), version("查 1", 41), version("查 2", 42), version("查 2", 43)):
        await house.desk.handle(one)
    assert await house.said() == ["re: 查 1", "re: 查 2"]


async def test_somebody_elses_message_is_not_changed(house: FakeHouse) -> None:
    await accept(house, version("查 1"), version("查 2", 41, user="berta"))
    assert await house.desk.recover() == 2
    assert await house.said("anna") == ["re: 查 1"]
    assert await house.said("berta") == ["re: 查 2"]


async def test_no_text_is_read_back_from_what_recognises_it(house: FakeHouse) -> None:
    await house.desk.handle(version("我叫王小明"))
    assert await house.count(tables.incoming) == 1
    assert "我叫王小明" not in str([row.text_mark for row in await rows(house)])
    assert all(row.text_mark for row in await rows(house))
    async with house.work() as work:
        work.personal_data.erase((await house.conversation()).id)
        await work.commit()
    assert [row.text_mark for row in await rows(house)] == [None]


async def rows(house: FakeHouse) -> list[Any]:
    async with house.engine.connect() as connection:
        return list((await connection.execute(tables.incoming.select())).all())
