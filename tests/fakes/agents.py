"""An agent's doings, as far as the desk meets them."""

from __future__ import annotations

from bot.messages import ConversationStatus
from bot.tickets.model import HandoffReason
from bot.turn import Turn
from tests.fakes.dialogue import Act
from tests.fakes.house import FakeHouse

AGENT = ("li", "李师傅")


def opens_ticket(serial: str | None = None) -> Act:
    """An act of the dialogue that opens a ticket."""

    async def act(turn: Turn) -> None:
        await turn.services.tickets.open(turn.work, turn.conversation, HandoffReason.CUSTOMER_REQUEST, serial)
        turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)

    return act


async def open_ticket(
    house: FakeHouse, user: str = "anna", channel: str = "telegram", serial: str | None = None
) -> str:
    """A ticket of the resident; returns its number."""
    conversation = await house.conversation(user, channel)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST, serial)
        await work.commit()
    return opened.ticket.number


async def agent_replies(house: FakeHouse, number: str, text: str = "您好") -> None:
    async with house.work() as work:
        await house.casework.reply(work, number, *AGENT, text)
        await work.commit()
