"""What an earlier process accepted is answered by the next."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.errors import Unavailable
from bot.messages import Author
from bot.turn import Turn
from tests.fakes.house import FakeHouse, message


async def test_a_new_process_answers_what_the_old_one_accepted(house: FakeHouse) -> None:
    for text in ("一号", "二号"):
        await house.desk.accept(message(text, user="anna"))
    await house.desk.accept(message("三号", user="berta"))
    assert await house.new_desk().recover() == 3
    assert await house.said("anna") == ["re: 一号", "re: 二号"]
    assert await house.said("berta") == ["re: 三号"]
    assert await house.desk.recover() == 0


async def test_one_message_that_cannot_be_answered_stops_nobody_elses(house: FakeHouse) -> None:
    async def unreadable(turn: Turn) -> None:
        turn.work.blind = Unavailable("the database")

    house.dialogue.acts["卡住"] = unreadable
    await house.desk.accept(message("卡住", user="anna"))
    await house.desk.accept(message("后面的", user="anna"))
    await house.desk.accept(message("别人的", user="berta"))
    assert await house.desk.recover() == 1
    assert await house.said("anna") == []
    assert await house.said("berta") == ["re: 别人的"]


async def test_what_was_sealed_with_another_key_is_answered_with_an_apology(house: FakeHouse) -> None:
    await house.desk.accept(message("你好"))
    assert await house.new_desk(secret="another secret, as long").recover() == 1
    assert await house.transcript() == [
        (Author.RESIDENT, "‹unreadable›"),
        (Author.BOT, "utter_internal_error"),
    ]


async def test_recovery_leaves_alone_what_came_just_now(house: FakeHouse) -> None:
    await house.desk.accept(message("刚到"))
    assert await house.desk.recover(timedelta(seconds=30)) == 0
    house.clock.move(seconds=31)
    assert await house.desk.recover(timedelta(seconds=30)) == 1


async def test_a_running_desk_answers_what_was_left_over(house: FakeHouse) -> None:
    accepted = await house.desk.accept(message("你好"))
    running = asyncio.create_task(house.desk.run(every=0.01))
    try:
        await asyncio.wait_for(house.announcer.wait(accepted.conversation_id, 5), 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await house.said() == ["re: 你好"]
