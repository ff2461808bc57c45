"""Every kind of update, and what it says to the help desk."""

from __future__ import annotations

import pytest

from bot.messages import Button, Contact
from tests.doubles.bot_api import USERNAME, BotApi
from tests.doubles.telegram_house import TelegramHouse, texts
from tests.doubles.telegram_objects import message, user


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("photo", "utter_photo_received"),
        ("document", "utter_document_received"),
        ("sticker", "utter_sticker_received"),
        ("voice", "utter_voice_received"),
        ("audio", "utter_voice_received"),
        ("video_note", "utter_voice_received"),
        ("location", "utter_location_received"),
        ("contact", "utter_kind_not_supported"),
        ("dice", "utter_kind_not_supported"),
    ],
)
async def test_everything_else_gets_one_polite_line(
    house: TelegramHouse, api: BotApi, kind: str, words: str
) -> None:
    api.send(7, kind)
    assert (await api.arrived(7, 1))[0].text == f"{words} zh"


async def test_an_album_is_answered_once(house: TelegramHouse, api: BotApi) -> None:
    for _ in range(3):
        api.send_photo(7, media_group_id="77")
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh", "heard 完了"]


async def test_an_edited_message_is_read_again(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "查 123")
    await api.arrived(7, 1)
    api.edit(7, 1, "查 124")
    await api.arrived(7, 2)
    assert house.dialogue.heard == ["查 123", "查 124"]


async def test_a_group_hears_nothing_unless_it_asks(house: TelegramHouse, api: BotApi) -> None:
    api.say(-5, "今天天气不错", user_id=7)
    api.say(-5, "/status@other_bot", user_id=7)
    api.say(-5, f"@{USERNAME} 多久到账", user_id=7)
    asked = (await api.arrived(-5, 1))[0]
    api.say(-5, "谢谢", user_id=8, reply_to=asked.message_id)
    api.say(-5, f"/status@{USERNAME}", user_id=8)
    await api.arrived(-5, 3)
    assert house.dialogue.heard == []
    assert {one.text for one in api.replies(-5)} == {"utter_group_private zh"}


async def test_bots_are_not_answered(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "我是机器人", is_bot=True)
    api.say(7, "我不是")
    await api.arrived(7, 1)
    assert texts(api, 7) == ["heard 我不是"]


async def test_a_deep_link_brings_a_serial_number(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "/start 4200002611202611200000000101")
    await api.arrived(7, 1)
    assert house.dialogue.heard == ['/provide_serial{"serial_number": "4200002611202611200000000101"}']


async def test_the_telephones_language_is_spoken(house: TelegramHouse, api: BotApi) -> None:
    api.send(7, "sticker", language="en-GB")
    assert (await api.arrived(7, 1))[0].text == "utter_sticker_received en"


async def test_the_line_for_groups_leads_to_the_private_chat(house: TelegramHouse, api: BotApi) -> None:
    house.phrases.buttons["utter_group_private"] = (Button("和我单独说", "/private_chat"),)
    api.say(-5, f"@{USERNAME} 查 4200002611202611200000000101", user_id=7)
    line = (await api.arrived(-5, 1))[0]
    assert line.keyboard == [[{"text": "和我单独说", "url": f"https://t.me/{USERNAME}"}]]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "-5"))
        assert conversation
        kept = [line.text for line in await work.lines.after(conversation.id)]
    assert kept == ["‹group›", "utter_group_private zh"]


def asks_in_topic(api: BotApi, topic: int) -> None:
    asked = message(5, -5, user(7), text=f"@{USERNAME} 多久到账")
    api.push({"message": {**asked, "message_thread_id": topic, "is_topic_message": True}})


async def test_a_question_in_a_topic_is_answered_in_that_topic(house: TelegramHouse, api: BotApi) -> None:
    api.say(-5, f"@{USERNAME} 多久到账", user_id=7)
    await api.arrived(-5, 1)
    asks_in_topic(api, 42)
    general, in_topic = await api.arrived(-5, 2)
    assert "message_thread_id" not in general.parameters
    assert int(in_topic.parameters["message_thread_id"]) == 42


async def test_an_answer_to_a_topic_that_is_gone_goes_to_the_group(house: TelegramHouse, api: BotApi) -> None:
    api.say(-5, f"@{USERNAME} 多久到账", user_id=7)
    await api.arrived(-5, 1)
    api.close_topic(-5, 42)
    asks_in_topic(api, 42)
    _, sent = await api.arrived(-5, 2)
    assert "message_thread_id" not in sent.parameters
