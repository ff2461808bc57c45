"""What goes out: in order through every failure, in parts when long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.channels.telegram.pace import AT_ONCE
from bot.clock import SystemClock
from bot.messages import Author, Button, Reply
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse, equal, texts, true, until

LONG_LINE = "一句话说到底。" * 700
"""Goes in two parts."""


async def test_a_request_to_slow_down_is_obeyed(house: TelegramHouse, api: BotApi) -> None:
    api.fail("sendMessage", 429, retry_after=1)
    api.say(7, "你好")
    api.say(7, "再来")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 你好", "heard 再来"]
    assert len(api.called("sendMessage")) == 3


async def test_order_is_kept_through_server_errors(house: TelegramHouse, api: BotApi) -> None:
    api.fail("sendMessage", 502, count=2, chat_id=7)
    for number in range(3):
        api.say(7, str(number + 100))
    await api.arrived(7, 3, timeout=15)
    assert texts(api, 7) == ["heard 100", "heard 101", "heard 102"]


async def test_a_lost_acknowledgement_loses_no_message(house: TelegramHouse, api: BotApi) -> None:
    api.drop_acknowledgements(1)
    api.say(7, "你好")
    await api.arrived(7, 2)
    await until(lambda: equal(house.states(7), ["sent"]))
    # Telegram takes no idempotency key, so this one line comes twice, and is never lost.
    assert texts(api, 7) == ["heard 你好"] * 2


async def test_long_text_is_split_at_sentence_ends(house: TelegramHouse, api: BotApi) -> None:
    sentence = "这是一句很长的说明，用来试试分段。"
    house.dialogue.lines["长"] = [Reply(sentence * 600, (Button("好", "/greet"),))]
    api.say(7, "长")
    parts = await api.arrived(7, 3)
    assert "".join(part.text for part in parts) == sentence * 600
    assert all(part.text.endswith("。") for part in parts)
    assert [part.titles for part in parts] == [[], [], ["好"]]


async def test_a_retry_goes_on_with_the_part_that_failed(house: TelegramHouse, api: BotApi) -> None:
    house.dialogue.lines["长"] = [Reply(LONG_LINE)]
    api.say(7, "先认识")
    await api.arrived(7, 1)
    api.fail("sendMessage", 502, chat_id=7)
    api.say(7, "长")
    await api.arrived(7, 3)
    assert "".join(texts(api, 7)[1:]) == LONG_LINE


async def cut_after_the_first_part(house: TelegramHouse, api: BotApi) -> None:
    """Telegram takes the first part of a long line, and nothing more."""
    house.dialogue.lines["长"] = [Reply(LONG_LINE)]
    api.fail("sendMessage", 502, count=50, chat_id=7, skip=1)
    api.say(7, "长")
    await api.seen(lambda: len(api.called("sendMessage")) >= 2)
    await until(lambda: true(len(api.replies(7)) == 1))


async def test_the_next_process_goes_on_with_the_part_that_failed(api: BotApi, engine: Any) -> None:
    first = TelegramHouse(api, engine)
    await first.open()
    await cut_after_the_first_part(first, api)
    await first.crash()
    api.heal()
    second = TelegramHouse(api, engine)
    await second.open()
    await api.arrived(7, 2)
    await second.close()
    assert "".join(texts(api, 7)) == LONG_LINE


async def test_a_long_line_that_is_sent_again_starts_with_its_first_part(
    house: TelegramHouse, api: BotApi
) -> None:
    await cut_after_the_first_part(house, api)
    async with house.work() as work:
        [delivery] = await work.outbox.heads(SystemClock().now() + timedelta(hours=1))
        work.outbox.mark_dead(delivery.id, "given up")
        await work.commit()
    api.heal()
    await until(lambda: equal(house.states(7), ["dead"]))
    async with house.work() as work:
        work.outbox.send_again(delivery.id, SystemClock().now())
        await work.commit()
    house.relay.notify()
    await api.arrived(7, 3)
    assert "".join(texts(api, 7)[1:]) == LONG_LINE


async def test_an_agents_line_says_who_writes(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    await house.tell(7, Reply("我来帮您", author=Author.AGENT, author_name="小王"))
    assert (await api.arrived(7, 2))[1].text == "utter_agent_line zh 小王 我来帮您"


@pytest.mark.parametrize("text", ["*粗* _斜_ [链](x) `码`", "<b>粗</b> &amp; <", "1. - # > ~ | {} \\ !"])
async def test_signs_of_markup_arrive_as_they_are(house: TelegramHouse, api: BotApi, text: str) -> None:
    house.dialogue.lines["问"] = [Reply(text)]
    api.say(7, "问")
    [sent] = await api.arrived(7, 1)
    assert sent.text == text
    assert "parse_mode" not in sent.parameters


async def test_a_bot_slower_than_a_line_a_second_still_sends(api: BotApi, engine: Any) -> None:
    house = TelegramHouse(api, engine, messages_per_second=0.5)
    await house.open()
    api.say(7, "你好")
    await api.arrived(7, 1)
    began = api.replies(7)[0].at
    api.say(8, "你好")
    await api.arrived(8, 1)
    assert api.replies(8)[0].at - began > 1.5
    await house.close()


async def test_one_chat_is_not_written_to_faster_than_telegram_likes(api: BotApi, engine: Any) -> None:
    house = TelegramHouse(api, engine, chat_messages_per_second=1 / 3600)
    await house.open()
    for number in range(AT_ONCE + 2):
        api.say(7, f"第{number}句")
    await api.arrived(7, AT_ONCE)
    await until(lambda: equal(house.states(7), ["sent"] * AT_ONCE + ["pending"] * 2))
    api.say(8, "你好")
    await api.arrived(8, 1)
    assert len(texts(api, 7)) == AT_ONCE
    await house.close()
