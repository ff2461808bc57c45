"""A bureau's own system over real HTTP, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from bot.sandbox.clock import SandboxClock
from bot.sandbox.kept import KeptBureau
from bot.sandbox.kept_app import create_kept_app
from bot.sandbox.keys import Keys
from tests.unit.sandbox.office import BOOKING

KEYS = Keys("the-resident-key-1", "the-staff-key-0001")
STAFF = {"Authorization": f"Bearer {KEYS.staff}"}
RESIDENT = {"Authorization": f"Bearer {KEYS.resident}"}
AT_THE_DESK = ("王敏", KEYS.staff)
"""What a browser sends after it was asked for the key."""


@contextmanager
def serving(url: str, bills: Path | None = None, most_upload: int = 10**6) -> Iterator[httpx.Client]:
    """A client of the system, which is open meanwhile, on Thursday evening."""
    bureau = KeptBureau(url, SandboxClock(source=lambda: BOOKING))
    app = create_kept_app(bureau, KEYS, bills, most_upload)
    config = uvicorn.Config(app, port=0, log_level="error", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the system did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def send(client: httpx.Client, content: bytes, name: str = "bill.csv", **fields: str) -> httpx.Response:
    """Upload a file as a program does."""
    return client.post("/sandbox/bills", files={"file": (name, content)}, data=fields, headers=STAFF)
