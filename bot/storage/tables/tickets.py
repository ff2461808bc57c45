"""Cases for a person."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bot.storage.tables.base import Moment, Number, conversation_id, key, metadata

LIVE = sa.text("(status IN ('new', 'open', 'waiting')) IS TRUE")
WAITING = sa.text("(status = 'waiting') IS TRUE")
DONE = sa.text("(status IN ('resolved', 'closed')) IS TRUE")
"""In words, not values: a partial index serves only a condition that says what its own says. IS TRUE keeps
SQLite from taking an index on the status instead, and sorting all that is live to find the first 25."""

AMOUNT_UNASKED = sa.text(
    "(status IN ('new', 'open', 'waiting')) IS TRUE AND amount_asked_at IS NULL AND serial_number IS NOT NULL"
)
UNANSWERED = sa.text("(status IN ('new', 'open', 'waiting')) IS TRUE AND first_replied_at IS NULL")
UNREPLIED = sa.text("(status IN ('new', 'open', 'waiting')) IS TRUE AND reply_by IS NOT NULL")

ONLY_IN_REVISIONS = (
    "ix_tickets_live",
    "ix_tickets_mine",
    "ix_tickets_unassigned",
    "ix_tickets_waiting",
    "ix_ticket_words_words",
)
"""Indexes that only revisions 0011 and 0014 know: SQLAlchemy cannot read one that goes down by one column and
up by another back from SQLite, nor leave one to PostgreSQL."""


def _partial(name: str, *columns: str, where: sa.sql.ClauseElement) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("number", sa.String(16), primary_key=True),
    conversation_id(),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("priority", sa.String(16), nullable=False),
    sa.Column("serial_number", sa.String(64), nullable=True, index=True),
    sa.Column("checked", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False, index=True),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("assignee", sa.String(64), nullable=True),
    sa.Column("resolved_at", Moment, nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("urgency", sa.Integer, nullable=False, server_default="1"),
    sa.Column("resolve_by", Moment, nullable=True),
    sa.Column("first_replied_at", Moment, nullable=True, index=True),
    sa.Column("escalated_at", Moment, nullable=True),
    sa.Column("snoozed_until", Moment, nullable=True, index=True),
    sa.Column("serving", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("contacts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("amount", Number, nullable=True),
    sa.Column("cause", sa.String(32), nullable=True),
    sa.Column("merged_into", sa.String(16), nullable=True),
    sa.Column("channel", sa.String(32), nullable=False, server_default=""),
    sa.Column("amount_source", sa.String(16), nullable=True),
    sa.Column("amount_asked_at", Moment, nullable=True),
    sa.Column("reply_by", Moment, nullable=True),
    sa.Index("ix_tickets_status_updated_at", "status", "updated_at"),
    sa.Index("ix_tickets_status_urgency", "status", "urgency", "due_at"),
    sa.Index("ix_tickets_assignee_status", "assignee", "status"),
    # What the inbox's other tabs are listed by; what they filter by is in the index, too.
    _partial("ix_tickets_unanswered", "due_at", "number", "channel", where=UNANSWERED),
    _partial("ix_tickets_unreplied", "reply_by", "number", "channel", where=UNREPLIED),
    _partial("ix_tickets_unresolved", "resolve_by", "number", "channel", where=LIVE),
    _partial("ix_tickets_done", "updated_at", "number", "channel", where=DONE),
    _partial("ix_tickets_amount_unasked", "created_at", where=AMOUNT_UNASKED),
    sa.Index("ix_tickets_newest", "created_at", "number", "channel"),
)

ticket_tags = sa.Table(
    "ticket_tags",
    metadata,
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), primary_key=True),
    sa.Column("tag", sa.String(32), primary_key=True),
    sa.Index("ix_ticket_tags_tag_ticket_number", "tag", "ticket_number"),
)

ticket_words = sa.Table(
    "ticket_words",
    metadata,
    key(),
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), nullable=False, unique=True),
    # Pieces of what was said, see bot.storage.pairs; SQLite searches them through a table of its own.
    sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
    sqlite_autoincrement=True,
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), primary_key=True),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("score", sa.Integer, nullable=True),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("rated_at", Moment, nullable=True, index=True),
)

ticket_notes = sa.Table(
    "ticket_notes",
    metadata,
    key(),
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

ticket_reads = sa.Table(
    "ticket_reads",
    metadata,
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), primary_key=True),
    sa.Column("agent", sa.String(64), primary_key=True),
    sa.Column("line_id", Number, nullable=False),
)

presence = sa.Table(
    "presence",
    metadata,
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), primary_key=True),
    sa.Column("agent", sa.String(64), primary_key=True),
    sa.Column("seen_at", Moment, nullable=False, index=True),
    sa.Column("typing_at", Moment, nullable=True),
)

canned_answers = sa.Table(
    "canned_answers",
    metadata,
    key(),
    sa.Column("shortcut", sa.String(24), nullable=False, unique=True),
    sa.Column("title", sa.String(64), nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("updated_by", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

agent_files = sa.Table(
    "agent_files",
    metadata,
    key(),
    conversation_id(),
    sa.Column("agent", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(32), nullable=False),
    sa.Column("size", Number, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
