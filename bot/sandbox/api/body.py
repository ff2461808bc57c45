"""Reading a JSON body: each value is checked where it is read, and a wrong one ends in a 400 problem."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import TypeVar

from starlette.requests import Request

from bot.sandbox.problems import InvalidRequest

MAX_BODY_BYTES = 64 * 1024
Word = TypeVar("Word", bound=Enum)


async def read_fields(request: Request) -> Fields:
    """The body's JSON object."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequest("the body must be application/json", status=415)
    value = _parsed(await _read(request))
    if not isinstance(value, dict):
        raise InvalidRequest("the body must be a JSON object")
    return Fields(value)


async def _read(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            headers = {"Connection": "close"}
            raise InvalidRequest(f"the body is over {MAX_BODY_BYTES} bytes", status=413, headers=headers)
    return body


def _parsed(body: bytes) -> object:
    try:
        value: object = json.loads(body.decode("utf-8"), parse_constant=_refused)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be answered
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not valid JSON in UTF-8") from None
    return value


def _refused(constant: str) -> object:
    raise ValueError(constant)


class Fields:
    """A JSON object's members, `where` it stands in the body."""

    def __init__(self, values: dict[str, object], where: str = "") -> None:
        self._values = values
        self._where = where

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._values.get(name) is not None

    def names(self, name: str) -> bool:
        """Whether the member is there, null or not."""
        return name in self._values

    @property
    def digest(self) -> str:
        """The same for the same members and values, however they were written."""
        return hashlib.sha256(json.dumps(self._values, sort_keys=True).encode()).hexdigest()

    def names_null(self, name: str) -> bool:
        """Whether the member is there and null."""
        return name in self._values and self._values[name] is None

    def only(self, names: Iterable[str]) -> None:
        """Refuse any other member: a misspelt one would silently do nothing."""
        unknown = sorted(set(self._values) - set(names))
        if unknown:
            raise self._wrong(unknown[0], f"is not known; known are {', '.join(names)}")

    def text(self, name: str, *, least: int = 0, most: int | None = None, pattern: str = "") -> str:
        """A string of `least` to `most` characters that matches `pattern` as a whole."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "must be a string")
        if len(value) < least or (most is not None and len(value) > most):
            raise self._wrong(name, f"must have {least} to {most} characters")
        if pattern and not re.fullmatch(pattern, value, re.ASCII):
            raise self._wrong(name, f"must match {pattern}")
        return value

    def integer(self, name: str, *, least: int, most: int | None = None) -> int:
        """An integer from `least` to `most`."""
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "must be an integer")
        if value < least or (most is not None and value > most):
            bound = f" and at most {most}" if most is not None else ""
            raise self._wrong(name, f"must be at least {least}{bound}")
        return value

    def number(self, name: str, *, least: float, most: float) -> float:
        """A number from `least` to `most`."""
        value = self._values.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def word(self, name: str, kind: type[Word]) -> Word:
        """One of the enumeration's words."""
        value = self._values.get(name)
        found = next((word for word in kind if word.value == value and isinstance(value, str)), None)
        if found is None:
            raise self._wrong(name, f"must be one of {', '.join(word.value for word in kind)}")
        return found

    def day(self, name: str) -> date:
        """A date, YYYY-MM-DD."""
        try:
            return date.fromisoformat(self.text(name, pattern=r"\d{4}-\d{2}-\d{2}"))
        except ValueError:
            raise self._wrong(name, "must be a date, YYYY-MM-DD") from None

    def moment(self, name: str) -> datetime:
        """An RFC 3339 time with its offset."""
        try:
            value = datetime.fromisoformat(self.text(name).replace("Z", "+00:00"))
        except ValueError:
            value = None
        if value is None or value.tzinfo is None:
            raise self._wrong(name, "must be an RFC 3339 time with its offset")
        return value

    def fields(self, name: str) -> Fields:
        """An object inside."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "must be an object")
        return Fields(value, f"{self._where}{name}.")

    def list_of_fields(self, name: str, *, most: int) -> list[Fields]:
        """A list of at most `most` objects."""
        value = self._values.get(name)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, dict) for v in value):
            raise self._wrong(name, f"must be a list of at most {most} objects")
        return [Fields(inner, f"{self._where}{name}[{place}].") for place, inner in enumerate(value)]

    def _wrong(self, name: str, why: str) -> InvalidRequest:
        return InvalidRequest(f"{self._where}{name} {why}")
