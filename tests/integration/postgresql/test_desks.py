"""Two processes that share one PostgreSQL: a message is answered once, a conversation by one at a time."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.util import await_only

from bot.desk import Desk
from bot.messages import Author
from bot.storage.turnstile import SharedTurnstile
from tests.fakes.dialogue import FakeDialogue
from tests.fakes.house import FakeHouse, message
from tests.unit.storage.test_unit_of_work import say

pytestmark = pytest.mark.postgresql


def share_dialogue(one: FakeHouse, other: FakeHouse) -> FakeDialogue:
    """Lets both processes speak through one dialogue, so that overlaps are seen."""
    other.dialogue = one.dialogue
    other.desk = other.new_desk()
    return one.dialogue


async def test_two_processes_never_answer_one_conversation_at_once(
    house: FakeHouse, second: FakeHouse
) -> None:
    dialogue = share_dialogue(house, second)
    desks = [house.desk, second.desk]
    accepted = [await desks[n % 2].accept(message(f"{n}号")) for n in range(12)]
    await asyncio.gather(*(desks[n % 2].answer(one) for n, one in enumerate(accepted)))
    assert not dialogue.overlapped
    assert dialogue.heard == [f"{n}号" for n in range(12)]
    assert await house.said() == [f"re: {n}号" for n in range(12)]


async def test_one_message_in_two_processes_is_answered_once(house: FakeHouse, second: FakeHouse) -> None:
    dialogue = share_dialogue(house, second)
    one = message("你好", message_id="42")
    answers = await asyncio.gather(
        *(desk.handle(one) for desk in (house.desk, second.desk) for _ in range(3))
    )
    assert all(answer == answers[0] for answer in answers)
    assert dialogue.heard == ["你好"]
    assert await house.transcript() == [(Author.RESIDENT, "你好"), (Author.BOT, "re: 你好")]


async def test_a_process_that_starts_leaves_alone_what_another_is_answering(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    recovering = asyncio.create_task(second.desk.recover())
    done, _ = await asyncio.wait([recovering], timeout=0.3)
    assert not done
    gate.set()
    await asyncio.gather(slow, recovering)
    assert second.dialogue.heard == []
    assert await house.said() == ["re: 慢"]


async def test_other_conversations_are_answered_while_one_is_held_elsewhere(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢", user="anna")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    waiting = asyncio.create_task(second.desk.handle(message("等", user="anna")))
    lines = await asyncio.wait_for(second.desk.handle(message("快", user="berta")), 5)
    assert [line.text for line in lines] == ["re: 快"]
    assert not waiting.done()
    gate.set()
    await asyncio.gather(slow, waiting)
    assert await house.said("anna") == ["re: 慢", "re: 等"]


async def slow_writer(house: FakeHouse, conversation: object) -> "tuple[asyncio.Task[None], asyncio.Event]":
    """A transaction that has written a line and does not end before the event is set."""
    written, go_on = asyncio.Event(), asyncio.Event()

    def linger(_connection: object) -> None:
        written.set()
        await_only(go_on.wait())

    work = house.work()
    say(work, house, conversation, "先")
    work.stage(linger)
    task = asyncio.create_task(work.commit())
    await asyncio.wait_for(written.wait(), 5)
    return task, go_on


async def test_a_line_is_not_numbered_before_the_line_in_front_of_it_is_stored(house: FakeHouse) -> None:
    conversation = await house.conversation()
    first, go_on = await slow_writer(house, conversation)
    work = house.work()
    say(work, house, conversation, "后")
    second = asyncio.create_task(work.commit())
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done
    go_on.set()
    await asyncio.gather(first, second)
    assert await house.said() == ["先", "后"]


async def test_a_slow_transaction_holds_up_its_own_conversation_only(house: FakeHouse) -> None:
    slow, go_on = await slow_writer(house, await house.conversation("anna"))
    await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert not slow.done()
    go_on.set()
    await slow


async def test_a_process_that_hangs_is_not_waited_for_for_ever_and_answers_nothing_twice(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    impatient = desk_with(second, SharedTurnstile(second.engine, patience=0.1))
    assert await impatient.recover() == 1
    assert await house.said() == ["re: 慢"]
    gate.set()
    assert [line.text for line in await slow] == ["re: 慢"]
    assert await house.said() == ["re: 慢"]


def desk_with(process: FakeHouse, turnstile: SharedTurnstile) -> Desk:
    process.turnstile = turnstile
    return process.new_desk()


async def test_a_process_that_died_leaves_no_lock_behind(house: FakeHouse, second: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.turnstile.one_at_a_time(conversation.id):
        await house.turnstile.aclose()  # as its connection ends with it
        async with second.turnstile.one_at_a_time(conversation.id):
            assert await locks(second) == 1
    assert await locks(second) == 0


async def test_a_conversation_is_let_go_after_its_answer(house: FakeHouse) -> None:
    house.dialogue.acts["坏"] = _break
    for text in ("好", "坏"):
        await house.desk.handle(message(text))
    assert await locks(house) == 0


async def _break(_turn: object) -> None:
    raise RuntimeError


async def locks(process: FakeHouse) -> int:
    """How many conversations are held, by whomever."""
    async with process.engine.connect() as connection:
        statement = sa.text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int((await connection.execute(statement)).scalar_one())


async def test_a_cancelled_answer_lets_its_conversation_go(house: FakeHouse, second: FakeHouse) -> None:
    house.dialogue.hold("慢")
    task = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(second.desk.recover(), 5) == 1
    assert await house.said() == ["re: 慢"]
