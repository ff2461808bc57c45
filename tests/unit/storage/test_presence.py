"""Signs of life of agents. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.console.presence import HERE_FOR, TYPING_FOR, Present
from bot.storage import tables
from bot.tickets.model import HandoffReason
from tests.fakes.house import FakeHouse


async def ticket(house: FakeHouse, user: str = "anna", serial: str | None = None) -> tuple[str, int]:
    conversation = await house.conversation(user)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST, serial)
        await work.commit()
    return opened.ticket.number, conversation.id


async def sign(house: FakeHouse, number: str, agent: str, typing: bool | None = None) -> None:
    now = house.clock.now()
    async with house.work() as work:
        if typing is None:
            work.presence.seen(number, agent, now)
        else:
            work.presence.typing(number, agent, now, now if typing else None)
        await work.commit()


async def there(house: FakeHouse, conversation_id: int) -> list[Present]:
    async with house.work() as work:
        return await work.presence.with_resident(conversation_id, house.clock.now())


async def test_an_agent_is_there_for_as_long_as_signs_come(house: FakeHouse) -> None:
    number, conversation = await ticket(house)
    await sign(house, number, "li")
    assert await there(house, conversation) == [Present("li", number, False)]
    house.clock.at += HERE_FOR - timedelta(seconds=1)
    await sign(house, number, "li")
    house.clock.at += HERE_FOR - timedelta(seconds=1)
    assert await there(house, conversation) == [Present("li", number, False)]
    house.clock.at += timedelta(seconds=1)
    assert await there(house, conversation) == []


async def test_writing_ends_by_itself_or_when_told_and_looking_goes_on(house: FakeHouse) -> None:
    number, conversation = await ticket(house)
    await sign(house, number, "li", typing=True)
    await sign(house, number, "li")
    assert await there(house, conversation) == [Present("li", number, True)]
    await sign(house, number, "li", typing=False)
    assert await there(house, conversation) == [Present("li", number, False)]
    await sign(house, number, "li", typing=True)
    house.clock.at += TYPING_FOR
    assert await there(house, conversation) == [Present("li", number, False)]


async def test_agents_on_two_tickets_of_one_resident_see_each_other(house: FakeHouse) -> None:
    one, conversation = await ticket(house, serial="4200000925202101284997714292")
    other, _ = await ticket(house, serial="2017071221001004660224927787")
    foreign, _ = await ticket(house, "berta")
    await asyncio.gather(sign(house, one, "li"), sign(house, other, "wang"), sign(house, foreign, "chen"))
    assert [(p.agent, p.ticket_number) for p in await there(house, conversation)] == [
        ("li", one),
        ("wang", other),
    ]
    async with house.work() as work:
        work.presence.gone(one, "li")
        await work.commit()
    assert [p.agent for p in await there(house, conversation)] == ["wang"]


async def test_what_a_killed_process_left_is_swept_away(house: FakeHouse) -> None:
    number, _ = await ticket(house)
    await sign(house, number, "li")
    house.clock.at += timedelta(hours=2)
    await sign(house, number, "wang")
    assert await house.count(tables.presence) == 1


async def test_a_resident_is_written_to_while_somebody_types(house: FakeHouse) -> None:
    number, _ = await ticket(house)
    anna, berta = (await house.conversation("anna")).contact, (await house.conversation("berta")).contact
    await sign(house, number, "li")
    assert not await house.desk.is_written_to(anna)
    await sign(house, number, "li", typing=True)
    assert await house.desk.is_written_to(anna)
    assert not await house.desk.is_written_to(berta)
    house.clock.at += TYPING_FOR
    assert not await house.desk.is_written_to(anna)
