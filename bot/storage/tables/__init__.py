"""The tables, one module per noun."""

from bot.storage.tables.base import Moment, metadata
from bot.storage.tables.console import agents, alerts, audit
from bot.storage.tables.conversations import (
    attachments,
    conversations,
    incoming,
    messages,
    outbox,
    tracker_events,
)
from bot.storage.tables.payments import (
    notice_addresses,
    ownership_attempts,
    reconciliation_requests,
    watches,
)
from bot.storage.tables.tickets import ratings, ticket_notes, ticket_tags, tickets
from bot.storage.tables.upkeep import bookmarks, misunderstandings

__all__ = [
    "agents",
    "alerts",
    "attachments",
    "audit",
    "bookmarks",
    "conversations",
    "incoming",
    "messages",
    "metadata",
    "misunderstandings",
    "Moment",
    "notice_addresses",
    "outbox",
    "ownership_attempts",
    "ratings",
    "reconciliation_requests",
    "ticket_notes",
    "ticket_tags",
    "tickets",
    "tracker_events",
    "watches",
]
