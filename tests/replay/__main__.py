"""Has some of the conversations on one engine and writes down what happened.

`python -m tests.replay stock 0 100 FILE`
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.dialogue import tensorflow_free
from bot.dialogue.training import train
from bot.logs import configure_logs
from bot.messages import MessageKind
from bot.phrasebook import Phrasebook
from bot.settings import load_settings
from bot.storage.database import migrate, open_database
from tests.conversations.office import Office
from tests.conversations.resident import PHRASES, Heard, Resident
from tests.replay.scripts import Step, scripts

UNLIKE = ("timestamp", "message_id", "input_channel")
"""What differs from one run to the next, or from channel to channel."""
RANDOM = re.compile(r"GD\d{12}|DZ\w+")
"""Numbers of tickets and requests."""

Told = Callable[[Office], Awaitable[list[dict[str, Any]]]]


async def main(engine: str, first: int, end: int, path: Path) -> None:
    """Writes replies and events of the conversations from `first` up to `end`, one a line."""
    warnings.simplefilter("ignore")  # Rasa warns of its own age
    tensorflow_free.install()
    configure_logs("console", "error")
    Phrasebook.load = _read_already  # type: ignore[method-assign, assignment]
    dialogue, told = _engine(engine)
    with tempfile.TemporaryDirectory() as name, path.open("w", encoding="utf-8") as output:
        empty = await _empty_database(Path(name))
        for number, script in enumerate(itertools.islice(scripts(), first, end), first):
            folder = Path(name) / str(number)
            folder.mkdir()
            office = Office(dialogue, empty, folder)
            try:
                heard = await _talk(office, script)
                output.write(_line({"number": number, "heard": heard, "events": await told(office)}))
            finally:
                await office.close()


def _read_already() -> Phrasebook:
    """The words, which would be read anew for each office."""
    return PHRASES


def _engine(name: str) -> tuple[Any, Told]:
    model = train(load_settings().models_dir)
    if name == "ours":
        from bot.dialogue.engine import RasaDialogue

        return RasaDialogue.load(model), _stored
    from bot.dialogue.tracker_store import _masked
    from tests.replay.stock import StockEngine

    stock = StockEngine(model)

    async def kept(office: Office) -> list[dict[str, Any]]:
        # Each office counts its conversations from 1 again.
        events = [_masked(event) for event in stock.store.said]
        stock.store.forget()
        return events

    return stock.dialogue, kept


async def _stored(office: Office) -> list[dict[str, Any]]:
    return [json.loads(row["data"]) for row in office.rows("tracker_events") if row["type"] != "summary"]


async def _talk(office: Office, script: list[Step]) -> list[Any]:
    resident = office.resident("wang")
    heard = []
    for step in script:
        if isinstance(step, float):
            office.advance(hours=step)
        else:
            heard.append(_replies(await _take(resident, step)))
    return heard


async def _take(resident: Resident, step: Step) -> Heard:
    if isinstance(step, int) and step <= len(resident.offered):
        return await resident.presses(step)
    said = str(step)
    return await resident.sends(said, MessageKind.BUTTON if said.startswith("/") else MessageKind.TEXT)


def _replies(heard: Heard) -> list[Any]:
    return [
        [line.text, [[button.title, button.payload] for button in line.buttons], dict(line.custom)]
        for line in heard.lines
    ]


def _line(told: dict[str, Any]) -> str:
    told["events"] = [{k: v for k, v in event.items() if k not in UNLIKE} for event in told["events"]]
    return RANDOM.sub("", json.dumps(told, ensure_ascii=False, sort_keys=True)) + "\n"


async def _empty_database(folder: Path) -> Path:
    path = folder / "empty.sqlite"
    engine = open_database(f"sqlite+aiosqlite:///{path}")
    await migrate(engine)
    await engine.dispose()
    return path


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
