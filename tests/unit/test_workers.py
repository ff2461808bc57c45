"""Workers are kept at their jobs, told to stop in order, and missed when they die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable

import pytest

from tests.doubles.whole_product import ROOT

PARENT = """
import asyncio, os, signal, sys, time
from bot.workers import Job, Workers

def write(words):
    os.write(1, (words + "\\n").encode())

async def serve(name, tether, seconds=0.0):
    stop = tether.stop()
    write(f"{name} {os.getpid()}")
    tether.ready()
    await stop.wait()
    await asyncio.sleep(seconds)
    write(f"{name} ends")
    return 0

def steady(name, seconds=0.0, stands=False):
    return Job(name, lambda tether: asyncio.run(serve(name, tether, seconds)), stands)

def ready():
    write("ready")

def stopping():
    write("stopping")
"""


class Parent:
    """A parent in a process of its own, whose jobs are given as code."""

    def __init__(self, code: str) -> None:
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", PARENT + textwrap.dedent(code)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.said.append(line.strip())

    def until(self, condition: Callable[[], object]) -> None:
        """Returns when it is so."""
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.01)

    def heard(self, words: str) -> None:
        """Returns when a line was written."""
        self.until(lambda: words in self.said)

    def pids(self, name: str) -> list[int]:
        """The processes that were at a job, first to last."""
        return [
            int(words[1]) for line in self.said if (words := line.split())[0] == name and words[1].isdigit()
        ]

    def send(self, number: signal.Signals) -> None:
        """A signal to the parent."""
        self._process.send_signal(number)

    def status(self) -> int:
        """Its exit status, and everything that wrote to its output has ended."""
        status = self._process.wait(20)
        self._reader.join(20)
        assert not self._reader.is_alive()
        return status


def test_all_are_told_to_stop_and_what_they_stand_on_last() -> None:
    parent = Parent(
        """
        jobs = [steady("base", stands=True), steady("one"), steady("two", 0.3)]
        sys.exit(Workers(jobs).run(ready, stopping))
        """
    )
    parent.heard("ready")
    parent.send(signal.SIGTERM)
    assert parent.status() == 0
    assert parent.said[-4:] == ["stopping", "one ends", "two ends", "base ends"]


def test_one_who_is_just_ending_is_not_told_again_when_another_has_ended() -> None:
    parent = Parent(
        """
        def lingers(tether):
            asyncio.run(serve("slow", tether))  # from here on it has no ear for a signal
            time.sleep(1)
            return 0

        sys.exit(Workers([steady("one", 0.3), Job("slow", lingers)]).run(ready, stopping))
        """
    )
    parent.heard("ready")
    parent.send(signal.SIGTERM)
    assert parent.status() == 0


def test_whoever_dies_is_started_again_and_the_others_go_on() -> None:
    parent = Parent('sys.exit(Workers([steady("one"), steady("two")]).run(ready, stopping))')
    parent.heard("ready")
    os.kill(parent.pids("one")[0], signal.SIGKILL)
    parent.until(lambda: len(parent.pids("one")) == 2)
    assert len(parent.pids("two")) == 1
    parent.send(signal.SIGINT)
    assert parent.status() == 0
    assert parent.said.count("ready") == 1


def test_whoever_cannot_start_ends_the_start_with_status_1() -> None:
    parent = Parent(
        """
        def broken(tether):
            raise RuntimeError
        sys.exit(Workers([steady("one"), Job("two", broken)]).run(ready, stopping))
        """
    )
    assert parent.status() == 1
    assert "ready" not in parent.said
    assert parent.said[-1] == "one ends"


def test_whoever_does_not_stop_is_killed_and_that_is_no_success() -> None:
    parent = Parent(
        """
        jobs = [steady("deaf", 60), steady("one")]
        sys.exit(Workers(jobs, stop_seconds=0.3).run(ready, stopping))
        """
    )
    parent.heard("ready")
    parent.send(signal.SIGTERM)
    assert parent.status() == 1
    assert "one ends" in parent.said
    assert "deaf ends" not in parent.said


def test_workers_end_when_their_parent_is_gone() -> None:
    parent = Parent('sys.exit(Workers([steady("one"), steady("two")]).run(ready, stopping))')
    parent.heard("ready")
    parent.send(signal.SIGKILL)
    parent.status()
    assert sorted(parent.said[-2:]) == ["one ends", "two ends"]


def test_pauses_double_for_whoever_dies_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import workers

    now = [0.0]
    monkeypatch.setattr(workers.time, "monotonic", lambda: now[0])
    made = workers.Workers([])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = workers._Worker(workers.Job("one", lambda _: 0), 0, ours, began=0.0)
        assert [made._pause(worker) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
        now[0] = workers.STEADY_SECONDS
        assert made._pause(worker) == 0


def test_a_worker_hears_a_signal_that_came_while_it_started() -> None:
    parent = Parent(
        """
        def slow(tether):
            write("begun 0")
            time.sleep(0.5)
            return asyncio.run(serve("one", tether))
        sys.exit(Workers([Job("one", slow)]).run(ready, stopping))
        """
    )
    parent.heard("begun 0")
    parent.send(signal.SIGTERM)
    assert parent.status() == 0
    assert parent.said[-1] == "one ends"


def test_a_socket_is_closed_at_the_stop() -> None:
    parent = Parent(
        """
        import socket
        listening = socket.create_server(("127.0.0.1", 0))
        write(f"port {listening.getsockname()[1]}")

        async def work(tether):
            stop = tether.stop()
            tether.ready()
            await stop.wait()
            listening.close()
            write("closed 0")
            await asyncio.sleep(1)
            return 0

        job = Job("one", lambda tether: asyncio.run(work(tether)))
        sys.exit(Workers([job], [listening]).run(ready, stopping))
        """
    )
    parent.heard("ready")
    [port] = parent.pids("port")
    parent.send(signal.SIGTERM)
    parent.heard("closed 0")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
        pass
    assert parent.status() == 0
