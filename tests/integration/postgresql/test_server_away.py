"""The server restarts or is away: what was accepted waits, and is answered once."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from bot.bootstrap import build_house
from bot.errors import Unavailable
from bot.settings import Settings
from tests.fakes.dialogue import FakeDialogue
from tests.fakes.house import FakeHouse, message
from tests.fakes.postgresql_server import PostgresqlServer

pytestmark = pytest.mark.postgresql


async def test_the_house_is_built_on_postgresql_and_closes(database_url: str, tmp_path: object) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path, secret_key="a secret of sixteen")
    built = build_house(settings, "http://127.0.0.1:1")
    desk = built.desk(FakeDialogue())
    assert [line.text for line in await desk.handle(message("你好"))] == ["re: 你好"]
    await built.aclose()


async def test_after_the_server_was_restarted_messages_are_answered_again(
    house: FakeHouse, server: PostgresqlServer
) -> None:
    await house.desk.handle(message("之前"))
    accepted = await house.desk.accept(message("之后"))
    await asyncio.to_thread(server.restart)
    await house.desk.answer(accepted)
    assert await house.said() == ["re: 之前", "re: 之后"]


async def test_while_the_server_is_away_a_message_waits(house: FakeHouse, server: PostgresqlServer) -> None:
    accepted = await house.desk.accept(message("你好"))
    await asyncio.to_thread(server.stop_for_a_while)
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await house.desk.answer(accepted)
        with pytest.raises(Unavailable):
            await house.desk.accept(message("再来"))
    finally:
        await asyncio.to_thread(server.start_again)
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 你好"]


async def test_the_server_notices_a_machine_that_vanished_within_a_minute(house: FakeHouse) -> None:
    async with house.engine.connect() as connection:
        values = [
            int((await connection.execute(sa.text(f"SHOW tcp_keepalives_{name}"))).scalar_one())
            for name in ("idle", "interval", "count")
        ]
    idle, interval, count = values
    assert idle + interval * count <= 60
