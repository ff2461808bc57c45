"""The folder where bills are dropped: what lies still there is taken in, and moved to `done` or `refused`.

A file is looked at when it has the same size and time twice in a row, so that nobody's half-written file is
read. Whatever happens in between, the next look finds the file again; its bytes are known by then, and it
only moves. Beside a refused file lies a text of the same name that says why.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from pathlib import Path
from typing import NamedTuple

from bot.sandbox.bills.errors import both
from bot.sandbox.books.arrival import Content
from bot.sandbox.intake import Intake, Taken, content_of

logger = logging.getLogger(__name__)

BY = "folder"
DONE, REFUSED = "done", "refused"
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp")
"""What programs call a file that they are still writing."""
IN_TURN = (Content.NOTICES, Content.RECORDS, Content.INCIDENTS, Content.BILL, Content.RECEIPTS)
MOST_BYTES = 2 * 1024**3
TOO_LARGE = "文件超过 2 GB / the file is over 2 GB"


class Seen(NamedTuple):
    """How a file looked."""

    size: int
    changed_at: int


class Folder:
    """One folder that is looked at again and again."""

    def __init__(self, path: Path, intake: Intake) -> None:
        self._path = path
        self._intake = intake
        self._before: dict[str, Seen] = {}
        self._stuck: dict[str, Seen] = {}
        """Files that were dealt with and could not be moved: not again until they change."""

    def prepare(self) -> None:
        """Make the folder and the two in it; OSError when that cannot be."""
        for folder in (self._path, self._path / DONE, self._path / REFUSED):
            folder.mkdir(parents=True, exist_ok=True)

    async def look(self) -> list[Taken]:
        """Take in what has not changed since the last look: each kind in its turn, then by name."""
        seen = await asyncio.to_thread(self._see)
        still = [name for name, how in seen.items() if self._before.get(name) == how]
        self._before = seen
        self._stuck = {name: how for name, how in self._stuck.items() if seen.get(name) == how}
        free = [name for name in still if name not in self._stuck]
        in_turn = await asyncio.to_thread(sorted, free, key=self._turn)
        return [await self._take(name, seen[name]) for name in in_turn]

    def _turn(self, name: str) -> tuple[int, str]:
        """What bills are matched with comes before them, and what they bring about after them."""
        with (self._path / name).open("rb") as file:
            return IN_TURN.index(content_of(file)), name

    def _see(self) -> dict[str, Seen]:
        found: dict[str, Seen] = {}
        with os.scandir(self._path) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~")) or entry.name.lower().endswith(UNFINISHED):
                    continue
                known = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(known.st_mode):
                    found[entry.name] = Seen(known.st_size, known.st_mtime_ns)
        return found

    async def _take(self, name: str, how: Seen) -> Taken:
        path = self._path / name
        with path.open("rb") as file:
            if how.size > MOST_BYTES:
                taken = await self._intake.refuse_unread(name, BY, TOO_LARGE)
            else:
                taken = await self._intake.take(file, name, BY)
        try:
            await asyncio.to_thread(self._put_away, path, taken)
        except OSError as error:
            self._stuck[name] = how
            logger.error("%s is dealt with and cannot be moved: %s", name, error)
        said = "again" if taken.again else taken.arrival.refusal or f"{taken.arrival.rows} rows"
        logger.info("%s: %s", name, said)
        return taken

    def _put_away(self, path: Path, taken: Taken) -> None:
        folder = self._path / (DONE if taken.arrival.accepted else REFUSED)
        goal = folder / path.name
        if goal.exists():
            goal = folder / f"{path.stem}.{taken.arrival.checksum[:12]}{path.suffix}"
        if not taken.arrival.accepted:
            zh, en = both(taken.arrival.refusal)
            goal.with_name(f"{goal.name}.txt").write_text(f"{zh}\n{en}\n", encoding="utf-8-sig")
        path.replace(goal)
