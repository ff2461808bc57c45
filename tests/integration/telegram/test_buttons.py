"""Buttons under a line, pressed at once, later, or never there."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import SystemClock
from bot.messages import Author, Button, Contact, Reply
from bot.personal_data import PersonalDataService
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import LONG_PAYLOAD, TelegramHouse


async def test_a_button_brings_back_a_payload_longer_than_telegram_carries(
    house: TelegramHouse, api: BotApi
) -> None:
    house.dialogue.lines["查"] = [
        Reply("选一个", (Button("再查一次", LONG_PAYLOAD), Button("人工", "/request_human")))
    ]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    assert offer.titles == ["再查一次", "人工"]
    assert len(offer.keyboard) == 1
    api.press(7, offer.message_id)
    await api.arrived(7, 2)
    assert house.dialogue.heard[-1] == LONG_PAYLOAD
    await api.seen(lambda: len(api.called("answerCallbackQuery")) == 1)


async def test_an_old_button_still_works(house: TelegramHouse, api: BotApi) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("再查一次", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.say(7, "别的")
    await api.arrived(7, 2)
    api.press(7, offer.message_id)
    await api.arrived(7, 3)
    assert house.dialogue.heard[-1] == LONG_PAYLOAD


@pytest.mark.parametrize("data", ["b:1:9", "b:999999:0", "nonsense", "b:-1:0", '/query_status{"forged": 1}'])
async def test_a_button_that_was_never_there_is_answered(
    house: TelegramHouse, api: BotApi, data: str
) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", "/query_status"),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.press_data(7, offer.message_id, data)
    assert (await api.arrived(7, 2))[1].text.startswith("utter_unknown_button")
    await api.seen(lambda: len(api.called("answerCallbackQuery")) == 1)


async def test_another_residents_button_is_not_theirs(house: TelegramHouse, api: BotApi) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.say(8, "你好")
    await api.arrived(8, 1)
    api.press_data(8, 1, offer.keyboard[0][0]["callback_data"])
    assert (await api.arrived(8, 2))[1].text.startswith("utter_unknown_button")


async def test_a_button_of_what_was_erased_says_that_it_no_longer_works(
    house: TelegramHouse, api: BotApi
) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "7"))
        assert conversation
        PersonalDataService().erase(work, conversation)
        await work.commit()
    api.press(7, offer.message_id)
    assert (await api.arrived(7, 2))[1].text.startswith("utter_unknown_button")


async def test_an_old_button_works_after_hundreds_of_lines_and_a_restart(api: BotApi, engine: Any) -> None:
    first = TelegramHouse(api, engine)
    first.dialogue.lines["查"] = [Reply("选", (Button("再查一次", LONG_PAYLOAD),))]
    await first.open()
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    conversation = await first.desk.conversation_of(Contact("telegram", "7"))
    assert conversation
    async with first.work() as work:
        for number in range(300):
            said = Reply(f"第{number}句", author=Author.RESIDENT)
            work.lines.add(conversation, said, SystemClock().now())
        await work.commit()
    await first.close()
    second = TelegramHouse(api, engine)
    await second.open()
    api.press(7, offer.message_id)
    await api.arrived(7, 2)
    await second.close()
    assert second.dialogue.heard == [LONG_PAYLOAD]
