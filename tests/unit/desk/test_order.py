"""Messages of a conversation one after the other; conversations side by side."""

from __future__ import annotations

import asyncio

from bot.storage import tables
from tests.fakes.house import FakeHouse, message


async def test_messages_of_one_conversation_are_answered_in_order(house: FakeHouse) -> None:
    accepted = [await house.desk.accept(message(str(n) + "号")) for n in range(8)]
    await asyncio.gather(*(house.desk.answer(one) for one in reversed(accepted)))
    assert house.dialogue.heard == [f"{n}号" for n in range(8)]
    assert not house.dialogue.overlapped
    assert await house.said() == [f"re: {n}号" for n in range(8)]


async def test_an_answer_waits_for_the_older_message(house: FakeHouse) -> None:
    gate = house.dialogue.hold("第一条")
    first = asyncio.create_task(house.desk.handle(message("第一条")))
    await asyncio.wait_for(house.dialogue.entered["第一条"].wait(), 5)
    second = asyncio.create_task(house.desk.handle(message("第二条")))
    await asyncio.sleep(0.05)
    assert house.dialogue.heard == ["第一条"]
    gate.set()
    await asyncio.gather(first, second)
    assert house.dialogue.heard == ["第一条", "第二条"]


async def test_one_resident_never_holds_up_another(house: FakeHouse) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢", user="anna")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    lines = await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert [line.text for line in lines] == ["re: 快"]
    assert not slow.done()
    gate.set()
    assert [line.text for line in await slow] == ["re: 慢"]


async def test_fifty_residents_at_once_are_all_answered(house: FakeHouse) -> None:
    desk = house.desk
    answers = await asyncio.gather(
        *(desk.handle(message(f"{n} {m}", user=f"r{n}")) for n in range(50) for m in range(2))
    )
    assert all(len(answer) == 1 for answer in answers)
    assert await house.count(tables.messages) == 200
    assert await house.count(tables.outbox) == 100


async def test_lines_appear_in_the_order_of_their_numbers_whoever_writes(house: FakeHouse) -> None:
    """A reader who has seen line 7 never finds line 6 afterwards."""
    conversation = await house.conversation()
    seen: list[int] = []

    async def read() -> None:
        while len(seen) < 40:
            async with house.work() as work:
                new = await work.lines.after(conversation.id, seen[-1] if seen else 0)
            seen.extend(line.id for line in new)
            await asyncio.sleep(0)

    async def notice(number: int) -> None:
        async with house.work() as work:
            work.lines.add(conversation, house.phrases.say(f"notice {number}", "zh"), house.clock.now())
            await work.commit()

    await asyncio.wait_for(asyncio.gather(read(), *(notice(n) for n in range(40))), 30)
    async with house.work() as work:
        stored = [line.id for line in await work.lines.after(conversation.id)]
    assert seen == stored
