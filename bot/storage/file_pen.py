"""One transaction that writes at a time among all processes on one SQLite file.

SQLite sees to that by itself, but whoever waits for it sleeps up to a tenth of a second between two looks:
under load the slowest answers of two workers took twice as long. A look at a lock file costs nothing and is
taken every `LOOK_SECONDS`. It only saves time: who waited `PATIENCE` seconds goes on to SQLite's own lock.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Literal, Optional

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.beside import beside
from bot.storage.unit_of_work import Pen

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.001
PATIENCE = 1.0


class OneWriter(asyncio.Lock):
    """Held by one task of one process; the tasks of a process wait in order."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        super().__init__()
        self._path = path
        self._patience = patience
        self._descriptor: Optional[int] = None

    async def acquire(self) -> Literal[True]:
        """Returns when it is this task's turn, or when others took too long."""
        await super().acquire()
        try:
            await self._among_processes()
        except BaseException:
            super().release()
            raise
        return True

    def release(self) -> None:
        """The next one may write."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        super().release()

    def close(self) -> None:
        """Closes the file; it is opened again when it is needed."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    async def _among_processes(self) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._patience
        while not self._try_lock():
            if loop.time() >= give_up_at:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _try_lock(self) -> bool:
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            log.warning("writes_without_turn", error=type(error).__name__)
        return True


class FilePen(Pen):
    """A pen that processes hand to each other."""

    def __init__(self, engine: AsyncEngine, path: Path) -> None:
        super().__init__(engine)
        self._one_writer = one_writer = OneWriter(path)
        sa.event.listen(engine.sync_engine, "engine_disposed", lambda _: one_writer.close())


def pen_for(engine: AsyncEngine) -> Pen:
    """The pen for a database."""
    path = beside(engine, "writer")
    return FilePen(engine, path) if path else Pen(engine)
