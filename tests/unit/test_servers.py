"""The sockets that answers go out on."""

from __future__ import annotations

import socket
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.servers import RunningServer, listen


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    # asyncio turns Nagle's algorithm off only for sockets that say that they are TCP.
    with closing(listen("127.0.0.1", 0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("trusted", "scheme"),
    [("127.0.0.1", "https"), ("10.1.7.0/24, 127.0.0.0/8", "https"), ("10.1.7.0/24", "http")],
)
async def test_only_a_trusted_proxy_says_how_a_browser_reached_it(trusted: str, scheme: str) -> None:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.url.scheme)

    server = RunningServer(Starlette(routes=[Route("/", answer)]), listen("127.0.0.1", 0), trusted)
    await server.started()
    async with httpx.AsyncClient() as web:
        said = await web.get(server.url, headers={"X-Forwarded-Proto": "https"})
    await server.stop()
    assert said.text == scheme
