"""Telegram over real HTTP: the channel, the desk on a database, the relay, and a Bot API on the loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import migrate, open_database
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as api:
        yield api


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Any]:
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/desk.sqlite")
    await migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
async def house(api: BotApi, engine: Any) -> AsyncIterator[TelegramHouse]:
    house = TelegramHouse(api, engine)
    await house.open()
    yield house
    await house.close()
