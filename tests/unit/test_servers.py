"""The sockets that answers go out on."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot import servers
from bot.servers import IsFair, OneByOne, RunningServer, Shares, listen


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


@asynccontextmanager
async def serving(name: str, listening: socket.socket, is_fair: IsFair) -> AsyncIterator[str]:
    """A process that answers with its name."""

    async def answer(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(name)

    server = RunningServer(Starlette(routes=[Route("/", answer)]), listening, is_fair=is_fair)
    await server.started()
    try:
        yield server.url
    finally:
        await server.stop()


async def heard(stack: AsyncExitStack, url: str) -> str:
    """Who answers to a new caller, who stays connected."""
    caller = await stack.enter_async_context(httpx.AsyncClient())
    return (await caller.get(url)).text


async def test_connections_are_spread_evenly_among_those_who_share_a_socket() -> None:
    listening, shares = listen("127.0.0.1", 0), Shares(2)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving("one", listening, partial(shares.is_fair, 0)))
        await stack.enter_async_context(serving("other", listening.dup(), partial(shares.is_fair, 1)))
        callers = await stack.enter_async_context(AsyncExitStack())
        answers = await asyncio.gather(*(heard(callers, url) for _ in range(16)))
    assert abs(answers.count("one") - answers.count("other")) <= 2


async def test_nobody_waits_for_one_who_has_fewer_and_takes_none() -> None:
    listening, shares = listen("127.0.0.1", 0), Shares(2)  # the other one has died, and has none for ever
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving("one", listening, partial(shares.is_fair, 0)))
        callers = await stack.enter_async_context(AsyncExitStack())
        assert [await heard(callers, url) for _ in range(4)] == ["one"] * 4


async def test_who_has_no_room_lets_callers_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "PAUSE_SECONDS", 0.05)

    class Full:
        """A socket of a process that has too many files open, at first."""

        def __init__(self, listening: socket.socket) -> None:
            self.listening, self.refused = listening, 0

        def fileno(self) -> int:
            return self.listening.fileno()

        def accept(self) -> tuple[socket.socket, object]:
            if self.refused < 2:
                self.refused += 1
                raise OSError(errno.EMFILE, "too many open files")
            return self.listening.accept()

    came = asyncio.Event()

    class Caller(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            came.set()
            transport.close()

    with closing(listen("127.0.0.1", 0)) as listening:
        full = Full(listening)
        door = OneByOne(full, partial(Shares(1).is_fair, 0), (), Caller)  # type: ignore[arg-type]
        _, writer = await asyncio.open_connection(*listening.getsockname())
        await asyncio.wait_for(came.wait(), 5)
        writer.close()
        door.close()
        await door.wait_closed()
    assert full.refused == 2
