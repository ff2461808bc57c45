"""A SQLite file as one process writes it, another process beside it, and a disk that takes its time."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.storage import sqlite_writer
from bot.storage.sqlite_access import SqliteAccess
from tests.fakes.house import FakeHouse


@pytest.fixture
def access(house: FakeHouse) -> SqliteAccess:
    """A way into the house's database as a process has it."""
    return SqliteAccess(house.engine)


@pytest.fixture
def stranger(house: FakeHouse) -> Iterator[sqlite3.Connection]:
    """Another process's connection."""
    with closing(sqlite3.connect(str(house.engine.url.database), isolation_level=None)) as connection:
        yield connection


class SlowDisk:
    """Says of the first COMMIT that it took a second; the next ones, in a thread, wait to go on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._commit = sqlite_writer._commit
        self._may_go_on = threading.Event()
        self._waits = asyncio.Event()

    def commit(self, driver: sqlite3.Connection) -> float:
        """In the place of the real one."""
        if threading.current_thread() is not threading.main_thread():
            self._loop.call_soon_threadsafe(self._waits.set)
            assert self._may_go_on.wait(5)
        return self._commit(driver) + 1.0

    async def waits(self) -> None:
        """Returns when a COMMIT waits in its thread."""
        await asyncio.wait_for(self._waits.wait(), 5)

    def go_on(self) -> None:
        """Lets everything be written."""
        self._may_go_on.set()


@pytest.fixture
async def slow_disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    """Under every database of this test."""
    disk = SlowDisk()
    monkeypatch.setattr(sqlite_writer, "_commit", disk.commit)
    return disk
