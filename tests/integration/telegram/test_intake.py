"""What comes in is committed, then confirmed, then answered; in order, and nobody is held up."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse, equal, texts, true, until


async def test_texts_are_answered_in_order(house: TelegramHouse, api: BotApi) -> None:
    for number in range(5):
        api.say(7, f"第{number}句")
    await api.arrived(7, 5)
    assert texts(api, 7) == [f"heard 第{number}句" for number in range(5)]


async def test_one_slow_answer_holds_up_nobody_else(house: TelegramHouse, api: BotApi) -> None:
    house.dialogue.slow["慢"] = asyncio.Event()
    api.say(7, "慢")
    api.say(7, "第二句")
    api.say(8, "快")
    await api.arrived(8, 1)
    assert texts(api, 7) == []
    await api.seen(lambda: any(call["chat_id"] == "7" for call in api.called("sendChatAction")))
    house.dialogue.slow["慢"].set()
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 慢", "heard 第二句"]


async def test_an_update_is_not_confirmed_before_it_is_committed(house: TelegramHouse, api: BotApi) -> None:
    house.accepting.gate.clear()
    update = api.say(7, "你好")
    await until(lambda: true(len(api.called("getUpdates")) >= 1))
    await asyncio.sleep(0.2)
    assert update not in api.confirmed
    assert texts(api, 7) == []
    house.accepting.gate.set()
    await api.arrived(7, 1)
    await api.seen(lambda: update in api.confirmed)


async def test_an_update_whose_commit_failed_comes_again(house: TelegramHouse, api: BotApi) -> None:
    house.accepting.failures = 1
    api.say(7, "你好")
    api.say(7, "还在吗")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 你好", "heard 还在吗"]


async def test_what_a_killed_process_had_not_confirmed_is_answered_once(api: BotApi, engine: Any) -> None:
    first = TelegramHouse(api, engine)
    await first.open()
    update = api.say(7, "你好")
    await until(lambda: equal(first.states(7), ["sent"]))
    await first.crash()
    api.bring_again(update)
    second = TelegramHouse(api, engine)
    await second.open()
    api.say(7, "第二句")
    await api.arrived(7, 2)
    await second.close()
    assert texts(api, 7) == ["heard 你好", "heard 第二句"]
    assert api.pending == []


async def test_each_correction_is_answered_once_however_often_it_is_brought(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(7, "查 123")
    await api.arrived(7, 1)
    edit = api.edit(7, 1, "查 124")
    await api.arrived(7, 2)
    api.bring_again(edit)
    api.edit(7, 1, "查 125")
    await api.arrived(7, 3)
    assert house.dialogue.heard == ["查 123", "查 124", "查 125"]
