"""Cases for the tests of tickets: opened, read back, changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.tickets.model import HandoffReason, Ticket
from bot.tickets.service import Opened
from tests.fakes.house import FakeHouse

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"
LI, WANG = ("li", "李师傅"), ("wang", "王师傅")


async def opened(
    house: FakeHouse,
    serial: str | None = None,
    reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST,
    user: str = "anna",
    **checked: str,
) -> Opened:
    conversation = await house.conversation(user)
    async with house.work() as work:
        result = await house.tickets.open(work, conversation, reason, serial, checked)
        await work.commit()
    return result


async def stored(house: FakeHouse, number: str) -> Ticket:
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    return ticket


async def do(house: FakeHouse, action: Callable[..., Awaitable[Ticket]], *arguments: Any) -> Ticket:
    async with house.work() as work:
        result = await action(work, *arguments)
        await work.commit()
    return result


async def actions(house: FakeHouse, number: str) -> list[tuple[str, str]]:
    async with house.work() as work:
        return [(note.actor, note.action) for note in await work.tickets.log(number)]
