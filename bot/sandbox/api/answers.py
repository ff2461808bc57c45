"""What the contract's answers look like in JSON."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.faults import Window
from bot.sandbox.model import Candidate, Event, FiscalReceipt, Payment, ReconciliationRequest, masked

Json = dict[str, object]


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with +08:00, to the second."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at else None


def payment_answer(payment: Payment, duplicates: tuple[str, ...], verified: bool) -> Json:
    """A payment; an unverified caller learns the state, never the person."""
    return {
        "serial_number": payment.serial_number,
        "state": payment.state.value,
        "reason": payment.reason.value if payment.reason else None,
        "channel": payment.channel.value,
        "paid_at": moment(payment.paid_at),
        "updated_at": moment(payment.updated_at),
        "expected_by": moment(payment.expected_by),
        "verified": verified,
        "details": _details(payment, duplicates) if verified else None,
    }


def _details(payment: Payment, duplicates: tuple[str, ...]) -> Json:
    return {
        "notice_number": payment.notice_number,
        "item": payment.item,
        "amount_due": payment.amount_due,
        "amount_paid": payment.amount_paid,
        "payer_name_masked": masked(payment.payer.name),
        "mismatched_fields": list(payment.mismatched_fields),
        "fiscal_receipt": _receipt(payment.fiscal_receipt),
        "duplicates": list(duplicates),
        "history": [
            {"at": moment(step.at), "state": step.state.value, "note": step.note} for step in payment.history
        ],
    }


def _receipt(receipt: FiscalReceipt | None) -> Json | None:
    if receipt is None:
        return None
    return {
        "code": receipt.code,
        "number": receipt.number,
        "check_code": receipt.check_code,
        "issued_at": moment(receipt.issued_at),
    }


def request_answer(request: ReconciliationRequest) -> Json:
    """A reconciliation request; nothing more is expected of one that has ended."""
    return {
        "request_id": request.request_id,
        "serial_number": request.serial_number,
        "status": request.status.value,
        "outcome": request.outcome,
        "created_at": moment(request.created_at),
        "expected_by": moment(request.expected_by) if request.due_at else None,
    }


def candidate_answer(candidate: Candidate) -> Json:
    """A statement line with what agrees and what differs."""
    line = candidate.line
    return {
        "statement_line_id": line.line_id,
        "source": line.channel.value,
        "booked_at": moment(line.at),
        "amount": line.amount,
        "counterparty_masked": masked(line.payer),
        "score": candidate.score,
        "agrees": list(candidate.agrees),
        "differs": list(candidate.differs),
    }


def event_answer(event: Event) -> Json:
    """A change of state."""
    return {
        "cursor": str(event.cursor),
        "at": moment(event.at),
        "serial_number": event.serial_number,
        "state": event.state.value,
        "reason": event.reason.value if event.reason else None,
    }


def window_answer(window: Window | None) -> Json | None:
    """A maintenance window, or null."""
    return {"starts_at": moment(window.starts_at), "ends_at": moment(window.ends_at)} if window else None
