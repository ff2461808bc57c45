"""A resident whom a person serves hears when nobody is there, is answered in time, and is free to go."""

from __future__ import annotations

import pytest

from bot.alerts import AlertKind
from bot.messages import Button, ConversationStatus, MessageKind
from bot.tickets.deadlines import is_overdue
from bot.tickets.model import Ticket, TicketStatus
from bot.tickets.served import BACK
from bot.tickets.sweeper import Sweeper
from tests.fakes.agents import agent_replies, open_ticket
from tests.fakes.house import FakeHouse, message


async def served(house: FakeHouse) -> str:
    house.phrases.buttons = {"utter_served_after_hours": (Button("返回机器人", BACK),)}
    number = await open_ticket(house)
    await agent_replies(house, number)
    return number


async def stored(house: FakeHouse, number: str) -> Ticket:
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    return ticket


async def writes(house: FakeHouse, text: str, kind: MessageKind = MessageKind.TEXT) -> list[str]:
    return [line.text.split(" ")[0] for line in await house.desk.handle(message(text, kind=kind))]


async def test_at_night_the_resident_is_told_once_when_people_are_back(house: FakeHouse) -> None:
    await served(house)
    assert await writes(house, "好的") == []
    house.clock.move(hours=8)
    assert await writes(house, "在吗") == ["utter_served_after_hours"]
    house.clock.move(hours=5)
    assert await writes(house, "还在吗") == []
    house.clock.move(hours=11)
    assert await writes(house, "早上好") == []
    house.clock.move(hours=8)
    assert await writes(house, "又下班了吗") == ["utter_served_after_hours"]


async def test_an_agent_who_stays_longer_is_not_said_to_be_off(house: FakeHouse) -> None:
    number = await served(house)
    house.clock.move(hours=8)
    await agent_replies(house, number, "我还在，您说")
    house.clock.move(minutes=5)
    assert await writes(house, "好的") == []
    house.clock.move(hours=2)
    assert await writes(house, "在吗") == ["utter_served_after_hours"]


async def test_an_unanswered_question_is_promised_an_answer_until_there_is_one(house: FakeHouse) -> None:
    number = await served(house)
    assert (await stored(house, number)).reply_by is None
    house.clock.move(minutes=10)
    await writes(house, "那我怎么办")
    promised = house.deadlines.answer_by((await stored(house, number)).priority, house.clock.at)
    house.clock.move(minutes=10)
    await writes(house, "在吗")
    assert (await stored(house, number)).reply_by == promised
    await agent_replies(house, number, "请稍等")
    assert (await stored(house, number)).reply_by is None


async def test_an_unanswered_question_becomes_overdue_and_rises(house: FakeHouse) -> None:
    number = await served(house)
    await writes(house, "那我怎么办")
    house.clock.move(hours=3)
    ticket = await stored(house, number)
    assert is_overdue(ticket, house.clock.at)
    sweeper = Sweeper(
        house.work, house.casework, house.deadlines, house.phrases, lambda _: None, lambda: None, house.clock
    )
    await sweeper.sweep()
    assert (await stored(house, number)).urgency > ticket.urgency
    async with house.work() as work:
        [alert] = await work.alerts.list()
    assert (alert.kind, alert.subject, alert.data["promise"]) == (AlertKind.TICKET_OVERDUE, number, "reply")
    await agent_replies(house, number, "对不起，久等了")
    await sweeper.sweep()
    assert (await stored(house, number)).urgency == ticket.urgency


@pytest.mark.parametrize("text", ["返回机器人", "先问机器人", "1", "不用人工了", "back to the bot"])
async def test_the_resident_may_go_back_to_the_bot(house: FakeHouse, text: str) -> None:
    number = await served(house)
    house.clock.move(hours=9)
    await writes(house, "在吗")
    assert await writes(house, text) == ["utter_back_with_bot"]
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    ticket = await stored(house, number)
    assert (ticket.serving, ticket.status, ticket.assignee) == (False, TicketStatus.OPEN, "li")
    assert await writes(house, "怎么缴费") == ["re:"]
    async with house.work() as work:
        assert ("resident", "returned") in [(n.actor, n.action) for n in await work.tickets.log(number)]


async def test_who_only_goes_back_asked_nothing_and_is_promised_no_answer(house: FakeHouse) -> None:
    number = await served(house)
    assert await writes(house, "返回机器人") == ["utter_back_with_bot"]
    ticket = await stored(house, number)
    assert (ticket.reply_by, ticket.status) == (None, TicketStatus.WAITING)


async def test_a_command_that_somebody_types_is_a_message(house: FakeHouse) -> None:
    await served(house)
    house.clock.move(hours=9)
    assert await writes(house, "/greet", MessageKind.BUTTON) == ["utter_served_after_hours"]


async def test_an_answer_is_for_the_agents_other_ticket_too_and_an_end_promises_none(
    house: FakeHouse,
) -> None:
    first = await served(house)
    other = await open_ticket(house, serial="4200002611202611200000000101")
    await agent_replies(house, other)
    await writes(house, "那我怎么办")
    assert (await stored(house, first)).reply_by == (await stored(house, other)).reply_by is not None
    await agent_replies(house, other, "两笔都在查")
    assert (await stored(house, first)).reply_by is None
    await writes(house, "谢谢")
    async with house.work() as work:
        await house.casework.resolve(work, other, "li")
        await work.commit()
    assert (await stored(house, other)).reply_by is None


async def test_who_went_back_is_joined_again_by_the_next_reply(house: FakeHouse) -> None:
    number = await served(house)
    await writes(house, "返回机器人")
    await agent_replies(house, number, "查到了")
    assert (await house.said())[-2:] == ["utter_agent_joined name=李师傅", "查到了"]


@pytest.mark.parametrize(
    "text", ["1", "机器人说要三天", "机器人查不到我才找人的", "不用人工智能吧", "the bot told me so", "是的"]
)
async def test_other_words_stay_with_the_agent(house: FakeHouse, text: str) -> None:
    await served(house)
    assert await writes(house, text) == []
    assert (await house.conversation()).status is ConversationStatus.WITH_AGENT
