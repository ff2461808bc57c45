"""The two sides as whole processes: started, measured and ended the same way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOCK = ROOT / "benchmarks" / "stock"
GRACE = 20.0


@dataclass
class Peer:
    """A running side: where it answers, and the processes it is made of."""

    url: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def memory(self) -> int:
        """Bytes of memory that belong to these processes and their children (proportional set size)."""
        return sum(_pss(pid) for one in self.processes for pid in _family(one.pid))

    def end(self) -> None:
        """Asks every process to end, and makes it."""
        for one in reversed(self.processes):
            one.send_signal(signal.SIGTERM)
        for one in reversed(self.processes):
            try:
                one.wait(GRACE)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


@contextmanager
def ours(database_url: str | None = None, workers: int = 1) -> Iterator[Peer]:
    """Our product; without a URL on a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = {
            "HTTP_PORT": str(port),
            "SANDBOX_PORT": str(_free_port()),
            "DATA_DIR": folder,
            "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.sqlite",
            "MODELS_DIR": str(ROOT / "models"),
            "FLOOD_MESSAGES_PER_MINUTE": "1000000",
            "LOG_LEVEL": "error",
            "WORKERS": str(workers),
        }
        with _running([([sys.executable, "-m", "bot", "run"], environment)], port) as peer:
            yield peer


@contextmanager
def stock(python: Path, model: Path) -> Iterator[Peer]:
    """`rasa run` on its SQL tracker store, `rasa run actions` with our actions; both on SQLite files."""
    with tempfile.TemporaryDirectory() as folder:
        port, actions = _free_port(), _free_port()
        endpoints = Path(folder) / "endpoints.yml"
        endpoints.write_text(
            f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n"
            f"tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: {folder}/tracker.sqlite\n",
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
        environment = {"DATA_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/actions.sqlite"}
        commands = [(action_server, environment), (server, {})]
        with _running(commands, port) as peer:
            yield peer


@contextmanager
def _running(commands: Sequence[tuple[list[str], Mapping[str, str]]], port: int) -> Iterator[Peer]:
    peer = Peer(f"http://127.0.0.1:{port}")
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    try:
        for command, environment in commands:
            peer.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**os.environ, **quiet, **environment},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        yield peer
    finally:
        peer.end()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    if children.exists():
        for child in children.read_text().split():
            found += _family(int(child))
    return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
