"""The tables, one module per noun."""

from bot.storage.tables.base import Moment, metadata
from bot.storage.tables.console import agents, alerts, audit, obeyed_forms
from bot.storage.tables.conversations import (
    attachments,
    conversations,
    incoming,
    messages,
    outbox,
    tracker_events,
)
from bot.storage.tables.outward import (
    api_answers,
    api_tokens,
    webhook_deliveries,
    webhook_events,
    webhooks,
)
from bot.storage.tables.payments import (
    notice_addresses,
    ownership_attempts,
    reconciliation_requests,
    watches,
)
from bot.storage.tables.reconciliation import proposals
from bot.storage.tables.statistics import statistics_days
from bot.storage.tables.tickets import (
    agent_files,
    canned_answers,
    presence,
    ratings,
    ticket_notes,
    ticket_reads,
    ticket_tags,
    ticket_words,
    tickets,
)
from bot.storage.tables.upkeep import bookmarks, lately, misunderstandings

__all__ = [
    "agent_files",
    "agents",
    "alerts",
    "api_answers",
    "api_tokens",
    "attachments",
    "audit",
    "bookmarks",
    "canned_answers",
    "conversations",
    "incoming",
    "lately",
    "messages",
    "metadata",
    "misunderstandings",
    "Moment",
    "notice_addresses",
    "obeyed_forms",
    "outbox",
    "ownership_attempts",
    "presence",
    "proposals",
    "ratings",
    "reconciliation_requests",
    "statistics_days",
    "ticket_notes",
    "ticket_reads",
    "ticket_tags",
    "ticket_words",
    "tickets",
    "tracker_events",
    "watches",
    "webhook_deliveries",
    "webhook_events",
    "webhooks",
]
