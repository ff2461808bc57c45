"""telemelya with what it stands on (Redis, moto's S3), each on a loopback port of its own."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.doubles.whole_product import free_port

START_SECONDS = 30.0
REPLY_SECONDS = 20.0
KEY = "a-key"


class Emulator:
    """Residents' side of telemelya."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)

    def resident(self, chat_id: int) -> Resident:
        """Somebody with a chat of their own."""
        return Resident(self._http, self._token, chat_id)

    def webhook(self) -> str:
        """The address that the bot registered; empty before."""
        info = self._http.post(f"/bot{self._token}/getWebhookInfo").json()
        return str((info.get("result") or {}).get("url") or "")

    def is_healthy(self) -> bool:
        """Whether it answers, and Redis and S3 behind it."""
        try:
            return bool(self._http.get("/api/v1/test/health").json()["ok"])
        except (httpx.HTTPError, ValueError, KeyError):
            return False


class Resident:
    """One private chat."""

    def __init__(self, http: httpx.Client, token: str, chat_id: int) -> None:
        self._http = http
        self._token = token
        self._chat_id = chat_id
        self._session = {"X-Test-Session": uuid.uuid4().hex}
        self._heard = 0

    def says(self, text: str) -> list[dict[str, Any]]:
        """Writes, and returns the messages that came back."""
        return self._sends(text=text)

    def presses(self, reply: dict[str, Any], title: str) -> list[dict[str, Any]]:
        """Presses a button under a message, and returns what came back."""
        buttons = [button for row in reply["reply_markup"]["inline_keyboard"] for button in row]
        data = next(button["callback_data"] for button in buttons if button["text"] == title)
        return self._sends(callback_data=data, callback_message_id=reply["message_id"])

    def sends_photo(self, content: bytes) -> list[dict[str, Any]]:
        """Sends a picture, and returns what came back."""
        files = {"file": ("receipt.jpg", content, "image/jpeg")}
        uploaded = self._http.post("/api/v1/test/upload_media", files=files, headers=self._session)
        uploaded.raise_for_status()
        return self._sends(photo_file_id=uploaded.json()["file_id"], text="")

    def _sends(self, **content: Any) -> list[dict[str, Any]]:
        answer = self._http.post(
            "/api/v1/test/send_update",
            params={"bot_token": self._token},
            json={"chat_id": self._chat_id, **content},
            headers=self._session,
        )
        answer.raise_for_status()
        assert answer.json()["delivery"]["status_code"] == 200, answer.text
        return self._replies()

    def _replies(self) -> list[dict[str, Any]]:
        def said() -> list[dict[str, Any]]:
            found = self._http.get("/api/v1/test/responses", headers=self._session).json()["responses"]
            return [one for one in found if one["method"] == "sendMessage"][self._heard :]

        wait_until(lambda: bool(said()), REPLY_SECONDS)
        time.sleep(1.5)  # a second message of the same answer may follow: one a second in a chat
        replies = said()
        self._heard += len(replies)
        return replies


@contextmanager
def running_emulator(programs: Path, folder: Path, token: str) -> Iterator[Emulator]:
    """Starts all three, and ends them."""
    redis, s3, own = free_port(), free_port(), free_port()
    environment = {
        **os.environ,
        "MOCK_SERVER_HOST": "127.0.0.1",
        "MOCK_SERVER_PORT": str(own),
        "MOCK_SERVER_URL": f"http://127.0.0.1:{own}",
        "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "MINIO_ENDPOINT": f"127.0.0.1:{s3}",
        "AUTH_KEYS": KEY,
    }
    with ExitStack() as stack:
        stack.enter_context(
            _process("redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", "", cwd=folder)
        )
        stack.enter_context(_process(programs / "moto_server", "-H", "127.0.0.1", "-p", str(s3), cwd=folder))
        wait_until(lambda: _answers(f"http://127.0.0.1:{s3}/moto-api/"), START_SECONDS)
        stack.enter_context(_process(programs / "telemelya-server", cwd=folder, env=environment))
        emulator = Emulator(f"http://127.0.0.1:{own}", token)
        wait_until(emulator.is_healthy, START_SECONDS)
        yield emulator


@contextmanager
def _process(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Iterator[None]:
    with (cwd / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.HTTPError:
        return False


def wait_until(condition: Any, seconds: float) -> None:
    """Returns when the condition holds; raises AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not seen in time")
        time.sleep(0.1)
