"""Photos and documents, fetched and kept, or not."""

from __future__ import annotations

import pytest

from tests.doubles.bot_api import JPEG, BotApi
from tests.doubles.telegram_house import TelegramHouse, texts, until


async def test_a_photo_is_fetched_and_kept(house: TelegramHouse, api: BotApi) -> None:
    api.send_photo(7)
    await api.arrived(7, 1)
    assert await house.attachments.open(1) == JPEG


async def test_the_parts_of_an_album_are_all_kept(house: TelegramHouse, api: BotApi) -> None:
    for number in range(3):
        api.send_file(7, "photo", JPEG + bytes([number]), media_group_id="77")
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh", "heard 完了"]
    await until(lambda: _opens(house, 3))
    kept = [await house.attachments.open(number) for number in (1, 2, 3)]
    assert kept == [JPEG + bytes([number]) for number in range(3)]


@pytest.mark.parametrize(
    ("content", "size", "words"),
    [
        (b"#!/bin/sh", None, "utter_file_wrong_type zh 1"),
        (b"%PDF" + b"-" * 1024 * 1024, None, "utter_file_too_large zh 1"),
        (b"%PDF-", 30 * 1024 * 1024, "utter_file_too_large zh 1"),
    ],
    ids=["wrong type", "too large", "says that it is too large"],
)
async def test_a_document_that_cannot_be_kept_says_why(
    house: TelegramHouse, api: BotApi, content: bytes, size: int | None, words: str
) -> None:
    api.send_file(7, "document", content, size=size)
    assert (await api.arrived(7, 1))[0].text == words


async def test_a_file_that_telegram_no_longer_has_is_said(house: TelegramHouse, api: BotApi) -> None:
    api.files.clear()
    api.send_photo(7)
    assert (await api.arrived(7, 1))[0].text == "utter_file_unavailable zh 1"


async def test_a_file_is_asked_for_again_when_the_way_was_broken(house: TelegramHouse, api: BotApi) -> None:
    api.fail("getFile", 502)
    api.fail("download", 502)
    api.send_photo(7)
    assert (await api.arrived(7, 1))[0].text == "utter_photo_received zh"
    assert len(api.called("download")) == 2


async def test_a_slow_file_holds_up_nobody_else(house: TelegramHouse, api: BotApi) -> None:
    api.fail("getFile", 502, count=2)
    api.send_photo(7)
    api.say(8, "快")
    await api.arrived(8, 1)
    await api.arrived(7, 1)


async def _opens(house: TelegramHouse, attachment_id: int) -> bool:
    return await house.attachments.open(attachment_id) is not None
