"""While a person serves, the bot is silent."""

from __future__ import annotations

from bot.messages import Author
from bot.tickets.model import TicketStatus
from tests.fakes.agents import agent_replies, open_ticket, opens_ticket
from tests.fakes.house import FakeHouse, message


async def test_the_bot_is_silent_while_an_agent_serves(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    assert await house.desk.handle(message("我等了三天")) == []
    assert house.dialogue.heard == []
    assert (Author.RESIDENT, "我等了三天") in await house.transcript()


async def test_a_residents_word_makes_the_ticket_wait_for_the_agent_again(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    async with house.work() as work:
        assert (await house.tickets.of(work, await house.conversation()))[0].status is TicketStatus.WAITING
    await house.desk.handle(message("谢谢"))
    async with house.work() as work:
        assert (await house.tickets.of(work, await house.conversation()))[0].status is TicketStatus.OPEN


async def test_even_a_failure_is_silent_while_an_agent_serves(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    await house.desk.accept(message("你好"))
    await house.new_desk(secret="another secret, as long").recover()
    assert await house.said() == ["utter_agent_joined name=李师傅", "您好"]


async def test_the_bot_goes_on_serving_while_the_resident_waits_for_an_agent(house: FakeHouse) -> None:
    house.dialogue.acts["人工"] = opens_ticket()
    await house.desk.handle(message("人工"))
    assert [line.text for line in await house.desk.handle(message("还要多久"))] == ["re: 还要多久"]
