"""The sandbox over HTTP, the house on the same clock, and residents whose phones are listened to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import httpx

from bot.bootstrap import House, build_house
from bot.clock import SHANGHAI
from bot.desk import Desk
from bot.messages import Contact, IncomingMessage, Line
from bot.notifications.relay import OutboxRelay
from bot.notifications.watcher import Watcher
from bot.requests.follower import RequestsFollower
from bot.sandbox.app import create_app
from bot.sandbox.clock import SandboxClock
from bot.sandbox.keys import RESIDENT_KEY
from bot.servers import serve
from bot.settings import load_settings
from bot.storage.database import migrate

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue

START = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
"""A Monday."""
CHANNEL = "week"
"""A pushed channel: every line that is not the resident's goes through the outbox."""


class TownClock:
    """The sandbox's present, as it said last."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Heard:
    """A line that rang a resident's phone, by the sandbox's clock; `asked` when it answers a message."""

    user: str
    at: datetime
    text: str
    asked: bool


class Phones:
    """A sender that keeps what it is given."""

    def __init__(self, clock: TownClock) -> None:
        self._clock = clock
        self.heard: list[Heard] = []

    async def send(self, user_id: str, line: Line, *extra: Any, **more: Any) -> None:
        """Takes every line at once."""
        self.heard.append(Heard(user_id, self._clock.now(), line.text, line.in_reply_to is not None))


class Town:
    """Opened with `async with`; `tick` moves the clock and lets everybody do what is due."""

    def __init__(self, folder: Path, dialogue: RasaDialogue) -> None:
        self._folder = folder
        self._dialogue = dialogue
        self._stack = AsyncExitStack()
        self._sent = 0
        self.clock = TownClock()
        self.phones = Phones(self.clock)

    async def __aenter__(self) -> "Town":
        sandbox = await serve(create_app(clock=SandboxClock(source=lambda: START)), "127.0.0.1", 0)
        self._stack.push_async_callback(sandbox.stop)
        self._url = sandbox.url
        headers = {"Authorization": f"Bearer {RESIDENT_KEY}"}
        self.bureau = await self._stack.enter_async_context(
            httpx.AsyncClient(base_url=sandbox.url, headers=headers, timeout=30)
        )
        self._asked_first = sorted(payment["serial_number"] for payment in await self.payments())[::2]
        await self._open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._close()
        await self._stack.aclose()

    async def restart(self) -> None:
        """The process ends, and a new one takes over its database."""
        await self._close()
        await self._open()

    async def says(self, user: str, text: str) -> None:
        """A resident writes; the answer rings like any other line."""
        self._sent += 1
        await self._desk.handle(IncomingMessage(Contact(CHANNEL, user), f"m{self._sent}", text))
        await self._deliver()

    async def tick(self, minutes: int) -> None:
        """Time passes; then every other payment's request is followed before events are read, the rest after.

        What was held is told after the events, and on the hour the rounds are made.
        """
        answer = await self.bureau.post("/sandbox/clock", json={"advance_seconds": minutes * 60})
        before, self.clock.at = (
            self.clock.at,
            datetime.fromisoformat(answer.json()["now"]).astimezone(SHANGHAI),
        )
        # In a house each runs at its own pace: of one payment the request is first, of another the watch.
        await self._bring_forward()
        await self._follower.step()
        await self._watch(before)
        await self._follower.step()
        await self._deliver()

    async def force(self, serial: str, state: str, reason: Optional[str] = None) -> None:
        """Something happens to a payment at the bureau."""
        body = {"state": state, **({"reason": reason} if reason else {})}
        (await self.bureau.post(f"/sandbox/payments/{serial}", json=body)).raise_for_status()

    async def payments(self) -> Sequence[dict[str, Any]]:
        """Everything that the bureau knows."""
        return list((await self.bureau.get("/sandbox/payments")).json()["payments"])

    async def _bring_forward(self) -> None:
        """Every other payment's request is asked about now, whatever was planned."""
        async with self._house.work() as work:
            work.requests.look_now(self._asked_first, self.clock.at)
            await work.commit()

    async def _watch(self, before: datetime) -> None:
        while await self._read_events():
            pass
        await self._watcher.tell_held()
        if self.clock.at.hour != before.hour:
            await self._watcher.look_again()
            await self._watcher.expire()

    async def _read_events(self) -> bool:
        async with self._house.work() as work:
            before = await work.bookmarks.get("reconciliation_events")
        await self._watcher.step()
        async with self._house.work() as work:
            return await work.bookmarks.get("reconciliation_events") != before

    async def _deliver(self) -> None:
        self._relay.notify()
        while True:
            async with self._house.work() as work:
                if not await work.outbox.heads(self.clock.now() + timedelta(hours=1)):
                    return
            await asyncio.sleep(0.005)

    async def _open(self) -> None:
        settings = load_settings(
            database_url=f"sqlite+aiosqlite:///{self._folder / 'week.sqlite'}",
            data_dir=self._folder,
            secret_key="a week of secrets",
        )
        self._house: House = build_house(settings, self._url, clock=self.clock)
        await migrate(self._house.engine)
        house = self._house
        self._desk: Desk = house.desk(self._dialogue)
        self._relay = OutboxRelay(house.work, {CHANNEL: self.phones}, self.clock)
        self._sending = asyncio.create_task(self._relay.run())
        quietly = (lambda _: None, self._relay.notify, self.clock)
        self._watcher = Watcher(house.work, house.client, house.services.watches, *quietly)
        self._follower = RequestsFollower(house.work, house.services.requests, *quietly)

    async def _close(self) -> None:
        await self._relay.drain(5)
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)
        await self._house.aclose()
