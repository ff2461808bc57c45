"""What is unread is counted for each agent. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio

from bot.messages import Author, Reply
from bot.tickets.model import HandoffReason
from tests.fakes.house import FakeHouse


async def ticket_with_lines(house: FakeHouse) -> tuple[str, list[int]]:
    conversation = await house.conversation("anna")
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST)
        await work.commit()
    async with house.work() as work:
        for author in (Author.RESIDENT, Author.BOT, Author.RESIDENT):
            work.lines.add(conversation, Reply("一句", author=author), house.clock.now())
        await work.commit()
        lines = await work.lines.last(conversation.id)
    return opened.ticket.number, [line.id for line in lines][-3:]


async def unread(house: FakeHouse, agent: str, number: str) -> int:
    async with house.work() as work:
        return (await work.reads.unread(agent, [number])).get(number, 0)


async def mark(house: FakeHouse, agent: str, number: str, line: int) -> None:
    async with house.work() as work:
        work.reads.mark(agent, number, line)
        await work.commit()


async def test_only_the_residents_lines_count_and_each_agent_reads_alone(house: FakeHouse) -> None:
    number, lines = await ticket_with_lines(house)
    assert await unread(house, "min", number) == 2
    await mark(house, "min", number, lines[1])
    assert await unread(house, "min", number) == 1
    assert await unread(house, "li", number) == 2


async def test_an_older_page_does_not_make_lines_unread_again(house: FakeHouse) -> None:
    number, lines = await ticket_with_lines(house)
    await mark(house, "min", number, lines[2])
    await mark(house, "min", number, lines[0])
    assert await unread(house, "min", number) == 0
    async with house.work() as work:
        assert await work.reads.last_seen("min", number) == lines[2]
        assert await work.reads.last_seen("li", number) == 0


async def test_two_pages_of_one_agent_may_be_marked_at_once(house: FakeHouse) -> None:
    number, lines = await ticket_with_lines(house)
    await asyncio.gather(*(mark(house, "min", number, line) for line in lines))
    assert await unread(house, "min", number) == 0


async def test_the_pulse_beats_with_every_change_that_a_page_shows(house: FakeHouse) -> None:
    number, _ = await ticket_with_lines(house)
    conversation = await house.conversation("anna")
    pulses = []

    async def beat() -> None:
        async with house.work() as work:
            pulses.append(await work.reads.pulse(number))

    await beat()
    await beat()
    assert pulses[0] == pulses[1]
    async with house.work() as work:
        await house.casework.note(work, number, "li", "只是备注")
        await work.commit()
    await beat()
    async with house.work() as work:
        work.lines.add(conversation, Reply("还在吗", author=Author.RESIDENT), house.clock.now())
        await work.commit()
    await beat()
    async with house.work() as work:
        await house.casework.claim(work, number, "li")
        await work.commit()
    await beat()
    async with house.work() as work:
        assert await work.reads.pulse("GD000000000000") == ()
    assert len(set(pulses)) == 4
