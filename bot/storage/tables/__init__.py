"""The tables, one module per noun."""

from bot.storage.tables.base import Moment, metadata
from bot.storage.tables.console import agents, audit
from bot.storage.tables.conversations import (
    attachments,
    conversations,
    incoming,
    messages,
    outbox,
    tracker_events,
)
from bot.storage.tables.payments import ownership_attempts, watches
from bot.storage.tables.tickets import ticket_notes, tickets
from bot.storage.tables.upkeep import bookmarks, misunderstandings

__all__ = [
    "agents",
    "attachments",
    "audit",
    "bookmarks",
    "conversations",
    "incoming",
    "messages",
    "metadata",
    "misunderstandings",
    "Moment",
    "outbox",
    "ownership_attempts",
    "ticket_notes",
    "tickets",
    "tracker_events",
    "watches",
]
