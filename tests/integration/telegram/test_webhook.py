"""Updates that Telegram posts to us."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.channels.telegram.webhook import HEADER, PATH, webhook_secret
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import SECRET, TelegramHouse, texts
from tests.doubles.telegram_objects import message, user


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="critical"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def webhook_house(api: BotApi, engine: Any) -> AsyncIterator[tuple[TelegramHouse, str]]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    house = TelegramHouse(api, engine, webhook_url=address)
    async with serving(Starlette(routes=house.channel.routes()), listener):
        await house.open()
        await api.seen(lambda: bool(api.webhook))
        yield house, address + PATH
        await house.close()


async def test_the_webhook_answers_and_acknowledges_after_the_commit(api: BotApi, engine: Any) -> None:
    async with webhook_house(api, engine) as (house, address):
        assert api.webhook["url"] == address
        house.accepting.failures = 1
        api.say(7, "你好")
        await api.arrived(7, 1)
        await api.seen(lambda: api.webhook_answers == [503, 200])
        assert texts(api, 7) == ["heard 你好"]


async def test_the_webhook_answers_a_repeated_update_once(api: BotApi, engine: Any) -> None:
    async with webhook_house(api, engine) as (_, address), httpx.AsyncClient() as http:
        api.say(7, "先来")
        await api.arrived(7, 1)
        update: dict[str, Any] = {"update_id": 5, "message": message(2, 7, user(7), text="你好")}
        headers = {HEADER: webhook_secret(SECRET, api.token)}
        answers = await asyncio.gather(*(http.post(address, json=update, headers=headers) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        api.say(7, "完了")
        await api.arrived(7, 3)
        assert texts(api, 7) == ["heard 先来", "heard 你好", "heard 完了"]


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        (None, "{}", 403),
        ("wrong", "{}", 403),
        ("错", "{}", 403),
        ("right", "{not json", 400),
        ("right", "[]", 400),
        ("right", '{"update_id": "x"}', 400),
        ("right", '{"update_id": true}', 400),
        ("right", '{"update_id": 1, "message": {"text": 7}}', 200),
        ("right", '{"update_id": 1, "message": []}', 200),
        ("right", '{"update_id": 1, "x": "' + "x" * 1024 * 1024 + '"}', 413),
        ("right", '{"update_id": 1}', 200),
    ],
)
async def test_the_webhook_refuses_strangers_and_nonsense(
    api: BotApi, engine: Any, secret: str | None, body: str, status: int
) -> None:
    async with webhook_house(api, engine) as (_, address), httpx.AsyncClient() as http:
        shown = webhook_secret(SECRET, api.token) if secret == "right" else secret
        headers = {HEADER.encode(): shown.encode()} if shown else {}
        answer = await http.post(address, content=body, headers=headers)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


async def test_an_update_that_cannot_be_read_holds_up_nothing_behind_it(api: BotApi, engine: Any) -> None:
    async with webhook_house(api, engine):
        api.push({"message": {"text": 7}})
        api.say(7, "你好")
        await api.arrived(7, 1)
        assert api.webhook_answers == [200, 200]
