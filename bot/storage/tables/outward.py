"""Who follows tickets from outside: webhooks and what was sent to them, tokens of the tickets API."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, Number, key, metadata

webhooks = sa.Table(
    "webhooks",
    metadata,
    key(),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("url", sa.String(500), nullable=False),
    sa.Column("with_texts", sa.Boolean, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    # Signs beside the new one until its time is over, so that a receiver can change without a gap.
    sa.Column("former_secret", sa.LargeBinary, nullable=True),
    sa.Column("former_until", Moment, nullable=True),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

webhook_events = sa.Table(
    "webhook_events",
    metadata,
    sa.Column("webhook_id", Number, sa.ForeignKey("webhooks.id"), primary_key=True),
    sa.Column("event", sa.String(32), primary_key=True),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    key(),
    sa.Column("webhook_id", Number, sa.ForeignKey("webhooks.id"), nullable=False),
    sa.Column("event_id", sa.String(40), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    # Empty for a ping, which is about no ticket.
    sa.Column("ticket_number", sa.String(16), nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", Moment, nullable=False),
    # The process that is sending it, and until when nobody else may.
    sa.Column("held_by", sa.String(32), nullable=True),
    sa.Column("held_until", Moment, nullable=True),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("error", sa.String(200), nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("ended_at", Moment, nullable=True, index=True),
    sa.UniqueConstraint("webhook_id", "event_id"),
    sa.Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
    sa.Index("ix_webhook_deliveries_queue", "state", "webhook_id", "ticket_number", "id"),
    sqlite_autoincrement=True,
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    key(),
    sa.Column("name", sa.String(40), nullable=False, unique=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("hint", sa.String(8), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=True),
    sa.Column("last_used_at", Moment, nullable=True),
    sa.Column("revoked_at", Moment, nullable=True),
    sa.Column("revoked_by", sa.String(64), nullable=True),
    sqlite_autoincrement=True,
)

api_answers = sa.Table(
    "api_answers",
    metadata,
    sa.Column("token_id", Number, sa.ForeignKey("api_tokens.id"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("ticket_number", sa.String(16), nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False, index=True),
)
