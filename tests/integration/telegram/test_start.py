"""The start: commands shown, trouble waited out, a wrong token said; and what no log may hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.channels.telegram import ChannelState
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse, true, until


async def test_the_commands_are_shown_in_both_languages(house: TelegramHouse, api: BotApi) -> None:
    await api.seen(lambda: set(api.commands) == {"", "en"})
    assert [command["command"] for command in api.commands[""]][:2] == ["start", "help"]
    assert api.commands["en"][0]["description"] == "utter_command_start en"


async def test_trouble_at_the_start_is_waited_out(api: BotApi, engine: Any) -> None:
    api.fail("getMe", 502)
    api.fail("getUpdates", 409)
    api.fail("getUpdates", 429, retry_after=1)
    house = TelegramHouse(api, engine)
    await house.open()
    api.say(7, "你好")
    await api.arrived(7, 1)
    await house.close()


async def test_a_refused_token_stops_the_channel_and_is_in_no_log(
    api: BotApi, engine: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("getMe", 401)
    house = TelegramHouse(api, engine)
    await house.open()
    await until(lambda: true(house.channel.state is ChannelState.REFUSED))
    await house.close()
    assert api.token not in caplog.text + "".join(capsys.readouterr())


async def test_neither_token_nor_text_is_logged(
    house: TelegramHouse, api: BotApi, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("sendMessage", 502)
    api.say(7, "不该出现的话")
    await api.arrived(7, 1)
    # The database driver's own debugging shows every statement; that is for the logging set-up to keep out.
    ours = [record.getMessage() for record in caplog.records if record.name != "aiosqlite"]
    seen = "".join(ours) + "".join(capsys.readouterr())
    assert api.token not in seen
    assert "不该出现的话" not in seen
