"""HTTP servers inside this process: bound before anything is promised, stopped by the runner."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import socket
from typing import Any, Callable, Iterator, Optional, Sized

import structlog
import uvicorn

GRACE_SECONDS = 3
PAUSE_SECONDS = 1.0
HESITATION_SECONDS = 0.01

log = structlog.get_logger(__name__)


class AddressInUse(OSError):
    """Another program listens there already."""


class Shares:
    """How many connections each of several processes has, in memory that those see who are forked later."""

    def __init__(self, processes: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 8 * processes)).cast("q")

    def is_fair(self, process: int, connections: int) -> bool:
        """Notes how many a process has; True when nobody has fewer."""
        self._counts[process] = connections
        return connections <= min(self._counts)


IsFair = Callable[[int], bool]
"""`Shares.is_fair` of one process."""


class OneByOne:
    """Lets one connection in at a time, for processes that share a socket; whoever has more hesitates.

    asyncio and uvloop let everybody in who waits: of two processes, one then did nine tenths of the work.
    """

    def __init__(
        self,
        listening: socket.socket,
        is_fair: IsFair,
        connections: Sized,
        protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        """`connections` are those that this process has now."""
        self._listening = listening
        self._is_fair = is_fair
        self._connections = connections
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._coming: set["asyncio.Task[Any]"] = set()
        self._pause: Optional[asyncio.TimerHandle] = None
        self._has_hesitated = False
        self._open()

    def close(self) -> None:
        """Lets nobody in any more."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        """Returns when whoever was let in is served."""
        await asyncio.gather(*self._coming, return_exceptions=True)

    def _open(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._let_in)

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._pause = self._loop.call_later(seconds, self._open)

    def _let_in(self) -> None:
        has_fewest = self._is_fair(len(self._connections) + len(self._coming))
        if not has_fewest and not self._has_hesitated:
            self._has_hesitated = True  # whoever has fewer may have died, or hang
            self._wait(HESITATION_SECONDS)
            return
        self._has_hesitated = False
        try:
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was quicker, or the caller gave up
        except OSError as error:  # no file left to open, for instance: who waits goes on waiting
            log.warning("connection_not_taken", error=type(error).__name__)
            self._wait(PAUSE_SECONDS)
            return
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone, and may have a share of the connections."""

    def __init__(self, config: uvicorn.Config, is_fair: Optional[IsFair]) -> None:
        super().__init__(config)
        self._is_fair = is_fair

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The runner owns the signals: several servers stop together."""
        yield

    async def startup(self, sockets: Optional[list[socket.socket]] = None) -> None:
        """Begins to let connections in."""
        if self._is_fair is None:
            await super().startup(sockets)
            return
        await super().startup([])
        for one in sockets or ():
            door = OneByOne(one, self._is_fair, self.server_state.connections, self._protocol)
            self.servers.append(door)  # type: ignore[arg-type]

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes it for its own."""
        make: Any = self.config.http_protocol_class
        made: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


class RunningServer:
    """A server that accepts connections; `stop` lets open ones finish for a few seconds."""

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        trusted_proxies: str = "127.0.0.1",
        is_fair: Optional[IsFair] = None,
    ) -> None:
        """`is_fair` when other processes listen on this socket, too."""
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
        self._server = Server(config, is_fair)
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


def address_of(listening: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on: every answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


async def serve(app: Any, host: str, port: int, fallback: bool = False) -> RunningServer:
    """Starts a server and returns once it accepts connections."""
    running = RunningServer(app, listen(host, port, fallback))
    await running.started()
    return running
