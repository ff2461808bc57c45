"""Reading path, query and header values; a wrong one ends in a 400 problem."""

from __future__ import annotations

import re
from datetime import date

from starlette.requests import Request

from bot.sandbox.model import State
from bot.sandbox.problems import InvalidRequest

SERIAL_NUMBER = r"[0-9A-Za-z_-]{6,64}"
LAST4 = r"[0-9]{3}[0-9Xx]"
Q_MOST = 64


def serial_number(request: Request) -> str:
    """The path's serial number."""
    value = str(request.path_params["serial_number"])
    if not re.fullmatch(SERIAL_NUMBER, value):
        raise InvalidRequest(f"serial_number must match {SERIAL_NUMBER}")
    return value


def idempotency_key(request: Request) -> str:
    """The Idempotency-Key header, 8 to 128 characters."""
    value = request.headers.get("idempotency-key", "")
    if not 8 <= len(value) <= 128:
        raise InvalidRequest("the header Idempotency-Key must have 8 to 128 characters")
    return value


def payer_id_last4(request: Request) -> str | None:
    """The claimed last four characters, upper case; None when not given."""
    value = request.query_params.get("payer_id_last4")
    if value is not None and not re.fullmatch(LAST4, value):
        raise InvalidRequest(f"payer_id_last4 must match {LAST4}")
    return value.upper() if value else None


def integer(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    value = request.query_params.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", value) or not least <= int(value) <= most:
        raise InvalidRequest(f"{name} must be a whole number from {least} to {most}")
    return int(value)


def day(request: Request, name: str) -> date | None:
    """A date, YYYY-MM-DD; None when not given."""
    value = request.query_params.get(name)
    if value is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidRequest(f"{name} must be a date, YYYY-MM-DD")


def state(request: Request) -> State | None:
    """The state to look for; None when not given."""
    value = request.query_params.get("state")
    if value is None:
        return None
    if value not in {known.value for known in State}:
        raise InvalidRequest(f"state must be one of {', '.join(known.value for known in State)}")
    return State(value)


def words(request: Request) -> str:
    """What to search for, at most 64 characters; empty when not given."""
    value = request.query_params.get("q", "")
    if len(value) > Q_MOST:
        raise InvalidRequest(f"q must have at most {Q_MOST} characters")
    return value.strip()


def event_cursor(request: Request) -> int | None:
    """The last event cursor seen; None when not given."""
    value = request.query_params.get("after")
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise InvalidRequest("after must be a cursor from an earlier answer")
    return int(value)
