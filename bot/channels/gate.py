"""What every request passes on its way in and out: an id, security headers, a count, a last net."""

from __future__ import annotations

import re
import time
import uuid
from functools import cache
from typing import Any, Awaitable, Callable, MutableMapping

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

REQUESTS = Counter("helpdesk_http_requests_total", "HTTP requests answered", ["endpoint", "status"])
SECONDS = Histogram("helpdesk_http_request_seconds", "Time until an HTTP answer was complete", ["endpoint"])

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
Answer = Callable[[Request, Exception], Awaitable[Response]]
"""Says what went wrong, in the way that the caller reads."""

REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Gate:
    """Outermost middleware; plain ASGI, so that event streams flow through untouched."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        passage = _Passage(request_id, send)
        started = time.perf_counter()
        try:
            await self._app(scope, receive, passage.send)
        except ClientDisconnect:
            log.debug("client_left", request_id=request_id)
        except Exception as error:
            log.exception("request_failed", request_id=request_id, method=scope["method"])
            if not passage.status:  # Else the server sees an unfinished answer and closes the connection.
                response = await self._answer(Request(scope), error)
                await response(scope, receive, passage.send)
        finally:
            endpoint = _endpoint(scope)
            _requests(endpoint, passage.status).inc()
            _seconds(endpoint).observe(time.perf_counter() - started)


@cache
def _requests(endpoint: str, status: int) -> Counter:
    return REQUESTS.labels(endpoint, str(status))


@cache
def _seconds(endpoint: str) -> Histogram:
    return SECONDS.labels(endpoint)


class _Passage:
    """One answer on its way out."""

    def __init__(self, request_id: str, send: Send) -> None:
        self._request_id = request_id
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        """Adds the headers to an answer's start."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers["X-Request-ID"] = self._request_id
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
        await self._send(message)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _endpoint(scope: MutableMapping[str, Any]) -> str:
    # The path itself would make a new time series for every conversation.
    return str(getattr(scope.get("endpoint"), "__name__", "none"))
