"""Whether what the client understood is what the bureau said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from dateutil.parser import isoparse

from bot.payments.model import Channel, Health, Reason, State

WORDS = {"state": "state_word", "reason": "reason_word", "channel": "channel_word"}
"""Members whose word is kept beside what it means."""
MEANINGS: dict[str, tuple[type[Enum], Enum]] = {
    "state": (State, State.UNRECOGNISED),
    "reason": (Reason, Reason.UNKNOWN),
    "channel": (Channel, Channel.UNRECOGNISED),
    "source": (Channel, Channel.UNRECOGNISED),
}
NEW_WORD = "in_orbit"
AT = "2026-11-24T10:00:00+08:00"
_PAYMENT = {
    "serial_number": "4200000925202101284997714292",
    "state": "reconciled",
    "reason": None,
    "channel": "wechat_pay",
    "paid_at": AT,
    "updated_at": AT,
    "expected_by": None,
    "verified": True,
    "details": {
        "notice_number": "31000026111200000308",
        "item": "居住证补领工本费",
        "amount_due": 2000,
        "amount_paid": 2000,
        "payer_name_masked": "李**",
        "mismatched_fields": ["payer_name"],
        "fiscal_receipt": {
            "code": "31010126",
            "number": "0000000308",
            "check_code": "589d80",
            "issued_at": AT,
        },
        "duplicates": ["4200002611202611200000000107"],
        "history": [{"at": AT, "state": "unreconciled", "note": "等账单"}],
    },
}
_REQUEST = {
    "request_id": "RR20261124000001",
    "serial_number": "4200000925202101284997714292",
    "status": "received",
    "outcome": None,
    "created_at": AT,
    "expected_by": AT,
}
_LINE = {
    "statement_line_id": "SL-1",
    "source": "alipay",
    "booked_at": AT,
    "amount": 2000,
    "counterparty_masked": "李**",
    "score": 0.5,
    "agrees": ["amount"],
    "differs": [],
}
_EVENT = {
    "cursor": "13",
    "at": AT,
    "serial_number": "4200000925202101284997714292",
    "state": "unreconciled",
    "reason": "day_cut",
}
PLAIN: dict[str, dict[str, Any]] = {
    "health": {"status": "ok", "maintenance": {"starts_at": AT, "ends_at": AT}},
    "getPayment": _PAYMENT,
    "requestReconciliation": _REQUEST,
    "getReconciliationRequest": _REQUEST,
    "searchPayments": {"payments": [_PAYMENT], "next_cursor": "abc"},
    "matchStatementLines": {"candidates": [_LINE]},
    "reconcileManually": _PAYMENT,
    "listEvents": {"events": [_EVENT], "cursor": "13"},
}
"""A full answer to each operation."""


def says_the_same(given: Any, said: Any) -> bool:
    """True when every fact of the typed answer is the answer's own, and none is missing."""
    if isinstance(given, Health):
        window = said.get("maintenance")
        return given.in_maintenance == (said["status"] == "maintenance") and _same(given.maintenance, window)
    if isinstance(given, tuple):
        said = said["candidates"]
    return _same(given, said)


def _same(given: Any, said: Any) -> bool:
    if dataclasses.is_dataclass(given):
        return isinstance(said, dict) and all(
            _member(given, field.name, said) for field in dataclasses.fields(given)
        )
    if isinstance(given, tuple):
        return len(given) == len(said or ()) and all(map(_same, given, said or ()))
    if isinstance(given, datetime):
        return given == isoparse(said.upper().replace(" ", "T"))
    return bool((given.value if isinstance(given, Enum) else given) == said)


def _member(given: Any, name: str, said: dict[str, Any]) -> bool:
    value = getattr(given, name)
    if name in WORDS.values():
        return bool(value == said[name.removesuffix("_word")])
    if name not in MEANINGS:
        return _same(value, said.get(name))
    kind, unknown = MEANINGS[name]
    known = {word.value: word for word in kind if word.value != "unrecognised"}
    return value is (None if said[name] is None else known.get(said[name], unknown))


def with_new_words(said: Any) -> Any:
    """The same answer by a bureau that has learnt new words since."""
    if isinstance(said, list):
        return [with_new_words(inner) for inner in said]
    if not isinstance(said, dict):
        return said
    return {
        name: NEW_WORD if name in MEANINGS and isinstance(inner, str) else with_new_words(inner)
        for name, inner in said.items()
    }


def spoilt_copies(said: Any) -> Iterator[Any]:
    """The same answer with one member missing, null or of another kind, again for each member."""
    if isinstance(said, list):
        yield from ([spoilt, *said[1:]] for spoilt in spoilt_copies(said[0]) if said)
    if not isinstance(said, dict):
        return
    for name, inner in said.items():
        yield {other: value for other, value in said.items() if other != name}
        yield from ({**said, name: wrong} for wrong in (None, 17, -0.5, True, "?", [], [1], {}))
        if inner:
            yield from ({**said, name: spoilt} for spoilt in spoilt_copies(inner))


def contradicts_itself(said: Any) -> bool:
    """Whether a schema allows it and sense does not: a window that ends first, details for a stranger,
    a time that no calendar has, a string that is no text."""
    if isinstance(said, list):
        return any(map(contradicts_itself, said))
    if isinstance(said, str):
        return "\x00" in said or _is_no_time(said) or any("\ud800" <= char <= "\udfff" for char in said)
    if not isinstance(said, dict):
        return False
    if said.get("verified") is False and said.get("details") is not None:
        return True
    if (
        {"starts_at", "ends_at"} <= said.keys()
        and all(
            isinstance(said[name], str) and not _is_no_time(said[name]) for name in ("starts_at", "ends_at")
        )
        and isoparse(said["ends_at"].upper()) < isoparse(said["starts_at"].upper())
    ):
        return True
    return any(map(contradicts_itself, said.values()))


def _is_no_time(said: str) -> bool:
    try:
        moment = isoparse(said.upper())
        return moment.year < 2 or moment.year > 9998
    except ValueError:
        return "T" in said.upper() and said[:4].isdigit()
