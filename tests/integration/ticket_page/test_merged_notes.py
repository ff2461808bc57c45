"""What agents noted on a double goes with it into the ticket that stays."""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from tests.doubles.agent_browser import Agent
from tests.doubles.web_house import WebHouse

SERIALS = ("4200000925202101284997714292", "2017071221001004660224927787", "4200002611202611170000000210")


async def do(house: WebHouse, action: Callable[..., Awaitable[Any]], *arguments: str) -> None:
    async with house.work() as work:
        await action(work, *arguments)
        await work.commit()


async def test_notes_of_a_double_are_read_and_found_under_the_ticket_that_stays(
    house: WebHouse, agent: Agent
) -> None:
    first, second, kept = [await house.open_ticket(serial_number=one) for one in SERIALS]
    await do(house, house.casework.note, first.number, "wangmin", "银行已确认流水")
    await do(house, house.casework.note, second.number, "wangmin", "等财政局回电")
    await do(house, house.casework.merge, first.number, second.number, "wangmin")
    await do(house, house.casework.merge, second.number, kept.number, "wangmin")
    page = (await agent.get(f"/console/tickets/{kept.number}")).text
    assert "银行已确认流水" in page and "等财政局回电" in page
    for words in ("银行已确认", "财政局回电"):
        assert kept.number in await found(house, words)


async def test_notes_of_another_ticket_are_not(house: WebHouse, agent: Agent) -> None:
    one, other = [await house.open_ticket(serial_number=serial) for serial in SERIALS[:2]]
    await do(house, house.casework.note, one.number, "wangmin", "银行已确认流水")
    assert "银行已确认流水" not in (await agent.get(f"/console/tickets/{other.number}")).text
    assert await found(house, "银行已确认") == [one.number]


async def found(house: WebHouse, words: str) -> list[str]:
    async with house.work() as work:
        return await work.ticket_words.find(words)
