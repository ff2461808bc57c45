"""What is kept of payments: watches, and tries to prove that one is one's own."""

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
    sa.UniqueConstraint("conversation_id", "serial_number"),
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
