"""A sandbox on a free loopback port, and who speaks to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import ASGIApp

from bot.sandbox.app import create_app
from tests.conformance.contract import ContractClient


def serving(app: ASGIApp) -> Iterator[str]:
    """The address at which the application answers, over real HTTP."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, ws="none", lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """A sandbox on a free loopback port."""
    yield from serving(create_app())


@pytest.fixture
def client(sandbox_url: str) -> Iterator[ContractClient]:
    """A contract client on a freshly reset sandbox."""
    client = ContractClient(sandbox_url)
    client.admin("POST", "reset")
    yield client
    client.http.close()
