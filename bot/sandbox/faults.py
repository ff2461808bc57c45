"""Faults on demand: what can go wrong between the bot and the bureau.

Faults touch only the contract's `/v1/` paths, never the admin calls. `/v1/health` shares the faults of the
whole service (outage, latency, errors, malformed answers) and uses up none of `next_requests`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.problems import InMaintenance, Problem, RateLimited, Unauthorized

HEALTH = "/v1/health"


class Outage(str, Enum):
    """How the service is away."""

    UNAVAILABLE = "unavailable"
    """503 from the gateway, in HTML."""
    DROP = "drop"
    """The connection breaks; nothing was done."""
    LOST_ANSWER = "lost_answer"
    """The request is carried out, then the connection breaks."""


class Malformed(str, Enum):
    """How an answer breaks the contract; the request itself is carried out."""

    TRUNCATED = "truncated"
    """The true body, cut in half."""
    HTML = "html"
    """A login page with status 200."""
    WRONG_SHAPE = "wrong_shape"
    """JSON of another system."""
    UNKNOWN_STATE = "unknown_state"
    """The true body, with each `state` one that the contract does not know."""


@dataclass(frozen=True)
class Window:
    """An announced maintenance window, in sandbox time."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether the service is closed at `now`."""
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True)
class Faults:
    """What goes wrong; the default is nothing. Times in seconds, rates 0 to 1."""

    latency_seconds: float = 0.0
    error_rate: float = 0.0
    error_status: int = 500
    outage: Outage | None = None
    malformed: Malformed | None = None
    rate_limit_retry_after: int | None = None
    unauthorized: bool = False
    maintenance: Window | None = None
    next_requests: int | None = None
    seed: int = 0

    @property
    def active(self) -> bool:
        """Whether anything may go wrong."""
        return replace(self, error_status=500, next_requests=None, seed=0) != Faults()


class FaultBox:
    """The faults in force, how many requests they still meet, and the seeded dice."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._dice = random.Random(0)

    def set(self, faults: Faults) -> None:
        """Replace all faults; the dice start again from `faults.seed`."""
        self.faults = faults
        self._dice = random.Random(faults.seed)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.set(Faults())

    def meet(self, path: str) -> Faults:
        """The faults this request meets; counts it unless it asks for health."""
        met = self.faults
        if path == HEALTH:
            return replace(met, rate_limit_retry_after=None, unauthorized=False, maintenance=None)
        if met.next_requests is not None:
            left = met.next_requests - 1
            self.faults = replace(met, next_requests=left) if left else Faults()
        return met

    def strikes(self, rate: float) -> bool:
        """Whether an error of this rate happens now."""
        return rate > 0 and self._dice.random() < rate


class FaultInjection:
    """ASGI middleware that lets requests under `/v1/` meet the faults in the box."""

    def __init__(self, app: ASGIApp, box: FaultBox, now: Callable[[], datetime]) -> None:
        self._app = app
        self._box = box
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/") or not self._box.faults.active:
            await self._app(scope, receive, send)
            return
        met = self._box.meet(scope["path"])
        await asyncio.sleep(met.latency_seconds)
        refusal = self._refusal(met)
        if met.outage is Outage.DROP:
            await _drop(send)
        elif refusal is not None:
            await refusal(scope, receive, send)
        else:
            await self._spoiled(met, scope, receive, send)

    def _refusal(self, met: Faults) -> Response | None:
        """The answer given instead of doing what was asked; None when the request goes through."""
        if met.outage is Outage.UNAVAILABLE:
            return HTMLResponse("<h1>503 Service Temporarily Unavailable</h1>", 503)
        if met.maintenance is not None and met.maintenance.holds(self._now()):
            return _closed(met.maintenance, self._now())
        if met.rate_limit_retry_after is not None:
            headers = {"Retry-After": str(met.rate_limit_retry_after)}
            return RateLimited("too many requests", headers=headers).response()
        if met.unauthorized:
            return Unauthorized("the key was refused", headers={"WWW-Authenticate": "Bearer"}).response()
        if self._box.strikes(met.error_rate):
            return Problem("an injected fault", status=met.error_status).response()
        return None

    async def _spoiled(self, met: Faults, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, then lose or spoil the answer."""
        if met.outage is not Outage.LOST_ANSWER and met.malformed is None:
            await self._app(scope, receive, send)
            return
        answer = _Recorded()
        await self._app(scope, receive, answer)
        if met.outage is Outage.LOST_ANSWER or met.malformed is None:
            await _drop(send)
        else:
            await malformed_answer(met.malformed, answer.status, answer.body)(scope, receive, send)


class _Recorded:
    """A `send` that keeps the answer."""

    def __init__(self) -> None:
        self.status = 500
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")


def malformed_answer(kind: Malformed, status: int, body: bytes) -> Response:
    """The answer, broken in this way."""
    if kind is Malformed.TRUNCATED:
        return Response(body[: len(body) // 2], status, media_type="application/json")
    if kind is Malformed.HTML:
        return HTMLResponse("<!doctype html><title>登录</title><p>请登录内网 / Please log in")
    if kind is Malformed.WRONG_SHAPE:
        return JSONResponse({"errcode": 0, "errmsg": "ok", "data": []})
    return JSONResponse(_in_unknown_state(json.loads(body)), status)


def _in_unknown_state(value: object) -> object:
    if isinstance(value, dict):
        changed = {key: _in_unknown_state(inner) for key, inner in value.items()}
        lost = {key: "in_orbit" for key in ("state", "status") if isinstance(value.get(key), str)}
        return {**changed, **lost}
    return [_in_unknown_state(inner) for inner in value] if isinstance(value, list) else value


def _closed(window: Window, now: datetime) -> Response:
    left = max(1, int((window.ends_at - now) / timedelta(seconds=1)))
    says = {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat()}
    detail = f"closed for maintenance until {window.ends_at.isoformat()}"
    return InMaintenance(detail, headers={"Retry-After": str(left)}, says=says).response()


async def _drop(send: Send) -> None:
    """Promise a body and send none: the server then breaks the connection."""
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    headers = MutableHeaders(raw=start["headers"])
    headers["content-type"] = "application/json"
    headers["content-length"] = "1024"
    start["headers"] = headers.raw
    await send(start)
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
