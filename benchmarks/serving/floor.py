"""What no message that is understood and kept can cost less than: one inference and one committed write."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import asyncpg

from benchmarks.serving.conversations import OWN_WORDS, script

MESSAGES, WRITES = 300, 300
ROW = "x" * 300
TABLE = "CREATE TABLE kept (id {key}, row TEXT)"


def inference_seconds() -> float:
    """Median of one fresh text through encoder and classifier, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return float(pool.apply(_inference_seconds))


def sqlite_write_seconds() -> float:
    """Median of one row committed to a SQLite file that is set as the product's is."""
    took = []
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "floor.sqlite", isolation_level=None)) as database,
    ):
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(TABLE.format(key="INTEGER PRIMARY KEY"))
        for _ in range(WRITES):
            began = time.perf_counter()
            database.execute("INSERT INTO kept (row) VALUES (?)", (ROW,))
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def postgresql_write_seconds(address: str) -> float:
    """The same on a PostgreSQL server, over an open connection."""
    return asyncio.run(_postgresql_write_seconds(address))


async def _postgresql_write_seconds(address: str) -> float:
    took = []
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(TABLE.format(key="BIGSERIAL PRIMARY KEY"))
        for _ in range(WRITES):
            began = time.perf_counter()
            await connection.execute("INSERT INTO kept (row) VALUES ($1)", ROW)
            took.append(time.perf_counter() - began)
    finally:
        await connection.close()
    return statistics.median(took)


def _inference_seconds() -> float:
    from bot.dialogue.evaluation import packed_model
    from bot.dialogue.training import train
    from bot.settings import ROOT

    model = packed_model(train(ROOT / "models"))
    texts = itertools.chain.from_iterable(
        itertools.islice(script(resident, fresh=True), 20) for resident in range(OWN_WORDS)
    )
    took = []
    for text in itertools.islice(texts, MESSAGES):
        began = time.perf_counter()
        model.rank(text)
        took.append(time.perf_counter() - began)
    return statistics.median(took)
