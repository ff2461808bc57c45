"""Tickets and lines as other systems read them; no identity data, moments with their offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Optional, Sequence

from bot.messages import Line
from bot.tickets.model import Ticket, TicketNote


def ticket_document(
    ticket: Ticket, tags: Sequence[str], log: Optional[Iterable[TicketNote]] = None
) -> dict[str, Any]:
    """One ticket; with its log where one is given."""
    document = {
        "number": ticket.number,
        "version": ticket.version,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "reason": ticket.reason.value,
        "cause": ticket.cause.value if ticket.cause else None,
        "channel": ticket.channel,
        "serial_number": ticket.serial_number,
        "assignee": ticket.assignee,
        "tags": list(tags),
        "amount": ticket.amount,
        "amount_source": ticket.amount_source.value if ticket.amount_source else None,
        "contacts": ticket.contacts,
        "merged_into": ticket.merged_into,
        "created_at": ticket.created_at.isoformat(),
        "updated_at": ticket.updated_at.isoformat(),
        "due_at": ticket.due_at.isoformat(),
        "resolve_by": _iso(ticket.resolve_by),
        "first_replied_at": _iso(ticket.first_replied_at),
        "reply_by": _iso(ticket.reply_by),
        "snoozed_until": _iso(ticket.snoozed_until),
        "resolved_at": _iso(ticket.resolved_at),
    }
    if log is not None:
        document["log"] = [_entry(note) for note in log]
    return document


def line_document(line: Line) -> dict[str, Any]:
    """One line of the conversation, as stored: identity numbers are masked."""
    return {
        "id": line.id,
        "at": line.created_at.isoformat(),
        "author": line.author.value,
        "author_name": line.author_name,
        "text": line.text,
    }


def _entry(note: TicketNote) -> dict[str, Any]:
    return {"at": note.at.isoformat(), "actor": note.actor, "action": note.action, "data": dict(note.data)}


def _iso(moment: Optional[datetime]) -> Optional[str]:
    return moment.isoformat() if moment else None
