"""RFC 9457 problem documents: what a caller is told when a request cannot be served."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Mapping, Optional

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.errors import Conflict, HelpdeskError, InvalidInput, NotFound, RetryLater, TooManyTries

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}


class ProblemResponse(JSONResponse):
    """A problem document's answer."""

    media_type = "application/problem+json"


class Problem(Exception):
    """A request ends here: `code` is for programs, `detail` for the person who reads their log."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Optional[Mapping[str, str]] = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self, **members: Any) -> ProblemResponse:
        """The document as an answer."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **members,
        }
        return ProblemResponse(document, self.status, self.headers)


def problem_of(error: Exception) -> Problem:
    """The problem that tells a caller about `error`, never more than they may know."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        code = CODES.get(error.status_code, "http_error")
        return Problem(error.status_code, code, error.detail, error.headers)
    if isinstance(error, HelpdeskError):
        return _of_helpdesk_error(error)
    return Problem(500, "internal_error", "The request failed; the error was logged.")


def _of_helpdesk_error(error: HelpdeskError) -> Problem:
    if isinstance(error, InvalidInput):
        return Problem(400, f"invalid_{error.code}", str(error))
    if isinstance(error, NotFound):
        return Problem(404, "not_found", "Not found")
    if isinstance(error, TooManyTries):
        wait = {"Retry-After": str(max(1, round(error.retry_after)))}
        return Problem(429, "too_many_tries", "Too many tries; try again later.", wait)
    if isinstance(error, Conflict):
        return Problem(409, "conflict", "Somebody else changed it first.")
    if isinstance(error, RetryLater):
        return Problem(503, "unavailable", "A system we depend on does not answer; try again later.")
    return Problem(500, "internal_error", "The request failed; the error was logged.")


async def answer_problem(request: Request, error: Exception) -> ProblemResponse:
    """Starlette's handler for every error this module knows."""
    problem = problem_of(error)
    return problem.response(request_id=getattr(request.state, "request_id", ""))
