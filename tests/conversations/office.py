"""The help desk as one process runs it, with the sandbox behind it and a clock that moves on request."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette

from bot.bootstrap import House, build_house
from bot.clock import SHANGHAI
from bot.desk import Desk
from bot.notifications.watcher import Watcher
from bot.requests.follower import RequestsFollower
from bot.sandbox.app import create_app
from bot.sandbox.clock import SandboxClock
from bot.settings import load_settings
from bot.tickets.sweeper import Sweeper
from tests.conversations.resident import Resident

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue

START = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
READ_TIMEOUT = 5.0
"""The client's, in seconds: the sandbox is impatient for it instead of letting a test wait."""


class StandingClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        """The time it was moved to."""
        return self._now

    def advance(self, delta: timedelta) -> None:
        """Moves on."""
        self._now += delta


class Wire(httpx.AsyncBaseTransport):
    """The sandbox in this process; an answer slower than the read timeout times out at once."""

    def __init__(self, sandbox: Starlette) -> None:
        self._sandbox = sandbox
        self._inner = httpx.ASGITransport(app=sandbox)
        self.requests: list[httpx.Request] = []
        self.changes: dict[str, Any] = {}
        """Fields of a payment that are answered otherwise than the sandbox would."""
        self.refuses = ""
        """Requests of this method are answered 409, as of something that is settled already."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carries one request."""
        self.requests.append(request)
        if self._sandbox.state.bureau.faults.faults.latency_seconds > READ_TIMEOUT:
            raise httpx.ReadTimeout("too slow", request=request)
        if request.method == self.refuses:
            return _conflict(request)
        try:
            return await self._changed(request, await self._inner.handle_async_request(request))
        except AssertionError as error:  # the answer stopped half-way: to a client, a broken connection
            raise httpx.RemoteProtocolError("broken connection", request=request) from error

    async def _changed(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not self.changes or request.method != "GET" or response.status_code != 200:
            return response
        body = json.loads(await response.aread())
        return httpx.Response(response.status_code, json={**body, **self.changes}, request=request)


def _conflict(request: httpx.Request) -> httpx.Response:
    problem = {"type": "about:blank", "title": "Conflict", "status": 409, "code": "conflict"}
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(409, content=json.dumps(problem), headers=headers, request=request)


class Office:
    """Everything behind the channels; residents come from `resident`."""

    def __init__(self, dialogue: RasaDialogue, empty_database: Path, folder: Path) -> None:
        self.clock = StandingClock()
        self.database = folder / "helpdesk.sqlite"
        self._folder = folder
        self._dialogue = dialogue
        shutil.copy(empty_database, self.database)
        self.sandbox = create_app(clock=SandboxClock(source=self.clock.now))
        self.wire = Wire(self.sandbox)
        self.house, self.desk = self._open()

    def resident(self, name: str) -> Resident:
        """A contact of the REST channel."""
        return Resident(self, name)

    async def close(self) -> None:
        """Closes connections."""
        await self.house.aclose()

    async def loses_its_database(self, empty_database: Path) -> None:
        """The process ends, and a new one begins with nothing stored; the bureau remembers everything."""
        await self.house.aclose()
        shutil.copy(empty_database, self.database)
        self.house, self.desk = self._open()

    async def restart(self) -> None:
        """The process ends, and a new one takes over its database."""
        await self.house.aclose()
        self.house, self.desk = self._open()

    def advance(self, **passed: float) -> None:
        """Lets time pass, for the bureau too."""
        self.clock.advance(timedelta(**passed))

    async def breaks(self, **faults: Any) -> None:
        """The reconciliation system goes wrong in this way until it is healed."""
        await self._admin("POST", "/sandbox/faults", faults)

    async def heals(self) -> None:
        """Nothing goes wrong any more."""
        await self._admin("DELETE", "/sandbox/faults")

    async def puts(self, serial: str, state: str, reason: str | None = None, **more: Any) -> None:
        """Forces a payment into a state."""
        body = {"state": state, **({"reason": reason} if reason else {}), **more}
        await self._admin("POST", f"/sandbox/payments/{serial}", body)

    async def watches(self) -> int:
        """The rounds of whoever looks after watches; returns how many were told."""
        house = self.house
        watcher = Watcher(
            house.work, house.client, house.services.watches, lambda _: None, lambda: None, self.clock
        )
        return await watcher.tell_held() + await watcher.look_again()

    async def follows(self) -> int:
        """The rounds of whoever follows requests; returns how many were told."""
        house = self.house
        return await RequestsFollower(
            house.work, house.services.requests, lambda _: None, lambda: None, self.clock
        ).step()

    async def sweeps(self) -> None:
        """The clock does to tickets what is due."""
        house = self.house
        await Sweeper(
            house.work,
            house.services.casework,
            house.deadlines,
            house.phrases,
            lambda _: None,
            lambda: None,
            self.clock,
        ).sweep()

    async def appraises(self) -> None:
        """Asks what new cases are about in money, as the background does every few seconds."""
        appraiser = self.house.appraiser()
        assert appraiser is not None, "the sandbox has a key for staff"
        await appraiser.round()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table, oldest first."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]

    def everything_stored(self) -> str:
        """Every value of every row of every table, as one text."""
        with closing(sqlite3.connect(self.database)) as connection:
            names = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            values = [v for name in names for row in connection.execute(f"SELECT * FROM {name}") for v in row]
        return "\n".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values)

    def _open(self) -> tuple[House, Desk]:
        settings = load_settings(
            database_url=f"sqlite+aiosqlite:///{self.database}", data_dir=self._folder, secret_key="s" * 32
        )
        house = build_house(settings, "http://sandbox", clock=self.clock, transport=self.wire)
        return house, house.desk(self._dialogue)

    async def _admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        transport = httpx.ASGITransport(app=self.sandbox)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            answer = await client.request(method, path, json=body)
            answer.raise_for_status()
