"""Two processes that share one database: a message is answered once, a conversation by one at a time."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages import Author
from tests.fakes.dialogue import FakeDialogue
from tests.fakes.house import FakeHouse, message


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


async def test_a_process_that_hangs_is_not_waited_for_for_ever_and_answers_nothing_twice(
    house: FakeHouse, second: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    monkeypatch.setattr(second.turnstile, "_patience", 0.1)
    assert await second.desk.recover() == 1
    assert await house.said() == ["re: 慢"]
    gate.set()
    assert [line.text for line in await slow] == ["re: 慢"]
    assert await house.said() == ["re: 慢"]


async def test_a_process_that_died_leaves_no_lock_behind(house: FakeHouse, second: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.turnstile.one_at_a_time(conversation.id):
        await house.turnstile.aclose()  # as its connection, or its open file, ends with it
        await passes(second, conversation.id)


async def test_a_conversation_is_let_go_after_its_answer(house: FakeHouse, second: FakeHouse) -> None:
    house.dialogue.acts["坏"] = _break
    for text in ("好", "坏"):
        await house.desk.handle(message(text))
        await passes(second, (await house.conversation()).id)


async def _break(_turn: object) -> None:
    raise RuntimeError


async def passes(process: FakeHouse, conversation_id: int) -> None:
    """Returns once the process has it, long before its patience is at an end."""

    async def through() -> None:
        async with process.turnstile.one_at_a_time(conversation_id):
            pass

    await asyncio.wait_for(through(), 5)


async def test_a_cancelled_answer_lets_its_conversation_go(house: FakeHouse, second: FakeHouse) -> None:
    house.dialogue.hold("慢")
    task = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(second.desk.recover(), 5) == 1
    assert await house.said() == ["re: 慢"]
