"""RFC 9457 problem documents with the contract's codes."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

logger = logging.getLogger(__name__)


class ProblemResponse(JSONResponse):
    """A problem document's answer."""

    media_type = "application/problem+json"


class Problem(Exception):
    """A request ends here with a problem document; `says` adds members that programs may read."""

    status = 500
    code = "internal_error"
    title = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        says: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status or self.status
        self.headers = dict(headers or {})
        self.says = dict(says or {})

    def response(self) -> ProblemResponse:
        """The document as an answer."""
        document = {"title": self.title, "status": self.status, "code": self.code, "detail": self.detail}
        return ProblemResponse({**document, **self.says}, self.status, self.headers)


class InvalidRequest(Problem):
    """400: the request has the wrong shape."""

    status, code, title = 400, "invalid_request", "Invalid request"


class Unauthorized(Problem):
    """401: no key, or not one of ours."""

    status, code, title = 401, "unauthorized", "Unauthorized"


class Forbidden(Problem):
    """403: the key lacks the scope."""

    status, code, title = 403, "forbidden", "Forbidden"


class Missing(Problem):
    """404: no payment or request goes by that number."""

    status, code, title = 404, "payment_not_found", "Not found"


class Conflicting(Problem):
    """409: somebody else was first."""

    status, code, title = 409, "conflict", "Conflict"


class RateLimited(Problem):
    """429: slow down."""

    status, code, title = 429, "rate_limited", "Too many requests"


class InMaintenance(Problem):
    """503: closed for maintenance."""

    status, code, title = 503, "maintenance", "Under maintenance"


class Away(Problem):
    """503: what the books are kept in does not answer; the caller may try again."""

    status, code, title = 503, "internal_error", "Temporarily unavailable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


async def answer_problem(request: Request, error: Exception) -> Response:
    """A problem raised by a handler."""
    assert isinstance(error, Problem)
    return error.response()


async def answer_http_error(request: Request, error: Exception) -> Response:
    """A route or method that does not exist: the caller's mistake, never a missing payment."""
    assert isinstance(error, HTTPException)
    return InvalidRequest(error.detail, status=error.status_code, headers=error.headers).response()


async def answer_bug(request: Request, error: Exception) -> Response:
    """Anything unforeseen: said as a 500, told in the log, never to the caller."""
    logger.error("the sandbox failed at %s", request.url.path, exc_info=error)
    return Problem("the sandbox failed; its log says why").response()
