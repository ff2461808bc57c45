"""What the contract allows to be asked, checked before it is sent: InvalidInput names what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.errors import InvalidInput
from bot.payments.model import Claimed, Evidence, State

_SERIAL = re.compile(r"[0-9A-Za-z_-]{6,64}", re.ASCII)
_LAST4 = re.compile(r"[0-9]{3}[0-9Xx]", re.ASCII)
_REQUEST_ID = re.compile(r"[0-9A-Za-z_~-][0-9A-Za-z._~-]{0,127}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{8,128}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
EVIDENCE_TYPES = frozenset({"image/jpeg", "image/png", "application/pdf"})
_NO_TEXT = re.compile("[\ud800-\udfff]")
MOST_EVIDENCE = 5


def payment_path(serial: str) -> str:
    """Where a payment is asked for."""
    return f"/v1/payments/{_shaped(serial, _SERIAL, 'serial_number')}"


def request_path(request_id: str) -> str:
    """Where a reconciliation request is asked for."""
    return f"/v1/reconciliation-requests/{_shaped(request_id, _REQUEST_ID, 'reconciliation_request_id')}"


def last4(value: str) -> str:
    """The last four of an identity card."""
    return _shaped(value, _LAST4, "last4")


def idempotency_key(value: str) -> str:
    """A key that fits in a header."""
    return _shaped(value, _IDEMPOTENCY_KEY, "idempotency_key")


def text(value: str, name: str, *, least: int = 0, most: int | None = None) -> str:
    """A text of so many characters."""
    if len(value) < least or (most is not None and len(value) > most) or _NO_TEXT.search(value):
        raise InvalidInput(name)
    return value


def count(value: int, name: str, *, least: int, most: int) -> int:
    """A number from `least` to `most`."""
    if not least <= value <= most:
        raise InvalidInput(name)
    return value


def state(value: State) -> str:
    """A state that the contract has a word for."""
    if value is State.UNRECOGNISED:
        raise InvalidInput("state")
    return str(value.value)


def claimed(value: Claimed) -> Claimed:
    """What a resident may claim; an amount is at least one fen."""
    if value.amount is not None and value.amount < 1:
        raise InvalidInput("amount")
    if value.item is not None:
        text(value.item, "item", most=100)
    return value


def evidence(proofs: Sequence[Evidence]) -> Sequence[Evidence]:
    """At most five proofs, of kinds that the bureau takes."""
    if len(proofs) > MOST_EVIDENCE:
        raise InvalidInput("evidence")
    for proof in proofs:
        _shaped(proof.sha256, _SHA256, "evidence")
        if proof.media_type not in EVIDENCE_TYPES:
            raise InvalidInput("evidence")
    return proofs


def _shaped(value: str, pattern: re.Pattern[str], name: str) -> str:
    if pattern.fullmatch(value) is None:
        raise InvalidInput(name)
    return value
