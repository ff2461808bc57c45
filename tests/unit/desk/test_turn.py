"""A turn: all or nothing, and decided again when something changed under its feet."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from bot.errors import Unavailable
from bot.messages import ConversationStatus
from bot.storage import tables
from bot.tickets import service as tickets_service
from bot.tickets.model import HandoffReason, TicketStatus
from bot.turn import Turn
from tests.fakes.agents import agent_replies, open_ticket, opens_ticket
from tests.fakes.house import FakeHouse, locked, message

# All or nothing


async def test_a_commit_that_fails_leaves_nothing_and_the_message_is_answered_later(house: FakeHouse) -> None:
    house.dialogue.acts["人工"] = opens_ticket()
    accepted = await house.desk.accept(message("人工"))
    house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted)
    assert await house.transcript() == []
    assert await house.count(tables.tickets) == 0
    assert await house.count(tables.outbox) == 0
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 人工"]
    assert await house.count(tables.tickets) == 1
    assert (await house.conversation()).status is ConversationStatus.WAITING_FOR_AGENT


async def test_an_accept_that_fails_stores_nothing(house: FakeHouse) -> None:
    await house.conversation()
    house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.accept(message("你好"))
    assert await house.count(tables.incoming) == 0


async def test_a_newer_message_is_not_answered_before_one_that_cannot_be_answered_now(
    house: FakeHouse,
) -> None:
    await house.desk.accept(message("第一条"))
    second = await house.desk.accept(message("第二条"))
    house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(second)
    assert await house.said() == []
    await house.desk.answer(second)
    assert await house.said() == ["re: 第一条", "re: 第二条"]


@pytest.mark.parametrize("raises", [True, False])
async def test_a_read_that_fails_inside_the_dialogue_is_never_taken_for_an_answer(
    house: FakeHouse, raises: bool
) -> None:
    async def cannot_read(turn: Turn) -> None:
        turn.work.blind = Unavailable("the database")  # as a failed read leaves it
        if raises:
            raise RuntimeError("made of it by somebody on the way")

    house.dialogue.acts["查"] = cannot_read
    accepted = await house.desk.accept(message("查"))
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted)
    del house.dialogue.acts["查"]
    assert [line.text for line in await house.desk.answer(accepted)] == ["re: 查"]


async def test_a_turn_that_was_cancelled_is_taken_again(house: FakeHouse) -> None:
    house.dialogue.hold("慢")
    task = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await house.transcript() == []
    house.dialogue.closed.clear()
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 慢"]


# What changed meanwhile


async def test_a_turn_is_decided_again_when_an_agent_steps_in(house: FakeHouse) -> None:
    number = await open_ticket(house)
    gate = house.dialogue.hold("在吗")
    asking = asyncio.create_task(house.desk.handle(message("在吗")))
    await asyncio.wait_for(house.dialogue.entered["在吗"].wait(), 5)
    await agent_replies(house, number)
    gate.set()
    assert await asking == []
    assert await house.said() == ["utter_agent_joined name=李师傅", "您好"]
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    assert ticket.status is TicketStatus.OPEN


async def test_a_ticket_that_an_agent_changed_meanwhile_is_read_again(house: FakeHouse) -> None:
    number = await open_ticket(house)

    async def joins_while_claimed(turn: Turn) -> None:
        await turn.services.tickets.open(
            turn.work, turn.conversation, HandoffReason.COMPLAINT, checked={"state": "unreconciled"}
        )
        if len(house.dialogue.heard) == 1:
            async with house.work() as work:
                await house.casework.claim(work, number, "li")
                await work.commit()

    house.dialogue.acts["投诉"] = joins_while_claimed
    lines = await house.desk.handle(message("投诉"))
    assert [line.text for line in lines] == ["re: 投诉"]
    assert house.dialogue.heard == ["投诉", "投诉"]
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    assert (ticket.assignee, dict(ticket.checked)) == ("li", {"state": "unreconciled"})


async def test_a_ticket_number_that_is_taken_is_drawn_again(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await open_ticket(house, user="berta")
    numbers = [taken, "GD261123000018"]
    monkeypatch.setattr(tickets_service, "new_ticket_number", lambda now: numbers.pop(0))
    house.dialogue.acts["人工"] = opens_ticket()
    await house.desk.handle(message("人工"))
    assert await house.said() == ["re: 人工"]
    async with house.work() as work:
        own = await work.tickets.of_conversation((await house.conversation()).id)
    assert [ticket.number for ticket in own] == ["GD261123000018"]


async def test_a_conflict_that_never_ends_ends_in_an_apology(house: FakeHouse) -> None:
    async def always_conflicts(turn: Turn) -> None:
        conversation = dataclasses.replace(turn.conversation, id=turn.conversation.id + 1000)
        turn.work.conversations.update(conversation, language="en")

    house.dialogue.acts["坏"] = always_conflicts
    lines = await house.desk.handle(message("坏"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_message_that_another_process_answered_meanwhile_is_not_answered_again(
    house: FakeHouse,
) -> None:
    accepted = await house.desk.accept(message("你好"))

    async def other_process_is_quicker(turn: Turn) -> None:
        async with house.work() as work:
            work.lines.add(turn.conversation, house.phrases.say("theirs", "zh"), turn.now, accepted.id)
            work.incoming.mark_answered(accepted.id, "你好", turn.now)
            await work.commit()

    house.dialogue.acts["你好"] = other_process_is_quicker
    lines = await house.desk.answer(accepted)
    assert [line.text for line in lines] == ["theirs"]
    assert house.dialogue.heard == ["你好"]
