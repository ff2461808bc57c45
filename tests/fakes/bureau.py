"""The reconciliation system, as far as watches follow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Optional

from bot.errors import InvalidInput, NotFound
from bot.payments.model import (
    Channel,
    Claimed,
    EventsPage,
    Evidence,
    Payment,
    PaymentEvent,
    Reason,
    ReconciliationRequest,
    RequestStatus,
    State,
)
from tests.fakes.clock import MONDAY_TEN


def payment(
    serial: str, state: State = State.UNRECONCILED, reason: Optional[Reason] = Reason.AWAITING_STATEMENT
) -> Payment:
    """A payment without details."""
    return Payment(
        serial_number=serial,
        state=state,
        state_word=state.value,
        reason=reason,
        reason_word=reason.value if reason else None,
        channel=Channel.WECHAT_PAY,
        paid_at=MONDAY_TEN,
        updated_at=MONDAY_TEN,
        expected_by=None,
        verified=False,
        details=None,
    )


@dataclass
class FakeBureau:
    """Payments, and the changes that were made to them; `trouble` is raised instead of answers."""

    payments: dict[str, Payment] = field(default_factory=dict)
    changes: list[PaymentEvent] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    page_size: int = 100
    asked: list[Optional[str]] = field(default_factory=list)
    forgotten: frozenset[str] = frozenset()
    broken: dict[str, Exception] = field(default_factory=dict)
    """Payments whose look-up always raises this."""
    requests: dict[str, ReconciliationRequest] = field(default_factory=dict)
    by_key: dict[str, ReconciliationRequest] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def add(self, serial: str) -> Payment:
        """A payment that waits for its statement."""
        self.payments[serial] = payment(serial)
        return self.payments[serial]

    def change(
        self, serial: str, state: State, reason: Optional[Reason] = None, quietly: bool = False
    ) -> None:
        """A payment changes; `quietly` without an event."""
        changed = payment(serial, state, reason)
        self.payments[serial] = replace(changed, updated_at=datetime.now(MONDAY_TEN.tzinfo))
        if not quietly:
            cursor = str(len(self.changes) + 1)
            self.changes.append(
                PaymentEvent(cursor, MONDAY_TEN, serial, state, state.value, reason, changed.reason_word)
            )

    async def events(self, after: Optional[str] = None, wait: int = 0, limit: int = 100) -> EventsPage:
        self.asked.append(after)
        if self.trouble:
            raise self.trouble.pop(0)
        if after in self.forgotten:
            raise InvalidInput("invalid_request")
        start = int(after or 0)
        page = tuple(self.changes[start : start + self.page_size])
        return EventsPage(page, page[-1].cursor if page else str(start))

    async def request_reconciliation(
        self, serial: str, claimed: Claimed, contact_reference: str, idempotency_key: str,
        payer_id_last4: Optional[str] = None, evidence: Sequence[Evidence] = (),
    ) -> ReconciliationRequest:  # fmt: skip
        self.evidence = list(evidence)
        sent = self.by_key.setdefault(idempotency_key, self.request(f"RR{len(self.by_key) + 1}", serial))
        self.requests.setdefault(sent.request_id, sent)
        return sent

    async def get_reconciliation_request(self, reconciliation_request_id: str) -> ReconciliationRequest:
        self.looked.append(reconciliation_request_id)
        if self.trouble:
            raise self.trouble.pop(0)
        if reconciliation_request_id not in self.requests:
            raise NotFound(reconciliation_request_id)
        return self.requests[reconciliation_request_id]

    def request(
        self, request_id: str, serial: str, status: RequestStatus = RequestStatus.RECEIVED
    ) -> ReconciliationRequest:
        """A request as the bureau would answer it, due in three days."""
        due = MONDAY_TEN + timedelta(days=3)
        return ReconciliationRequest(request_id, serial, status, None, MONDAY_TEN, due)

    async def get_payment(self, serial: str, payer_id_last4: Optional[str] = None) -> Payment:
        if self.trouble:
            raise self.trouble.pop(0)
        if serial in self.broken:
            raise self.broken[serial]
        if serial not in self.payments:
            raise NotFound(serial)
        return self.payments[serial]
