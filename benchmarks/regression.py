"""Ours against Rasa's own engine, as a ratio: `make bench-regression`.

The same messages through both, in one process and without HTTP: the same understanding, rules and actions,
a database each. Ours also stores its trackers; Rasa's keeps them in memory. Exits with 1 when a message costs
us a larger part of Rasa's CPU time than `LIMIT`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

from benchmarks.serving.conversations import script
from bot.bootstrap import House, build_house
from bot.dialogue import tensorflow_free
from bot.dialogue.training import train
from bot.logs import configure_logs
from bot.messages import Contact
from bot.sandbox.app import create_app
from bot.settings import load_settings
from bot.storage.database import migrate
from bot.turn import Turn

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue

LIMIT = 0.17
"""Half as much again as was measured (0.10 and 0.11, on a machine that was busy with other things)."""

RESIDENTS = 3
MESSAGES = 300
PARTS = 3
"""The sides take turns, so that a machine that slows down slows both."""


def main() -> int:
    """Measures, prints, judges; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    arguments = parser.parse_args()
    configure_logs("console", "error")
    tensorflow_free.install()
    ours, stock = asyncio.run(_both(arguments.messages))
    ratio = ours / stock
    print(f"stock engine {1000 * stock:6.2f} ms a message\nours         {1000 * ours:6.2f} ms a message")
    print(f"ratio        {ratio:6.2f}    (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


async def _both(messages: int) -> tuple[float, float]:
    from benchmarks.stock_engine import stock_dialogue
    from bot.dialogue import overrides
    from bot.dialogue.engine import RasaDialogue

    settings = load_settings()
    model = train(settings.models_dir)
    with tempfile.TemporaryDirectory() as folder:
        ours = await _Side.opened(RasaDialogue.load(model), f"{folder}/ours.sqlite", stores=True)
        stock = await _Side.opened(stock_dialogue(model), f"{folder}/stock.sqlite", stores=False)
        try:
            for said in _parts(messages):
                overrides.put_back()
                await stock.hears(said)
                overrides.replace()
                await ours.hears(said)
        finally:
            await ours.close()
            await stock.close()
    return ours.each_message, stock.each_message


def _parts(messages: int) -> Iterator[list[tuple[int, str]]]:
    scripts = [script(resident) for resident in range(RESIDENTS)]
    each = messages // PARTS
    for _ in range(PARTS):
        yield [(number % RESIDENTS, next(scripts[number % RESIDENTS])) for number in range(each)]


class _Side:
    """One engine, its house, and the CPU seconds that its answers took."""

    def __init__(self, dialogue: "RasaDialogue", house: House, stores: bool) -> None:
        self._dialogue = dialogue
        self._house = house
        self._stores = stores
        self._spent = 0.0
        self._heard = 0

    @classmethod
    async def opened(cls, dialogue: "RasaDialogue", database: str, stores: bool) -> "_Side":
        """On a new database."""
        import httpx

        settings = load_settings(
            secret_key="only for a benchmark", database_url=f"sqlite+aiosqlite:///{database}"
        )
        sandbox = httpx.ASGITransport(app=create_app())
        house = build_house(settings, "http://sandbox", transport=sandbox)
        await migrate(house.engine)
        side = cls(dialogue, house, stores)
        await side.hears([(resident, "你好") for resident in range(RESIDENTS)])  # everything is loaded
        side._spent, side._heard = 0.0, 0
        return side

    async def close(self) -> None:
        """Closes the house."""
        await self._house.aclose()

    @property
    def each_message(self) -> float:
        """CPU seconds a message."""
        return self._spent / self._heard

    async def hears(self, said: list[tuple[int, str]]) -> None:
        """Answers each resident's message in turn."""
        for resident, text in said:
            await self._hear(Contact("rest", f"resident-{resident}"), text)

    async def _hear(self, contact: Contact, text: str) -> None:
        now = self._house.clock.now()
        async with self._house.work() as work:
            conversation = await work.conversations.open(contact, now, "zh")
            turn = Turn(conversation, work, self._house.services, f"message-{self._heard}", now)
            began = time.process_time()
            replies = await self._dialogue.respond(turn, text)
            if self._stores:
                await work.commit()
            self._spent += time.process_time() - began
            self._heard += 1
        if turn.failure is not None:
            raise turn.failure
        if not replies:
            raise RuntimeError(f"no answer to {text}")


if __name__ == "__main__":
    sys.exit(main())
