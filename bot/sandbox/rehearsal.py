"""A generated day through the real door: a server with a database and a folder, killed again and again."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

from bot.sandbox.books.ledger import Ledger
from bot.sandbox.bulk import Matched
from bot.sandbox.casework import Casework
from bot.sandbox.clock import wall_clock
from bot.sandbox.folder import DONE, REFUSED
from bot.sandbox.generator.files import BILLS, INCIDENTS, NOTICES, PAYMENTS
from bot.sandbox.keys import RESIDENT_NAME, STAFF_NAME
from bot.sandbox.match_day import GOOD_RECALL, Score, closing_of, compare, truths_in
from bot.sandbox.report import report_of
from bot.sandbox.store.store import Store

LOOK = 0.02
"""Small files take a twentieth of a second: a kill has to fall among them."""
PATIENCE = 3600
KEYS = {RESIDENT_NAME: "rehearsal-resident-key", STAFF_NAME: "rehearsal-staff-key"}


class WentWrong(Exception):
    """The server did not do what it should; the text says what."""


@dataclass
class Rehearsed:
    """What came of it: seconds in all, seconds until each start answered, and the most memory in bytes."""

    score: Score
    ledger: Ledger
    files: int
    kills: int
    seconds: float
    starts: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    conserved: bool = False

    @property
    def good(self) -> bool:
        """Every file once, nothing booked wrongly, nearly all repaired, no fen lost."""
        once = len(self.ledger.arrivals) == self.files and all(
            one.accepted and one.worked for one in self.ledger.arrivals.values()
        )
        return once and self.conserved and self.score.precision == 1.0 and self.score.recall >= GOOD_RECALL


class Server:
    """The server as its own process, started as often as it is killed."""

    def __init__(self, database: str, bills: Path, day: date) -> None:
        self._port = _free_port()
        begin = closing_of(day).replace(tzinfo=None).isoformat()
        options = ["--database", database, "--bills", str(bills), "--begin", begin, "--port", str(self._port)]
        self._command = [sys.executable, "-m", "bot.sandbox", "serve", *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.peak_bytes = 0

    def start(self) -> float:
        """Start it; answers after how many seconds it was up."""
        began = time.monotonic()
        environment = {**os.environ, **KEYS}
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise WentWrong("the server did not start")
            time.sleep(LOOK / 4)
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/v1/health", timeout=60) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        if self._process is not None:
            self.note_memory()
            self._process.kill()
            self._process.wait()
            self._process = None

    def note_memory(self) -> None:
        """Keep the most memory that it ever held."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        self.peak_bytes = max(self.peak_bytes, int(peak.split()[1]) * 1024)


class Pace:
    """How long the file before took, in seconds: a kill within that time falls into the next one."""

    def __init__(self) -> None:
        self.last_file = LOOK
        self._done = 0
        self._since: float | None = None

    def saw(self, done: int) -> None:
        """So many files are done by now."""
        if done == self._done:
            return
        now = time.monotonic()
        if self._since is not None:
            self.last_file = (now - self._since) / (done - self._done)
        self._done, self._since = done, now


def rehearse(generated: Path, day: date, database: str, work: Path, kills: int, seed: int) -> Rehearsed:
    """Drop the day's files in and kill the server `kills` times while it works on them."""
    bills, files = work / "bills", _files(generated)
    bills.mkdir(parents=True)
    server, dice = Server(database, bills, day), Random(seed)
    began = time.monotonic()
    starts = [server.start()]
    _drop(files, bills)
    killed = 0
    at_files = sorted(dice.sample(range(len(files) - 1), min(kills, len(files) - 1)))
    pace = Pace()
    try:
        while (done := _done(bills)) < len(files):
            pace.saw(done)
            if killed < len(at_files) and done >= at_files[killed]:
                time.sleep(dice.random() * pace.last_file)
                server.kill()
                starts.append(server.start())
                killed += 1
            if any((bills / REFUSED).iterdir()) or time.monotonic() - began > PATIENCE:
                raise WentWrong("a file was refused, or it took too long")
            time.sleep(LOOK)
        seconds = time.monotonic() - began
    finally:
        server.kill()
    ledger = asyncio.run(_load(database))
    score = compare(Matched(ledger=ledger), truths_in(generated))
    rehearsed = Rehearsed(score, ledger, len(files), killed, seconds, starts, server.peak_bytes)
    rehearsed.conserved = asyncio.run(_conserved(ledger))
    return rehearsed


def _files(generated: Path) -> list[Path]:
    books = [generated / name for name in (NOTICES, PAYMENTS, INCIDENTS)]
    return [*books, *sorted((generated / BILLS).iterdir())]


def _drop(files: list[Path], bills: Path) -> None:
    """All at once, as one would move them in: what bills are matched with is there when they are."""
    for file in files:
        shutil.copy(file, bills / f".{file.name}")
    for file in files:
        (bills / f".{file.name}").rename(bills / file.name)


def _done(bills: Path) -> int:
    return sum(1 for _ in (bills / DONE).iterdir())


async def _load(database: str) -> Ledger:
    store = await Store.open(database, writes=False)
    try:
        return await store.load(wall_clock())
    finally:
        await store.close()


async def _conserved(ledger: Ledger) -> bool:
    """Whether every bill's fen are in its classes, and every line in one bill."""
    casework = Casework(ledger, lambda: None, issues=None)
    days = {bill.day for bill in ledger.bills.values()}
    reports = [await report_of(casework, day, wall_clock()) for day in sorted(days)]
    moved = sum(line.signed for line in ledger.lines)
    return all(one.classed == one.total for one in reports) and sum(one.total for one in reports) == moved


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def rehearsal_table(rehearsed: Rehearsed) -> str:
    """What came out, for a terminal."""
    score = rehearsed.score
    starts = ", ".join(f"{seconds:.1f}" for seconds in rehearsed.starts)
    rows = [
        f"files {rehearsed.files}   kills {rehearsed.kills}   {rehearsed.seconds:.1f} s",
        f"starts after (s) {starts}",
        f"memory at most {rehearsed.peak_bytes / 2**20:,.0f} MiB",
        f"payments {len(rehearsed.ledger.payments):,}   lines {len(rehearsed.ledger.lines):,}",
        f"automatic matches {score.booked:,}   precision {score.precision:.6f}",
        f"repairable {score.repairable:,}   repaired {score.repaired:,}   recall {score.recall:.6f}",
        f"for a person {score.to_explain:,}   with the true reason {score.explained:,}",
        f"every file once, every fen in one class: {'yes' if rehearsed.good else 'NO'}",
    ]
    return "\n".join(rows)
