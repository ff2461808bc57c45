"""The sockets that a start listens on, and that answers go out on."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.servers import AddressInUse, RunningServer, address_of, listen, listen_beside, reserve

HOST = "127.0.0.1"


@pytest.fixture
def reserved() -> Iterator[socket.socket]:
    """An address that nobody listens on yet."""
    with closing(reserve(HOST, 0)) as found:
        yield found


def port_of(one: socket.socket) -> int:
    return int(one.getsockname()[1])


def test_nobody_is_let_in_before_somebody_listens(reserved: socket.socket) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port_of(reserved)), 1)
    with closing(listen_beside(reserved)) as listening:
        assert address_of(listening) == address_of(reserved)
        socket.create_connection((HOST, port_of(reserved)), 1).close()


def test_connections_are_spread_among_those_who_listen(reserved: socket.socket) -> None:
    with closing(listen_beside(reserved)) as one, closing(listen_beside(reserved)) as other:
        clients = [socket.create_connection((HOST, port_of(reserved)), 1) for _ in range(64)]
        taken: Counter[socket.socket] = Counter()
        for listening in (one, other):
            for _ in clients:
                try:
                    listening.accept()[0].close()
                except BlockingIOError:
                    break
                taken[listening] += 1
        for client in clients:
            client.close()
    assert sum(taken.values()) == 64
    assert min(taken[one], taken[other]) > 10


@pytest.mark.parametrize("take", [listen, reserve])
def test_an_address_that_another_start_serves_is_refused(
    take: Callable[[str, int], socket.socket], reserved: socket.socket
) -> None:
    with closing(listen_beside(reserved)), pytest.raises(AddressInUse, match=f":{port_of(reserved)}"):
        take(HOST, port_of(reserved))


def test_an_address_that_one_process_serves_alone_is_refused() -> None:
    with closing(listen(HOST, 0)) as alone, pytest.raises(AddressInUse):
        reserve(HOST, port_of(alone))


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    # asyncio turns Nagle's algorithm off only for sockets that say that they are TCP.
    with closing(listen(HOST, 0)) as listening, closing(reserve(HOST, 0)) as reserved:
        assert listening.proto == socket.IPPROTO_TCP
        with closing(listen_beside(reserved)) as beside:
            assert beside.proto == socket.IPPROTO_TCP


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
