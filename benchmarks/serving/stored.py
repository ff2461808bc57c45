"""Many stored conversations: one real one, written by the product itself, copied as often as needed."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import time, timedelta
from pathlib import Path

from benchmarks.serving.driver import Driver
from benchmarks.serving.figures import LONGEST_START, started
from benchmarks.serving.peers import Peer
from bot.clock import SystemClock
from bot.statistics.service import StatisticsService
from bot.storage.database import open_database
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.hours import WorkingHours

SAID = ("你好", "我交了身份证的钱，怎么还显示未缴费", "多久能到账")
TALKING = range(16)
STARTS = 3
COPY = "stored"
STEP = 1000
"""Ids of the template stay below; a copy's are those of the template and so many more."""
COPIED = {
    "conversations": ("id",),
    "incoming": ("id", "conversation_id", "answered_with"),
    "messages": ("id", "conversation_id", "in_reply_to"),
    "tracker_events": ("id", "conversation_id"),
}
"""The tables that every talk fills, parents first, and which of their columns are ids."""
UNIQUE = {("conversations", "user_id"), ("incoming", "message_id")}
MOMENTS = ("created_at", "last_message_at", "last_dialogue_at", "received_at", "answered_at")
DAYS = 365
"""The copies are spread over so many days before today."""

StartOn = Callable[[str], AbstractContextManager[Peer]]
"""Starts the product on the database at a URL."""


def by_stored(start: StartOn, folder: Path, counts: list[int], turns: int) -> dict[int, dict[str, float]]:
    """Throughput and latencies when so many conversations are stored; half of those who talk come back."""
    folder.mkdir(parents=True, exist_ok=True)
    template = folder / "template.sqlite"
    found = {}
    try:
        _fresh(template)
        with start(f"sqlite:///{template}") as peer:
            asyncio.run(_write(Driver(peer.url)))
        for count in counts:
            path = folder / f"stored-{count}.sqlite"
            _multiply(template, path, count)
            asyncio.run(_count(path))
            found[count] = _measure(start, path, count, turns)
            _fresh(path)
    finally:
        for path in folder.glob("*.sqlite*"):
            path.unlink()
    return found


def _measure(start: StartOn, path: Path, count: int, turns: int) -> dict[str, float]:
    """Each figure's median over a few starts."""
    runs = [_once(start, path, count, turns) for _ in range(STARTS)]
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _once(start: StartOn, path: Path, count: int, turns: int) -> dict[str, float]:
    places = [1 + number * (count - 1) // len(TALKING) for number in TALKING]
    names = {one: f"{COPY}-{place}" for one, place in zip(TALKING, places, strict=True) if one % 2}
    with start(f"sqlite:///{path}") as peer:
        driver, _ = started(peer)
        run = asyncio.run(driver.together(TALKING, turns, names=names))
    return {
        "throughput": run.throughput,
        "p50": run.percentile(0.5),
        "p95": run.percentile(0.95),
        "megabytes": path.stat().st_size / 1e6,
    }


async def _write(driver: Driver) -> None:
    await driver.first_answer(LONGEST_START)
    await driver.alone(SAID, name=COPY)


def _multiply(template: Path, path: Path, count: int) -> None:
    _fresh(path)
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    with closing(sqlite3.connect(path)) as database, database:
        (original,) = database.execute("SELECT id FROM conversations WHERE user_id = ?", (COPY,)).fetchone()
        for table, ids in COPIED.items():
            database.execute(_copies(database, table, ids), (count, original))


def _copies(database: sqlite3.Connection, table: str, ids: tuple[str, ...]) -> str:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]

    def value(column: str) -> str:
        if column in ids:
            return f"{column} + {STEP} * place"
        if column in MOMENTS:
            return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-' || (1 + place % {DAYS}) || ' days')"
        return f"{column} || '-' || place" if (table, column) in UNIQUE else column

    whose = "id" if table == "conversations" else "conversation_id"
    return (
        "WITH RECURSIVE places(place) AS (SELECT 1 UNION ALL SELECT place + 1 FROM places WHERE place < ?) "
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {', '.join(map(value, columns))} FROM places, {table} WHERE {whose} = ?"
    )


async def _count(path: Path) -> None:
    """The statistics of those days, which a house that was open then has counted long ago."""
    engine = open_database(f"sqlite+aiosqlite:///{path}")
    hours = WorkingHours(time(9), time(17, 30))
    await StatisticsService(UnitOfWorkFactory(engine), SystemClock(), hours, timedelta(hours=1)).keep_up()
    await engine.dispose()


def _fresh(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
