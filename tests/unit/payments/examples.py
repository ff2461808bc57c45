"""Payments as the bureau would answer them, and the doubles that unit tests hand to the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import NotFound
from bot.payments.model import SHANGHAI, Payment
from bot.payments.wire import payment_from_json

WECHAT = "4200000925202101284997714292"
ALIPAY = "2017071221001004660224927787"
NOTICE = "34000019081115065040"
REFUND = "50000000382019052709732678859"
ID_CARD = "11010519491231002X"
LAST4 = "002X"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def details_json(**changes: Any) -> dict[str, Any]:
    """A verified payer's details."""
    return {
        "notice_number": NOTICE,
        "item": "居民身份证补领工本费",
        "amount_due": 4000,
        "amount_paid": 4000,
        "payer_name_masked": "张*",
        "mismatched_fields": ["payer_name"],
        "fiscal_receipt": {
            "code": "11010125",
            "number": "0488888987",
            "check_code": "589d80",
            "issued_at": "2026-11-22T09:00:00+08:00",
        },
        "duplicates": [],
        "history": [{"at": "2026-11-22T01:00:00Z", "state": "unreconciled", "note": "paid"}],
        **changes,
    }


def payment_json(**changes: Any) -> dict[str, Any]:
    """A payment nobody has proved to be theirs."""
    return {
        "serial_number": WECHAT,
        "state": "unreconciled",
        "reason": "awaiting_statement",
        "channel": "wechat_pay",
        "paid_at": "2026-11-22T20:15:00+08:00",
        "updated_at": "2026-11-22T20:16:00+08:00",
        "expected_by": "2026-11-24T10:00:00+08:00",
        "verified": False,
        "details": None,
        **changes,
    }


def payment(**changes: Any) -> Payment:
    """The parsed `payment_json`."""
    return payment_from_json(payment_json(**changes))


@dataclass
class SettableClock:
    """A clock that stands still until moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class OnePayment:
    """A bureau that knows one payment by several numbers and its payer's last four."""

    known: dict[str, Any] = field(default_factory=payment_json)
    numbers: tuple[str, ...] = (WECHAT, NOTICE)
    last4: str = LAST4
    details: dict[str, Any] = field(default_factory=dict)
    counting: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def get_payment(self, serial: str, payer_id_last4: str | None = None) -> Payment:
        self.asked.append((serial, payer_id_last4))
        if serial not in self.numbers:
            raise NotFound
        if payer_id_last4 == self.last4:
            details = details_json(**self.details)
            return payment_from_json({**self.known, "verified": True, "details": details})
        if serial == NOTICE and self.counting:
            return payment_from_json({**self.known, "serial_number": self.counting})
        return payment_from_json(self.known)


@dataclass
class RememberedAttempts:
    """OwnershipAttempts in memory."""

    failures: list[tuple[str, str, datetime]] = field(default_factory=list)

    alarms: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    async def record_failure(self, contact_id: str, serial_numbers: Sequence[str], at: datetime) -> None:
        for place, serial_number in enumerate(serial_numbers):
            self.failures.append((contact_id if place == 0 else f"={contact_id}", serial_number, at))

    async def breadth_since(self, contact_id: str, serial_number: str, since: datetime) -> tuple[int, int]:
        recent = [failure for failure in self.failures if failure[2] >= since]
        return (
            len({serial for contact, serial, _ in recent if contact == contact_id}),
            len({contact.lstrip("=") for contact, serial, _ in recent if serial == serial_number}),
        )

    async def alarm(self, subject: str, since: datetime, at: datetime, data: Mapping[str, str]) -> None:
        self.alarms.append((subject, data))

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[list[datetime], list[datetime]]:
        recent = [failure for failure in self.failures if failure[2] >= since]
        return (
            sorted(at for contact, _, at in recent if contact == contact_id),
            sorted(at for _, serial, at in recent if serial == serial_number),
        )
