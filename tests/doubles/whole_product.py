"""The whole product as an operator starts it: `python -m bot run` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0
STOP_SECONDS = 15.0


class WholeProduct:
    """Runs the bot with a database and keys of its own in `folder`; `stop` ends it as SIGTERM does."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TELEGRAM_")},
            "HTTP_PORT": str(self.port),
            "SANDBOX_PORT": str(free_port()),
            "DATABASE_URL": f"sqlite:///{folder}/helpdesk.sqlite",
            "DATA_DIR": str(folder),
            **environment,
        }
        self.output: list[str] = []
        self._ready = threading.Event()

    def __enter__(self) -> WholeProduct:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it and returns once it says that it is ready."""
        self.launch()
        self.wait()

    def launch(self, words: Sequence[str] = (sys.executable, "-m", "bot", "run")) -> None:
        """Starts it without waiting."""
        self._ready.clear()
        self._process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def wait(self) -> None:
        """Returns once it says that it is ready."""
        if not self._ready.wait(START_SECONDS):
            self._process.kill()
            raise AssertionError("not ready:\n" + "".join(self.output))

    def command(self, *words: str) -> str:
        """What `python -m bot` prints for other words, beside the running product."""
        run = (sys.executable, "-m", "bot", *words)
        ended = subprocess.run(
            run, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=START_SECONDS
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def ends(self, seconds: float) -> None:
        """Returns once it ended by itself."""
        self._process.wait(seconds)
        self._reader.join(STOP_SECONDS)

    def stop(self) -> float:
        """Sends SIGTERM; returns how many seconds it took to end."""
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return time.monotonic() - began

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where its sandbox is."""
        return self._said(r"sandbox +(http://\S+?)/ ")

    @property
    def setup_link(self) -> str:
        """The one-time link for the first account."""
        return self._said(r"first account: (http://\S+)")

    def says(self, sender: str, message: str, **more: Any) -> list[dict[str, Any]]:
        """A message over the REST channel, and its replies."""
        body = {"sender": sender, "message": message, **more}
        answer = httpx.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=30)
        answer.raise_for_status()
        replies: list[dict[str, Any]] = answer.json()
        return replies

    def says_until(self, sender: str, message: str, expected: str, seconds: float, **more: Any) -> list[str]:
        """The same message until the answer holds `expected`; returns that answer's texts."""
        deadline = time.monotonic() + seconds
        said: list[str] = []
        while time.monotonic() < deadline:
            try:
                said = [reply["text"] for reply in self.says(sender, message, **more)]
            except httpx.HTTPStatusError as error:
                said = [str(error)]
            if expected in "".join(said):
                return said
            time.sleep(0.5)
        raise AssertionError(f"{expected!r} not in {said}")

    def sandbox(self, method: str, path: str, body: Any = None) -> None:
        """An admin call to the sandbox."""
        httpx.request(method, f"{self.sandbox_url}/sandbox{path}", json=body).raise_for_status()

    def _said(self, pattern: str) -> str:
        found = re.search(pattern, "".join(self.output))
        assert found, "".join(self.output)
        return found[1]

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if line.startswith("ready") and process is self._process:
                    self._ready.set()


def texts(replies: list[dict[str, Any]]) -> list[str]:
    """What was said."""
    return [str(reply["text"]) for reply in replies]


class Agent:
    """A person at the console, over HTTP as a browser would."""

    def __init__(self, product: WholeProduct) -> None:
        # No connection outlives its request, so there is nothing to close.
        one_by_one = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=product.url, follow_redirects=True, timeout=30, limits=one_by_one)
        self._http.headers["Origin"] = product.url

    def set_up(
        self, link: str, name: str = "wangli", shown: str = "王丽", password: str = "mima-2026-hao"
    ) -> None:
        """Makes the first account through its link and logs in."""
        page = self._http.get(link)
        fields = {"name": name, "display_name": shown, "password": password, "again": password}
        self._post(str(page.url), page, fields)
        login = self._http.get("/console/login")
        if 'name="password"' in login.text:
            self._post("/console/login", login, {"name": name, "password": password})

    def list_tickets(self) -> str:
        """The list as HTML."""
        return self._http.get("/console").text

    def act(self, number: str, action: str, **fields: str) -> httpx.Response:
        """claim, reply (text), hand_back, resolve (note) or reopen."""
        page = self._http.get(f"/console/tickets/{number}")
        return self._post(f"/console/tickets/{number}/{action}", page, fields)

    def _post(self, address: str, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        answer = self._http.post(address, data={**hidden, **fields})
        answer.raise_for_status()
        return answer


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
