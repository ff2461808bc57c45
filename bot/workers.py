"""Several processes behind one port, forked from a parent that serves nothing, started again when they die.

What all of them read (modules, the model, words) is loaded before the fork, and so in memory once. The parent
has no event loop, no thread and no connection, which a fork would tear in two.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Optional

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 9.0
"""What is left of the ten seconds that a stop may take goes to whoever has to be killed."""
STEADY_SECONDS = 10.0
"""Whoever lived so long is started again at once; others after a pause that doubles."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
TOLD = (signal.SIGTERM, signal.SIGINT)
READY = b"r"


class Tether:
    """A worker's end of the line to its parent."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def ready(self) -> None:
        """Tells the parent that this worker serves."""
        self._line.send(READY)

    def stop(self) -> asyncio.Event:
        """Set when the parent says so, or is gone: nobody else would start or stop this worker any more."""
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # of a terminal; the parent has it, too

        def parent_gone() -> None:
            loop.remove_reader(self._line)
            stop.set()

        loop.add_reader(self._line, parent_gone)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
        return stop


@dataclass(frozen=True)
class Job:
    """What one process does until it is told to stop; `work` returns its exit status.

    What others stand on is told to stop after them.
    """

    name: str
    work: Callable[[Tether], int]
    others_stand_on_it: bool = False


@dataclass
class _Worker:
    job: Job
    pid: int
    line: socket.socket
    began: float
    is_ready: bool = False
    is_told: bool = False


@dataclass(frozen=True)
class _Wait:
    """A job that nobody does before a moment."""

    job: Job
    until: float


class Workers:
    """Keeps one process at each job until SIGTERM or SIGINT."""

    def __init__(
        self, jobs: Sequence[Job], sockets: Sequence[socket.socket] = (), stop_seconds: float = STOP_SECONDS
    ) -> None:
        """`sockets` are what workers listen on; closed here at the stop, or callers would wait for nobody."""
        self._jobs = jobs
        self._sockets = sockets
        self._stop_seconds = stop_seconds
        self._workers: list[_Worker] = []
        self._waiting: list[_Wait] = []
        self._pauses: dict[str, float] = {}
        self._all_were_ready = False
        self._kill_at: Optional[float] = None
        self._status = 0

    def run(self, ready: Callable[[], None], stopping: Callable[[], None]) -> int:
        """Calls `ready` when all serve, `stopping` when told to. Returns 0 when all ended as told, else 1.

        When one ends before all were ready, the start has failed, and everything stops.
        """
        gc.freeze()  # else the collector would write to what is shared, and make copies of it
        with _signals() as told:
            for job in self._jobs:
                self._start(job)
            while self._workers or self._waiting:
                self._look(told, stopping)
                if self._are_ready() and not self._all_were_ready and self._kill_at is None:
                    self._all_were_ready = True
                    ready()
        return self._status

    def _are_ready(self) -> bool:
        return len(self._workers) == len(self._jobs) and all(worker.is_ready for worker in self._workers)

    def _look(self, told: socket.socket, stopping: Callable[[], None]) -> None:
        lines = {worker.line: worker for worker in self._workers}
        found, _, _ = select.select([told, *lines], [], [], self._seconds())
        for one in found:
            if one is told:
                told.recv(64)
                if self._kill_at is None:
                    stopping()
                self._stop()
            else:
                self._heard(lines[one])
        now = time.monotonic()
        if self._kill_at is None:
            self._start_due(now)
        elif now >= self._kill_at:
            self._kill()

    def _seconds(self) -> Optional[float]:
        """Until something has to be done unasked."""
        moments = [wait.until for wait in self._waiting]
        if self._kill_at is not None:
            moments.append(self._kill_at)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _start_due(self, now: float) -> None:
        due = [wait for wait in self._waiting if wait.until <= now]
        self._waiting = [wait for wait in self._waiting if wait.until > now]
        for wait in due:
            self._start(wait.job)

    def _start(self, job: Job) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in between is delivered when the worker has an ear for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._be(job, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)
        theirs.close()
        self._workers.append(_Worker(job, pid, ours, time.monotonic()))

    def _be(self, job: Job, line: socket.socket) -> NoReturn:
        """The worker, from here to its end."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for other in self._workers:
                other.line.close()  # held here, it would not tell of the parent's end
            status = job.work(Tether(line))
        except BaseException:
            log.exception("worker_failed", worker=job.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _heard(self, worker: _Worker) -> None:
        if worker.line.recv(1) == READY:
            worker.is_ready = True
            return
        worker.line.close()
        self._workers.remove(worker)
        _, ended = os.waitpid(worker.pid, 0)
        self._ended(worker, os.waitstatus_to_exitcode(ended))

    def _ended(self, worker: _Worker, status: int) -> None:
        if self._kill_at is not None:
            self._status = self._status or int(status != 0)
            self._tell()
        elif not self._all_were_ready:
            log.error("worker_not_started", worker=worker.job.name, status=status)
            self._status = 1
            self._stop()
        else:
            pause = self._pause(worker)
            log.error("worker_ended", worker=worker.job.name, status=status, started_again_in=pause)
            self._waiting.append(_Wait(worker.job, time.monotonic() + pause))

    def _pause(self, worker: _Worker) -> float:
        """Seconds: none, unless it died at once; then twice the pause before."""
        before = self._pauses.pop(worker.job.name, 0.0)
        if time.monotonic() - worker.began >= STEADY_SECONDS:
            return 0.0
        pause = min(LONGEST_PAUSE, before * 2) if before else FIRST_PAUSE
        self._pauses[worker.job.name] = pause
        return pause

    def _stop(self) -> None:
        if self._kill_at is None:
            self._kill_at = time.monotonic() + self._stop_seconds
            self._waiting = []
            for one in self._sockets:
                one.close()
            self._tell()

    def _tell(self) -> None:
        """Tells those that nobody stands on any more."""
        first = [worker for worker in self._workers if not worker.job.others_stand_on_it]
        for worker in first or self._workers:
            # Once: one that is ending has no ear any more, and would die of the second.
            if not worker.is_told:
                worker.is_told = True
                os.kill(worker.pid, signal.SIGTERM)

    def _kill(self) -> None:
        for worker in self._workers:
            log.error("worker_killed", worker=worker.job.name)
            os.kill(worker.pid, signal.SIGKILL)
        self._kill_at = time.monotonic() + self._stop_seconds


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that can be read when the parent was told to stop."""
    told, ear = socket.socketpair()
    ear.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in TOLD}
    signal.set_wakeup_fd(ear.fileno())
    try:
        yield told
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()
        ear.close()
