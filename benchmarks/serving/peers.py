"""The two sides as whole processes: started, weighed and ended the same way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.databases import Database

ROOT = Path(__file__).resolve().parents[2]
STOCK = ROOT / "benchmarks" / "stock"
GRACE = 20.0
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "LOG_LEVEL": "ERROR",
    "PYTHONDONTWRITEBYTECODE": "",  # each side may keep what it compiled
}

ONE_THREAD = {"TF_INTRA_OP_PARALLELISM_THREADS": "1", "TF_INTER_OP_PARALLELISM_THREADS": "1"}
SETTLE = 30.0
"""One of several workers of Rasa's may answer while another one still loads."""

Start = Callable[[], AbstractContextManager["Peer"]]


@dataclass
class Peer:
    """A running side: where it answers, and the processes it is made of."""

    url: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    settle: float = 0.0
    """Seconds from the first answer until every process serves."""

    def memory(self) -> int:
        """Bytes of memory that belong to these processes and their children (proportional set size)."""
        return sum(_pss(pid) for pid in self._everybody())

    def end(self) -> None:
        """Asks every process to end, and makes it and its children."""
        everybody = self._everybody()
        for one in reversed(self.processes):
            one.send_signal(signal.SIGTERM)
        for one in reversed(self.processes):
            try:
                one.wait(GRACE)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
        for pid in everybody:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _everybody(self) -> list[int]:
        return [pid for one in self.processes for pid in _family(one.pid)]


@contextmanager
def ours(database: Database, workers: int = 1, seeded: str | None = None) -> Iterator[Peer]:
    """Our product on a new database, or on the one at the URL `seeded`."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            "HTTP_PORT": str(port),
            "SANDBOX_PORT": str(free_port()),
            "DATA_DIR": folder,
            "DATABASE_URL": seeded or database.url(folder),
            "MODELS_DIR": str(ROOT / "models"),
            "FLOOD_MESSAGES_PER_MINUTE": "1000000",
            "WORKERS": str(workers),
        }
        with _running([([sys.executable, "-m", "bot", "run"], environment)], port, folder) as peer:
            yield peer


@contextmanager
def stock(python: Path, model: Path, database: Database, workers: int = 1, redis: int = 0) -> Iterator[Peer]:
    """`rasa run` on its SQL tracker store, `rasa run actions` with our actions.

    The actions run in our environment, which is smaller than Rasa's: in favour of the stock side. More than
    one worker needs a Redis server, on the port `redis`; each of them gets one of TensorFlow's threads, for
    it has one core.
    """
    with tempfile.TemporaryDirectory() as folder:
        port, actions = free_port(), free_port()
        endpoints = Path(folder) / "endpoints.yml"
        endpoints.write_text(
            f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n"
            f"tracker_store:\n{database.tracker_store(folder)}"
            + (f"lock_store:\n  type: redis\n  url: 127.0.0.1\n  port: {redis}\n" if redis else ""),
            encoding="utf-8",
        )
        server = [
            str(python), "-m", "rasa", "run", "--model", str(model), "--endpoints", str(endpoints),
            "--credentials", str(STOCK / "credentials.yml"), "--port", str(port), "--interface", "127.0.0.1",
        ]  # fmt: skip
        action_server = [
            sys.executable, "-m", "bot.dialogue.rasa_cli", "run", "actions", "--actions", "actions",
            "--port", str(actions),
        ]  # fmt: skip
        commands = [
            (action_server, {"DATA_DIR": folder, "DATABASE_URL": database.url(folder)}),
            (server, {"SANIC_WORKERS": str(workers)} | (ONE_THREAD if workers > 1 else {})),
        ]
        with _running(commands, port, folder) as peer:
            peer.settle = SETTLE if workers > 1 else 0.0
            yield peer


def _surroundings() -> dict[str, str]:
    """This process's environment, but for what would keep a side from taking the processor as it is."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | QUIET


@contextmanager
def _running(
    commands: Sequence[tuple[list[str], Mapping[str, str]]], port: int, folder: str
) -> Iterator[Peer]:
    peer = Peer(f"http://127.0.0.1:{port}")
    with (Path(folder) / "log").open("wb") as log:
        try:
            for command, environment in commands:
                peer.processes.append(
                    subprocess.Popen(
                        command, cwd=ROOT, env={**_surroundings(), **environment}, stdout=log, stderr=log
                    )
                )
            yield peer
        except Exception:
            sys.stderr.write((Path(folder) / "log").read_text(errors="replace")[-200000:])
            raise
        finally:
            peer.end()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    with suppress(FileNotFoundError, ProcessLookupError):
        for child in children.read_text().split():
            found += _family(int(child))
    return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
