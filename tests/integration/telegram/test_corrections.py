"""What residents change after they sent it: answered once as it reads now, and nothing is taken twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.doubles.bot_api import JPEG, BotApi
from tests.doubles.telegram_house import TelegramHouse, texts, true, until
from tests.doubles.telegram_objects import CONTENTS, message, user


async def taken(api: BotApi) -> None:
    """Returns when everything that was sent so far is accepted: somebody else behind it has their answer."""
    api.say(8, "在吗")
    await api.arrived(8, 1)


def changes(api: BotApi, message_id: int, **content: Any) -> None:
    api.push({"edited_message": message(message_id, 7, user(7), edit_date=1, **content)})


def fetched(api: BotApi) -> int:
    return len(api.called("getFile"))


async def test_an_edit_that_leaves_the_text_as_it_was_is_not_answered(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(7, "查 123")
    await api.arrived(7, 1)
    api.edit(7, 1, "查 123")
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert house.dialogue.heard == ["查 123", "完了"]


async def test_one_that_waits_is_answered_once_as_it_reads_now(house: TelegramHouse, api: BotApi) -> None:
    house.dialogue.slow["慢"] = asyncio.Event()
    api.say(7, "慢")
    api.say(7, "查 123")
    api.edit(7, 2, "查 124")
    api.edit(7, 2, "查 125")
    await taken(api)
    house.dialogue.slow["慢"].set()
    await api.arrived(7, 2)
    api.say(7, "完了")
    await api.arrived(7, 3)
    assert texts(api, 7) == ["heard 慢", "heard 查 125", "heard 完了"]


async def test_one_that_is_changed_while_it_is_answered_is_answered_as_it_reads_now(
    house: TelegramHouse, api: BotApi
) -> None:
    house.dialogue.slow["查 123"] = asyncio.Event()
    api.say(7, "查 123")
    await until(lambda: true(house.dialogue.heard == ["查 123"]))
    api.edit(7, 1, "查 124")
    await taken(api)
    house.dialogue.slow["查 123"].set()
    await api.arrived(7, 1)
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 查 124", "heard 完了"]


async def test_another_text_under_a_picture_is_read_and_the_picture_not_taken_again(
    house: TelegramHouse, api: BotApi
) -> None:
    api.send_photo(7, caption="看")
    await api.arrived(7, 2)
    changes(api, 1, photo=CONTENTS["photo"], caption="看看")
    await api.arrived(7, 3)
    assert texts(api, 7)[1:] == ["heard 看", "heard 看看"]
    assert fetched(api) == 1


@pytest.mark.parametrize("caption", ["看", None])
async def test_a_picture_whose_text_is_the_same_or_taken_away_says_nothing_new(
    house: TelegramHouse, api: BotApi, caption: str | None
) -> None:
    api.send_photo(7, caption="看")
    await api.arrived(7, 2)
    changes(api, 1, photo=CONTENTS["photo"], caption=caption)
    api.say(7, "完了")
    await api.arrived(7, 3)
    assert texts(api, 7)[2:] == ["heard 完了"]
    assert fetched(api) == 1


async def test_another_picture_in_the_place_of_the_first_is_taken(house: TelegramHouse, api: BotApi) -> None:
    api.send_photo(7)
    await api.arrived(7, 1)
    api.files["photo-2"] = JPEG
    other = [{**CONTENTS["photo"][0], "file_id": "photo-2", "file_unique_id": "p2"}]
    changes(api, 1, photo=other)
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh"] * 2
    assert fetched(api) == 2


async def test_a_picture_of_an_album_gets_its_text_later(house: TelegramHouse, api: BotApi) -> None:
    api.send_photo(7, media_group_id="12")
    api.send_photo(7, media_group_id="12")
    await api.arrived(7, 1)
    changes(api, 2, photo=CONTENTS["photo"], media_group_id="12", caption="两张都是凭证")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh", "heard 两张都是凭证"]
    assert fetched(api) == 1


async def test_a_group_that_changes_what_it_asked_is_not_answered_again(
    house: TelegramHouse, api: BotApi
) -> None:
    api.say(-5, "@fee_helper_bot 多久到账", user_id=7)
    await api.arrived(-5, 1)
    api.edit(-5, 1, "@fee_helper_bot 要多久到账")
    await taken(api)
    api.say(-5, "/status", user_id=7)
    await api.arrived(-5, 2)
    assert len(api.replies(-5)) == 2
