"""A bureau that knows nothing but the contract: it answers what it is given, and judges what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tests.conformance.conftest import serving
from tests.conformance.contract import Asked, faults_of

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """What is sent back; `promised` bytes are announced, and when fewer come the line is cut."""

    body: bytes = b"{}"
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None
    after: float = 0.0
    """Seconds before it is sent."""


def answer_of(body: Any, status: int = 200, media_type: str = JSON, **headers: str) -> Answer:
    """A JSON answer; `Retry_After="3"` names a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(body).encode(), status, media_type, named)


class ContractBureau:
    """Answers everything with `answer`; health with `health` when that is set."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.health: Answer | None = None
        self.heard: list[Asked] = []
        self.url = ""

    @property
    def faults(self) -> list[str]:
        """What was wrong with any request so far."""
        return [fault for asked in self.heard for fault in faults_of(asked)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        is_health = scope["path"] == "/v1/health"
        self.heard.append(_asked(scope, request, body))
        answer = self.health if is_health and self.health else self.answer
        await asyncio.sleep(answer.after)
        if answer.promised is None:
            response = Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
            # An answer's own content type, not Starlette's idea of it.
            response.headers["content-type"] = answer.media_type
            await response(scope, receive, send)
            return
        length = {"content-length": str(answer.promised), "content-type": answer.media_type}
        headers = [(name.encode(), value.encode()) for name, value in length.items()]
        start: Message = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})


def _asked(scope: Scope, request: Request, body: bytes) -> Asked:
    target = scope["raw_path"].decode("ascii")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("ascii")
    headers = dict(request.headers)
    return Asked(scope["method"], target, headers, body, json.loads(body) if body else None)


@contextmanager
def open_bureau() -> Iterator[ContractBureau]:
    """A bureau at its `url`, over real HTTP."""
    bureau = ContractBureau()
    server = serving(bureau)
    bureau.url = next(server)
    try:
        yield bureau
    finally:
        next(server, None)
