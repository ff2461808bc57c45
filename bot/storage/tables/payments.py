"""What is kept of payments: watches, requests, addresses for notices, and wrong tries at ownership."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, conversation_id, key, metadata

watches = sa.Table(
    "watches",
    metadata,
    key(),
    conversation_id(),
    sa.Column("serial_number", sa.String(64), nullable=False, index=True),
    sa.Column("state", sa.String(24), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=True),
    sa.Column("tell_at", Moment, nullable=True, index=True),
    sa.Column("reminded_at", Moment, nullable=True),
    sa.UniqueConstraint("conversation_id", "serial_number"),
    sqlite_autoincrement=True,
)

reconciliation_requests = sa.Table(
    "reconciliation_requests",
    metadata,
    key(),
    conversation_id(),
    sa.Column("request_id", sa.String(128), nullable=False),
    sa.Column("serial_number", sa.String(64), nullable=False, index=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("claimed", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expected_by", Moment, nullable=True),
    sa.Column("look_at", Moment, nullable=True, index=True),
    sa.Column("looks", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text, nullable=True),
    sa.UniqueConstraint("conversation_id", "request_id"),
    sqlite_autoincrement=True,
)

notice_addresses = sa.Table(
    "notice_addresses",
    metadata,
    key(),
    conversation_id(),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("reference", sa.String(32), nullable=False, unique=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("masked", sa.String(64), nullable=False),
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("code_sent_at", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("confirmed_at", Moment, nullable=True),
    sa.UniqueConstraint("conversation_id", "kind"),
    sqlite_autoincrement=True,
)

ownership_attempts = sa.Table(
    "ownership_attempts",
    metadata,
    key(),
    sa.Column("contact_id", sa.String(64), nullable=False, index=True),
    sa.Column("serial_number", sa.String(64), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
