"""HTTP servers inside this process: bound before anything is promised, stopped by the runner."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, Iterator

import uvicorn

GRACE_SECONDS = 3


class AddressInUse(OSError):
    """Another program listens there already."""


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The runner owns the signals: several servers stop together."""
        yield


class RunningServer:
    """A server that accepts connections; `stop` lets open ones finish for a few seconds."""

    def __init__(self, app: Any, listening: socket.socket, trusted_proxies: str = "127.0.0.1") -> None:
        self.url = address_of(listening)
        """Where to reach it."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            forwarded_allow_ips=trusted_proxies,
            lifespan="off",
            # uvicorn's default WebSocket implementation does not run beside Rasa's websockets 10.
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def started(self) -> None:
        """Returns once connections are accepted."""
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the server ended while starting")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stops accepting, lets open requests end, and returns."""
        self._server.should_exit = True
        await asyncio.gather(self._task, return_exceptions=True)


def listen(host: str, port: int, fallback: bool = False) -> socket.socket:
    """A listening socket; with `fallback` any free port when this one is taken. Raises AddressInUse."""
    try:
        return _bound(host, port)
    except OSError as error:
        if fallback:
            return _bound(host, 0)
        raise AddressInUse(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def reserve(host: str, port: int) -> socket.socket:
    """Keeps an address for several processes of this start, without listening there; see `listen_beside`.

    Raises AddressInUse when anybody listens there, be it another start of this product.
    """
    free = listen(host, port)
    address = free.getsockname()
    free.close()
    # Only now: a socket that shares its address would be let in beside another start's, too.
    reserved = _socket(host)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(address)
    return reserved


def listen_beside(reserved: socket.socket) -> socket.socket:
    """One of several sockets that listen on a reserved address; Linux spreads connections among them.

    On one socket for all, the first process that wakes takes every connection that waits: of two, one then
    did nine tenths of the work.
    """
    address = reserved.getsockname()
    listening = _socket(address[0])
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(address)
    return _listening(listening)


def address_of(listening: socket.socket) -> str:
    """Where a bound socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    bound = _socket(host)
    try:
        bound.bind((host, port))
        return _listening(bound)
    except OSError:
        bound.close()
        raise


def _socket(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on: every answer would wait 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _listening(bound: socket.socket) -> socket.socket:
    bound.listen(2048)
    bound.setblocking(False)
    return bound


async def serve(app: Any, host: str, port: int, fallback: bool = False) -> RunningServer:
    """Starts a server and returns once it accepts connections."""
    running = RunningServer(app, listen(host, port, fallback))
    await running.started()
    return running
