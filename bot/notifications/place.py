"""A process's place in the data folder: its own while it runs, and the next one's after it.

What a process leaves there when it is killed is found by whoever takes the place after it, and read by the
others on this machine when they take its work over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import socket
from pathlib import Path

MOST = 64
"""Processes on one data folder."""


class Place:
    """The first place that nobody is at; `holder` is its name in the database, the same after a restart."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._number, self._lock = self._take()
        self.holder = self._name()

    @property
    def slips(self) -> Path:
        """Where this process notes what was sent."""
        return self._slips(self._number)

    def others(self) -> list[Path]:
        """Where the others on this machine do, running or not."""
        paths = (self._slips(number) for number in range(MOST) if number != self._number)
        return [path for path in paths if path.exists()]

    def leave(self) -> None:
        """The next one may have it."""
        os.close(self._lock)

    def _take(self) -> tuple[int, int]:
        """The lock on a place ends with the process, however it ends."""
        for number in range(MOST):
            descriptor = os.open(self._folder / f"place-{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return number, descriptor
            except BlockingIOError:
                os.close(descriptor)
        raise OSError(f"{MOST} processes have their places in {self._folder}")

    def _name(self) -> str:
        """From what is written in the place; on another machine a copy of it is another place."""
        written = os.pread(self._lock, 64, 0) or secrets.token_hex(16).encode()
        os.pwrite(self._lock, written, 0)
        return hashlib.sha256(socket.gethostname().encode() + written).hexdigest()[:32]

    def _slips(self, number: int) -> Path:
        return self._folder / ("sent.slips" if number == 0 else f"sent-{number}.slips")
