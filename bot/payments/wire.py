"""JSON of the reconciliation contract, read strictly.

Whatever the contract forbids raises MalformedAnswer naming the field, never its value. Three things may
grow without notice: a state, a reason or a channel nobody here knows is kept by its word, and no time is
guessed from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, TypeVar

from bot.errors import MalformedAnswer
from bot.payments.model import (
    SHANGHAI,
    Channel,
    Claimed,
    EventsPage,
    Evidence,
    FiscalReceipt,
    Health,
    HistoryEntry,
    Maintenance,
    MismatchedField,
    Payment,
    PaymentDetails,
    PaymentEvent,
    PaymentsPage,
    Reason,
    ReconciliationRequest,
    RequestStatus,
    State,
    StatementCandidate,
)

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_MISSING = object()
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


class Fields:
    """One JSON object, read field by field; a wrong one raises MalformedAnswer with its path."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            raise MalformedAnswer(f"{path}: not an object")
        self._value: Mapping[str, Any] = value
        self._path = path

    def text(self, name: str) -> str:
        """The string at `name`."""
        return self.read(name, as_text)

    def read(self, name: str, parse: Callable[[object, str], T]) -> T:
        """The required field `name`, parsed."""
        value = self._value.get(name, _MISSING)
        if value is _MISSING:
            raise MalformedAnswer(f"{self._path}.{name}: missing")
        return parse(value, f"{self._path}.{name}")

    def nullable(self, name: str, parse: Callable[[object, str], T]) -> T | None:
        """The required field `name`, parsed, or None when it is null."""
        return self.read(name, lambda value, path: None if value is None else parse(value, path))

    def optional(self, name: str, parse: Callable[[object, str], T]) -> T | None:
        """The field `name`, parsed, or None when it is absent or null."""
        return None if self._value.get(name) is None else self.read(name, parse)

    def many(self, name: str, parse: Callable[[object, str], T]) -> tuple[T, ...]:
        """The required list `name`, each element parsed."""
        return self.read(name, lambda value, path: as_many(value, path, parse))


def as_text(value: object, path: str) -> str:
    """A string that can be stored and said: no NUL, no half of a character."""
    if not isinstance(value, str):
        raise MalformedAnswer(f"{path}: not a string")
    if _NO_TEXT.search(value):
        raise MalformedAnswer(f"{path}: not text")
    return value


def as_fen(value: object, path: str) -> int:
    """An integer; a float or a boolean is not one."""
    if type(value) is not int:
        raise MalformedAnswer(f"{path}: not an integer")
    return value


def as_flag(value: object, path: str) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise MalformedAnswer(f"{path}: not a boolean")
    return value


def as_score(value: object, path: str) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise MalformedAnswer(f"{path}: not a number from 0 to 1")
    return float(value)


def as_many(value: object, path: str, parse: Callable[[object, str], T]) -> tuple[T, ...]:
    """A list, each element parsed."""
    if not isinstance(value, list):
        raise MalformedAnswer(f"{path}: not a list")
    return tuple(parse(element, f"{path}[{index}]") for index, element in enumerate(value))


def as_time(value: object, path: str) -> datetime:
    """An RFC 3339 time with its offset, moved to +08:00."""
    match = _RFC3339.fullmatch(as_text(value, path))
    if match is None:
        raise MalformedAnswer(f"{path}: not a time with offset")
    *clock, fraction, _zulu, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        moment = datetime(*map(int, clock), tzinfo=timezone(offset))  # type: ignore[misc,arg-type]
        moment = moment.replace(microsecond=int((fraction or "")[:6].ljust(6, "0")))
        return moment.astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise MalformedAnswer(f"{path}: no such time") from None


def one_of(enum: type[E]) -> Callable[[object, str], E]:
    """A parser for exactly the words of `enum`."""

    def parse(value: object, path: str) -> E:
        try:
            return enum(as_text(value, path))
        except ValueError:
            raise MalformedAnswer(f"{path}: not a {enum.__name__}") from None

    return parse


def shaped(pattern: str) -> Callable[[object, str], str]:
    """A parser for strings that match `pattern` from end to end."""

    def parse(value: object, path: str) -> str:
        text = as_text(value, path)
        if re.fullmatch(pattern, text, re.ASCII) is None:
            raise MalformedAnswer(f"{path}: wrong shape")
        return text

    return parse


def state_of_word(word: str) -> State:
    """The state a word means; `UNRECOGNISED` for one that is not in the contract."""
    try:
        return State(word)
    except ValueError:
        return State.UNRECOGNISED


def reason_of_word(word: str | None) -> Reason | None:
    """The reason a word means; `UNKNOWN` for one that is not in the contract."""
    if word is None:
        return None
    try:
        return Reason(word)
    except ValueError:
        return Reason.UNKNOWN


def channel_of_word(word: str) -> Channel:
    """The channel a word means; `UNRECOGNISED` for one that is not in the contract."""
    try:
        return Channel(word)
    except ValueError:
        return Channel.UNRECOGNISED


def payment_from_json(value: object, path: str = "payment") -> Payment:
    """A payment, or MalformedAnswer; details for an unverified caller are forbidden."""
    fields = Fields(value, path)
    state_word = fields.text("state")
    reason_word = fields.nullable("reason", as_text)
    channel_word = fields.text("channel")
    verified = fields.read("verified", as_flag)
    details = fields.nullable("details", details_from_json)
    if details is not None and not verified:
        raise MalformedAnswer(f"{path}.details: shown to an unverified caller")
    return Payment(
        serial_number=fields.text("serial_number"),
        state=state_of_word(state_word),
        state_word=state_word,
        reason=reason_of_word(reason_word),
        reason_word=reason_word,
        channel=channel_of_word(channel_word),
        channel_word=channel_word,
        paid_at=fields.nullable("paid_at", as_time),
        updated_at=fields.read("updated_at", as_time),
        expected_by=fields.nullable("expected_by", as_time),
        verified=verified,
        details=details,
    )


def details_from_json(value: object, path: str = "details") -> PaymentDetails:
    """A payment's details, or MalformedAnswer."""
    fields = Fields(value, path)
    return PaymentDetails(
        notice_number=fields.text("notice_number"),
        item=fields.text("item"),
        amount_due=fields.read("amount_due", as_fen),
        amount_paid=fields.nullable("amount_paid", as_fen),
        payer_name_masked=fields.text("payer_name_masked"),
        fiscal_receipt=fields.nullable("fiscal_receipt", fiscal_receipt_from_json),
        duplicates=fields.many("duplicates", as_text),
        history=fields.many("history", history_entry_from_json),
        mismatched_fields=fields.optional("mismatched_fields", _mismatched) or (),
    )


def _mismatched(value: object, path: str) -> tuple[MismatchedField, ...]:
    return as_many(value, path, one_of(MismatchedField))


def fiscal_receipt_from_json(value: object, path: str = "fiscal_receipt") -> FiscalReceipt:
    """A fiscal e-receipt, or MalformedAnswer."""
    fields = Fields(value, path)
    return FiscalReceipt(
        code=fields.read("code", shaped("[0-9]{8}")),
        number=fields.read("number", shaped("[0-9]{10}")),
        check_code=fields.read("check_code", shaped("[0-9a-z]{6}")),
        issued_at=fields.read("issued_at", as_time),
    )


def history_entry_from_json(value: object, path: str = "history") -> HistoryEntry:
    """One step of a payment's history, or MalformedAnswer."""
    fields = Fields(value, path)
    word = fields.text("state")
    return HistoryEntry(fields.read("at", as_time), state_of_word(word), word, fields.text("note"))


def payments_page_from_json(value: object) -> PaymentsPage:
    """A page of a staff search, or MalformedAnswer."""
    fields = Fields(value, "page")
    return PaymentsPage(fields.many("payments", payment_from_json), fields.nullable("next_cursor", as_text))


def reconciliation_request_from_json(value: object) -> ReconciliationRequest:
    """A reconciliation request, or MalformedAnswer."""
    fields = Fields(value, "reconciliation_request")
    return ReconciliationRequest(
        request_id=fields.text("request_id"),
        serial_number=fields.text("serial_number"),
        status=fields.read("status", one_of(RequestStatus)),
        outcome=fields.optional("outcome", as_text),
        created_at=fields.read("created_at", as_time),
        expected_by=fields.nullable("expected_by", as_time),
    )


def candidates_from_json(value: object) -> tuple[StatementCandidate, ...]:
    """Statement lines that may match, best first, or MalformedAnswer."""
    return Fields(value, "statement_lines").many("candidates", _candidate)


def _candidate(value: object, path: str) -> StatementCandidate:
    fields = Fields(value, path)
    return StatementCandidate(
        statement_line_id=fields.text("statement_line_id"),
        source=channel_of_word(fields.text("source")),
        booked_at=fields.read("booked_at", as_time),
        amount=fields.read("amount", as_fen),
        counterparty_masked=fields.optional("counterparty_masked", as_text),
        score=fields.read("score", as_score),
        agrees=fields.many("agrees", as_text),
        differs=fields.many("differs", as_text),
    )


def events_page_from_json(value: object) -> EventsPage:
    """Events and the cursor to go on from, or MalformedAnswer."""
    fields = Fields(value, "events_page")
    return EventsPage(fields.many("events", event_from_json), fields.text("cursor"))


def event_from_json(value: object, path: str = "event") -> PaymentEvent:
    """One state change, or MalformedAnswer."""
    fields = Fields(value, path)
    state_word = fields.text("state")
    reason_word = fields.nullable("reason", as_text)
    return PaymentEvent(
        cursor=fields.text("cursor"),
        at=fields.read("at", as_time),
        serial_number=fields.text("serial_number"),
        state=state_of_word(state_word),
        state_word=state_word,
        reason=reason_of_word(reason_word),
        reason_word=reason_word,
    )


def health_from_json(value: object) -> Health:
    """Whether the system is up and what maintenance it announces, or MalformedAnswer."""
    fields = Fields(value, "health")
    status = fields.read("status", shaped("ok|maintenance"))
    return Health(status == "maintenance", fields.optional("maintenance", maintenance_from_json))


def maintenance_from_json(value: object, path: str = "maintenance") -> Maintenance:
    """A planned window, or MalformedAnswer; it cannot end before it starts."""
    fields = Fields(value, path)
    window = Maintenance(fields.read("starts_at", as_time), fields.read("ends_at", as_time))
    if window.ends_at < window.starts_at:
        raise MalformedAnswer(f"{path}: ends before it starts")
    return window


def reconciliation_request_to_json(
    claimed: Claimed, contact_reference: str, payer_id_last4: str | None, evidence: Sequence[Evidence]
) -> dict[str, object]:
    """The body that asks for reconciliation; what the resident did not say is left out."""
    body: dict[str, object] = {"contact_reference": contact_reference, "claimed": _claimed_to_json(claimed)}
    if payer_id_last4 is not None:
        body["payer_id_last4"] = payer_id_last4
    if evidence:
        body["evidence"] = [{"sha256": proof.sha256, "media_type": proof.media_type} for proof in evidence]
    return body


def _claimed_to_json(claimed: Claimed) -> dict[str, object]:
    said: dict[str, object | None] = {
        "channel": claimed.channel.value if claimed.channel not in (None, Channel.UNRECOGNISED) else None,
        "amount": claimed.amount,
        "paid_on": claimed.paid_on.isoformat() if claimed.paid_on else None,
        "item": claimed.item,
    }
    return {name: value for name, value in said.items() if value is not None}
