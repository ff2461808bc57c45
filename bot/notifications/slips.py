"""What a platform took, noted in a file the moment it said so; the database learns of it a little later.

A line written to a file outlives the process, though not a power cut. So a process that is killed before the
database knew, or while the database is away, does not say again what has been said. Only when the database
could not be told is the file forced to the disk: then it may be the only witness for long.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from bot.notifications.model import Delivery

log = structlog.get_logger(__name__)

REWRITE_AFTER = 2000


class Slips:
    """Deliveries that were taken and may not be marked in the database yet; `others` are other processes'."""

    def __init__(self, path: Path, others: Callable[[], Iterable[Path]] = tuple) -> None:
        self._path = path
        self._others = others
        path.parent.mkdir(parents=True, exist_ok=True)
        self._older = _read(path)
        self._kept: set[str] = set()
        self._file = self._open()
        self._written = 0

    def note(self, delivery: Delivery) -> None:
        """The platform took it."""
        self._kept.add(_key(delivery))
        self._written += 1
        try:
            os.write(self._file, f"{_key(delivery)}\n".encode("ascii"))
        except OSError as error:
            log.warning("slip_not_written", error=type(error).__name__)

    def has(self, delivery: Delivery) -> bool:
        """True when the platform took it: from this process, an earlier one, or one whose line it was."""
        key = _key(delivery)
        if key in self._kept or key in self._older:
            return True
        return delivery.taken_over and any(key in _read(path) for path in self._others())

    def secure(self) -> None:
        """What is noted survives a power cut, too."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            log.warning("slips_not_secured", error=type(error).__name__)

    def forget(self, delivery: Delivery) -> None:
        """The database knows."""
        self._kept.discard(_key(delivery))
        if self._written >= REWRITE_AFTER:
            # Older ones were the first in their queues: so many sendings later the database knows them all.
            self._older.clear()
            self._written = 0
            self._rewrite()

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rewrite(self) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text("".join(f"{key}\n" for key in sorted(self._kept)), "ascii")
            os.replace(fresh, self._path)
        except OSError as error:
            log.warning("slips_not_rewritten", error=type(error).__name__)
            return
        os.close(self._file)
        self._file = self._open()


def _read(path: Path) -> set[str]:
    try:
        return set(path.read_text("ascii", "replace").splitlines())
    except FileNotFoundError:
        return set()


def _key(delivery: Delivery) -> str:
    # Numbers start again in a new database; moments do not.
    return f"{delivery.id} {delivery.created_at.isoformat()}"
