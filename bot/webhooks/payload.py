"""What a receiver is told: the case as it stands after the event; words only where they were asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence

from bot.privacy import mask_identity
from bot.tickets.model import Ticket
from bot.webhooks.model import Event

TEXT_MAX_CHARS = 4000
DETAILS = ("from", "to", "until", "cause", "into", "score", "promise", "due")
"""What others need of a log entry's data: who had it and has it, until when, why, into which, how good, which
promise was due when."""
LAST = 6
"""Of a serial number: enough to recognise a payment, not enough to ask for its state."""


@dataclass(frozen=True)
class Happened:
    """An event as it is put together in the transaction that brings it about.

    `text` is what was said or noted with it; only receivers who asked for texts get it, masked.
    """

    event: Event
    at: datetime
    actor: str
    ticket: Ticket
    language: str
    tags: Sequence[str]
    details: Mapping[str, str]
    text: str = ""


def body_of(happened: Happened, with_text: bool) -> str:
    """The body to send, as compact JSON."""
    data: dict[str, Any] = {
        "ticket": ticket_facts(happened.ticket, happened.language, happened.tags),
        "actor": happened.actor,
        "details": {name: happened.details[name] for name in DETAILS if name in happened.details},
    }
    if with_text and happened.text:
        data["text"] = mask_identity(happened.text)[:TEXT_MAX_CHARS]
    return _json(happened.event, happened.at, data)


def ping_body(name: str, at: datetime) -> str:
    """The body of a test."""
    return _json(Event.PING, at, {"webhook": name})


def ticket_facts(ticket: Ticket, language: str, tags: Sequence[str]) -> dict[str, Any]:
    """A ticket for another system: nothing that says who the resident is. `amount` is in fen."""
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "reason": ticket.reason.value,
        "cause": ticket.cause.value if ticket.cause else None,
        "assignee": ticket.assignee,
        "channel": ticket.channel,
        "language": language,
        "serial_number_end": ticket.serial_number[-LAST:] if ticket.serial_number else None,
        "tags": list(tags),
        "amount": ticket.amount,
        "amount_source": ticket.amount_source.value if ticket.amount_source else None,
        "contacts": ticket.contacts,
        "merged_into": ticket.merged_into,
        "created_at": ticket.created_at.isoformat(),
        "updated_at": ticket.updated_at.isoformat(),
        "due_at": ticket.due_at.isoformat(),
        "resolve_by": _moment(ticket.resolve_by),
        "first_replied_at": _moment(ticket.first_replied_at),
        "reply_by": _moment(ticket.reply_by),
        "snoozed_until": _moment(ticket.snoozed_until),
        "resolved_at": _moment(ticket.resolved_at),
        "version": ticket.version,
    }


def _moment(at: Optional[datetime]) -> Optional[str]:
    return at.isoformat() if at else None


def _json(event: Event, at: datetime, data: Mapping[str, Any]) -> str:
    document = {"type": event.value, "timestamp": at.isoformat(), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
