"""What a value of the books looks like in a column: readable by whoever opens the database with SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.sandbox.books.files import clock
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.model import FiscalReceipt, HistoryEntry, State


class Form(NamedTuple):
    """A column's type, how a value is written into it and read from it; neither is asked about None.

    No `write` or no `read`: the value as it is.
    """

    type: Any
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


TEXT = Form(sa.Text)
COUNT = Form(sa.BigInteger)
FLAG = Form(sa.Boolean, None, bool)
NUMBER = Form(sa.Text, None, intern)
"""A number or name that several rows have: in memory once."""


def moment_text(at: datetime) -> str:
    """The time as a column says it."""
    return clock(at.astimezone(SHANGHAI))


@lru_cache(maxsize=2**17)
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


MOMENT = Form(sa.Text, moment_text, _moment)
"""`YYYY-MM-DD HH:MM:SS` in Shanghai."""
DAY = Form(sa.Text, date.isoformat, lru_cache(maxsize=4096)(date.fromisoformat))
"""`YYYY-MM-DD`."""


def word(words: type[Enum]) -> Form:
    """A word of a closed list; KeyError when the list does not have it."""
    return Form(sa.Text, lambda value: value.value, {one.value: one for one in words}.__getitem__)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _history_text(steps: tuple[HistoryEntry, ...]) -> str:
    return _json([[moment_text(step.at), step.state.value, step.note] for step in steps])


_state = {state.value: state for state in State}.__getitem__


@lru_cache(maxsize=2**15)
def _step(at: str, state: str, note: str) -> HistoryEntry:
    return HistoryEntry(_moment(at), _state(state), note)


def _history(text: str) -> tuple[HistoryEntry, ...]:
    return tuple([_step(*step) for step in json.loads(text)])


HISTORY = Form(sa.Text, _history_text, _history)
"""A payment's steps: JSON, a list of [time, state, note]."""


def _receipt_text(receipt: FiscalReceipt) -> str:
    return _json([receipt.code, receipt.number, receipt.check_code, moment_text(receipt.issued_at)])


def _receipt(text: str) -> FiscalReceipt:
    code, number, check_code, issued_at = json.loads(text)
    return FiscalReceipt(code, number, check_code, _moment(issued_at))


RECEIPT = Form(sa.Text, _receipt_text, _receipt)


def _shares(text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((kind, lines, fen) for kind, lines, fen in json.loads(text))


SHARES = Form(sa.Text, _json, _shares)
"""A file's lines by class: JSON, a list of [class, lines, fen]."""


@lru_cache(maxsize=256)
def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


FIELDS = Form(sa.Text, ",".join, _fields)
