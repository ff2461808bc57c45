"""The reconciliation system as a process of its own, which no kill touches."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import httpx

from bot.sandbox.keys import RESIDENT_KEY
from tests.doubles.whole_product import ROOT, free_port

START_SECONDS = 30.0


class SeparateBureau:
    """`python -m bot.sandbox` on a port of its own."""

    def __init__(self) -> None:
        self._port = free_port()
        self._http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {RESIDENT_KEY}"})

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """What the product needs to know of it."""
        return {"RECONCILIATION_API_URL": self.url, "RECONCILIATION_API_KEY": RESIDENT_KEY}

    def __enter__(self) -> SeparateBureau:
        self.start()
        self._first_day = self._day()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._http.close()

    def start(self) -> None:
        """Starts it, with fresh books, and returns once it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.sandbox", "--port", str(self._port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._until_healthy()

    def stop(self) -> None:
        """Nobody answers there any more."""
        self._process.terminate()
        self._process.wait(10)

    def requests(self) -> list[str]:
        """The serial numbers that reconciliation was requested for, one for each request."""
        return list(self._requests())

    def admin(self, method: str, path: str, body: object = None) -> None:
        """One of the sandbox's own calls."""
        self._http.request(method, f"/sandbox{path}", json=body).raise_for_status()

    def _requests(self) -> Iterator[str]:
        number = 1
        while True:
            days = dict.fromkeys((self._first_day, self._day()))
            answers = [self._http.get(f"/v1/reconciliation-requests/RR{d}{number:06d}") for d in days]
            found = next((answer for answer in answers if answer.status_code == 200), None)
            if found is None:
                return
            yield found.json()["serial_number"]
            number += 1

    def _day(self) -> str:
        return str(self._http.get("/sandbox/clock").json()["now"])[:10].replace("-", "")

    def _until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self._http.get("/v1/health").raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError("the sandbox did not start")
