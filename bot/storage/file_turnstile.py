"""One message of a conversation at a time among all processes that share one SQLite file."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import Optional

from bot.errors import Unavailable
from bot.turnstile import PATIENCE, PatientTurnstile

FLOCK = "hhqqi4x"
"""Linux' `struct flock`: kind, from where the place counts, place, length, and no process."""


class FileTurnstile(PatientTurnstile):
    """A conversation is a byte of a file, which is never written; the kernel ends a dead process's locks.

    The locks are those of an open file, which Linux has besides those of a process: the latter end as soon
    as anything in the process closes the file, and two turnstiles in one process would not see each other.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        super().__init__(patience)
        self._path = path
        self._descriptor: Optional[int] = None

    async def aclose(self) -> None:
        """Closes the file, and ends every lock with it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    async def _try_lock(self, conversation_id: int) -> bool:
        try:
            self._set(fcntl.F_WRLCK, conversation_id)
        except BlockingIOError:
            return False
        except OSError as error:
            raise Unavailable("the turnstile's file") from error
        return True

    async def _unlock(self, conversation_id: int) -> None:
        if self._descriptor is not None:
            self._set(fcntl.F_UNLCK, conversation_id)

    def _set(self, kind: int, conversation_id: int) -> None:
        if self._descriptor is None:
            # Not sooner: a forked process would share its parent's open file, and all of its locks.
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        lock = struct.pack(FLOCK, kind, os.SEEK_SET, _place(conversation_id), 1, 0)
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, lock)


def _place(conversation_id: int) -> int:
    """A place of its own for each number, also below nought."""
    return 2 * conversation_id if conversation_id >= 0 else -2 * conversation_id - 1
