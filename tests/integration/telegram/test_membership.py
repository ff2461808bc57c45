"""Residents block the bot and come back; groups move."""

from __future__ import annotations

from bot.clock import SystemClock
from bot.messages import Contact, Reply
from bot.notifications.model import DeliveryState
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse, equal, texts, until


async def test_one_who_blocked_the_bot_stops_only_their_own_queue(house: TelegramHouse, api: BotApi) -> None:
    api.block(7)
    api.say(7, "你好")
    api.say(7, "还有")
    api.say(8, "你好")
    await api.arrived(8, 1)
    dead = [DeliveryState.DEAD.value] * 2
    await until(lambda: equal(house.states(7), dead))
    api.unblock(7)
    api.say(7, "回来了")
    await api.arrived(7, 1)
    assert texts(api, 7) == ["heard 回来了"]


async def test_a_group_that_moved_is_followed(house: TelegramHouse, api: BotApi) -> None:
    api.say(-5, "/status", user_id=7)
    await api.arrived(-5, 1)
    api.migrate(-5, -1005)
    await house.tell(-5, Reply("到账了"))
    assert (await api.arrived(-1005, 1))[0].text == "到账了"
    moved = await house.desk.conversation_of(Contact("telegram", "-1005"))
    assert moved
    assert await house.desk.conversation_of(Contact("telegram", "-5")) is None
    await house.tell(-1005, Reply("再说一句"))
    assert (await api.arrived(-1005, 2))[1].text == "再说一句"


async def test_a_group_that_says_that_it_moved_is_followed(house: TelegramHouse, api: BotApi) -> None:
    api.say(-5, "/status", user_id=7)
    await api.arrived(-5, 1)
    api.migrate(-5, -1005, tell=True)
    await until(lambda: _found(house, -1005))
    await house.tell(-1005, Reply("到账了"))
    assert (await api.arrived(-1005, 1))[0].text == "到账了"
    assert not await _found(house, -5)


async def test_what_waits_for_one_who_blocked_us_is_given_up_until_they_are_back(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.fail("sendMessage", 502, count=50, chat_id=7)
    await house.tell(7, Reply("到账了"))
    api.block(7, tell=True)
    await until(lambda: equal(house.states(7), ["sent", "dead"]))
    gone = await house.desk.conversation_of(Contact("telegram", "7"))
    assert gone
    assert not gone.reachable
    api.heal()
    api.unblock(7, tell=True)
    await until(lambda: _reachable(house, 7))
    await house.tell(7, Reply("欢迎回来"))
    assert (await api.arrived(7, 2))[1].text == "欢迎回来"


async def test_the_first_refusal_ends_the_queue_of_one_who_blocked_us_unseen(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.block(7)
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "7"))
        assert conversation
        for number in range(4):
            work.lines.add(conversation, Reply(f"第{number}条"), SystemClock().now())
        await work.commit()
    house.relay.notify()
    await until(lambda: equal(house.states(7), ["sent"] + ["dead"] * 4))
    assert await _unreachable(house, 7)
    assert len(api.called("sendMessage")) == 2


async def test_a_chat_that_is_gone_ends_its_queue_too(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.forget(7)
    await house.tell(7, Reply("到账了"))
    await until(lambda: equal(house.states(7), ["sent", "dead"]))
    assert await _unreachable(house, 7)


async def test_a_line_that_telegram_never_takes_leaves_the_contact_reachable(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.fail("sendMessage", 400)
    await house.tell(7, Reply("不合要求"))
    await house.tell(7, Reply("到账了"))
    await until(lambda: equal(house.states(7), ["sent", "dead", "sent"]))
    assert await _reachable(house, 7)


async def test_one_who_writes_can_be_reached_whatever_was_told(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.block(7, tell=True)
    await until(lambda: _unreachable(house, 7))
    api.unblock(7)
    api.say(7, "回来了")
    await api.arrived(7, 2)
    assert await _reachable(house, 7)


async def test_leaving_a_group_concerns_no_resident(house: TelegramHouse, api: BotApi) -> None:
    api.block(-5, tell=True)
    api.say(7, "你好")
    await api.arrived(7, 1)
    assert await _reachable(house, 7)


async def _found(house: TelegramHouse, chat_id: int) -> bool:
    return await house.desk.conversation_of(Contact("telegram", str(chat_id))) is not None


async def _reachable(house: TelegramHouse, chat_id: int) -> bool:
    conversation = await house.desk.conversation_of(Contact("telegram", str(chat_id)))
    return conversation is not None and conversation.reachable


async def _unreachable(house: TelegramHouse, chat_id: int) -> bool:
    return not await _reachable(house, chat_id)
