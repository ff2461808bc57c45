"""The people of the console, and what they did."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, Number, key, metadata

agents = sa.Table(
    "agents",
    metadata,
    key(),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("display_name", sa.String(64), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    sa.Column("failed_logins", sa.Integer, nullable=False),
    sa.Column("locked_until", Moment, nullable=True),
    sa.Column("session_epoch", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment, nullable=True),
    sqlite_autoincrement=True,
)

obeyed_forms = sa.Table(
    "obeyed_forms",
    metadata,
    sa.Column("account_id", Number, sa.ForeignKey("agents.id"), primary_key=True),
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("at", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    key(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(48), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Index("ix_audit_at_id", "at", "id"),
    sa.Index("ix_audit_actor_at_id", "actor", "at", "id"),
    sa.Index("ix_audit_action_at_id", "action", "at", "id"),
    sa.Index("ix_audit_subject_at_id", "subject", "at", "id"),
    sqlite_autoincrement=True,
)

alerts = sa.Table(
    "alerts",
    metadata,
    key(),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("seen_by", sa.String(64), nullable=True, index=True),
    sa.Column("seen_at", Moment, nullable=True),
    sa.Index(
        "ix_alerts_unseen",
        "id",
        sqlite_where=sa.text("seen_by IS NULL"),
        postgresql_where=sa.text("seen_by IS NULL"),
    ),
    sqlite_autoincrement=True,
)
