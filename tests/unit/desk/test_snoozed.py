"""A ticket that was put aside comes back as soon as its resident writes, whoever serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.messages import ConversationStatus, MessageKind
from bot.tickets.model import HandoffReason, Ticket
from tests.fakes.agents import agent_replies, open_ticket, opens_ticket
from tests.fakes.house import FakeHouse, message


async def snoozed(house: FakeHouse, number: str) -> None:
    async with house.work() as work:
        await house.casework.snooze(work, number, "li", house.clock.now() + timedelta(days=2))
        await work.commit()


async def stored(house: FakeHouse, number: str) -> Ticket:
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    return ticket


async def waits_for_agent(house: FakeHouse) -> str:
    house.dialogue.acts["人工"] = opens_ticket()
    await house.desk.handle(message("人工"))
    async with house.work() as work:
        return (await house.tickets.of(work, await house.conversation()))[0].number


async def with_bot(house: FakeHouse) -> str:
    return await open_ticket(house)


async def with_agent(house: FakeHouse) -> str:
    number = await open_ticket(house)
    await agent_replies(house, number)
    return number


@pytest.mark.parametrize(
    ("case", "status"),
    [
        (with_bot, ConversationStatus.WITH_BOT),
        (waits_for_agent, ConversationStatus.WAITING_FOR_AGENT),
        (with_agent, ConversationStatus.WITH_AGENT),
    ],
)
async def test_a_message_wakes_the_ticket(
    house: FakeHouse, case: Callable[[FakeHouse], Awaitable[str]], status: ConversationStatus
) -> None:
    number = await case(house)
    await snoozed(house, number)
    assert (await house.conversation()).status is status
    await house.desk.handle(message("我补充一下，是昨天付的"))
    assert (await stored(house, number)).snoozed_until is None
    async with house.work() as work:
        last = (await work.tickets.log(number))[-1]
    assert (last.actor, last.action) == ("resident", "woken")


async def test_a_page_that_greets_by_itself_is_no_message(house: FakeHouse) -> None:
    number = await open_ticket(house, channel="web")
    await agent_replies(house, number)
    await snoozed(house, number)
    await house.desk.handle(message("/greet", kind=MessageKind.BUTTON, channel="web"))
    assert (await stored(house, number)).snoozed_until is not None


@pytest.mark.parametrize("reason", [HandoffReason.CUSTOMER_REQUEST, HandoffReason.OVERDUE])
async def test_coming_to_the_ticket_by_another_way_wakes_it(house: FakeHouse, reason: HandoffReason) -> None:
    number = await with_agent(house)
    await snoozed(house, number)
    async with house.work() as work:
        await house.tickets.open(work, await house.conversation(), reason)
        await work.commit()
    assert (await stored(house, number)).snoozed_until is None
