"""The tables, one per noun. Moments are stored in UTC and read back in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

import sqlalchemy as sa

from bot.clock import SHANGHAI


class Moment(sa.types.TypeDecorator):  # type: ignore[type-arg]
    """An aware moment; naive values are refused, because nobody can say what they mean."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        if value is None:
            return None
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(SHANGHAI)


# SQLite only counts up by itself on INTEGER, PostgreSQL wants room for more.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key() -> sa.Column[Any]:
    return sa.Column("id", Number, primary_key=True, autoincrement=True)


def _conversation(index: bool = True) -> sa.Column[Any]:
    return sa.Column(
        "conversation_id", Number, sa.ForeignKey("conversations.id"), nullable=False, index=index
    )


conversations = sa.Table(
    "conversations",
    metadata,
    _key(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("user_id", sa.String(128), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("offered", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_message_at", Moment, nullable=False),
    sa.Column("flooded_at", Moment, nullable=True),
    sa.Column("reachable", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.UniqueConstraint("channel", "user_id"),
    sqlite_autoincrement=True,
)

incoming = sa.Table(
    "incoming",
    metadata,
    _key(),
    _conversation(index=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("message_id", sa.String(160), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("text", sa.Text, nullable=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("answered_at", Moment, nullable=True, index=True),
    sa.UniqueConstraint("channel", "message_id"),
    sa.Index("ix_incoming_conversation_id_received_at", "conversation_id", "received_at"),
    sqlite_autoincrement=True,
)

attachments = sa.Table(
    "attachments",
    metadata,
    _key(),
    _conversation(),
    sa.Column("incoming_id", Number, sa.ForeignKey("incoming.id"), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("file_key", sa.String(128), nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("reference", sa.String(256), nullable=False),
    sa.Column("size", Number, nullable=True),
    sa.Column("media_type", sa.String(32), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("incoming_id", "file_key"),
    sqlite_autoincrement=True,
)

messages = sa.Table(
    "messages",
    metadata,
    _key(),
    _conversation(index=False),
    sa.Column("author", sa.String(16), nullable=False),
    sa.Column("author_name", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("buttons", sa.JSON, nullable=False),
    sa.Column("custom", sa.JSON, nullable=False),
    sa.Column("in_reply_to", Number, sa.ForeignKey("incoming.id"), nullable=True, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_messages_conversation_id_id", "conversation_id", "id"),
    sqlite_autoincrement=True,
)

outbox = sa.Table(
    "outbox",
    metadata,
    _key(),
    sa.Column("message_id", Number, sa.ForeignKey("messages.id"), nullable=False, unique=True),
    _conversation(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("user_id", sa.String(128), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", Moment, nullable=False),
    sa.Column("last_error", sa.String(200), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("sent_at", Moment, nullable=True),
    sa.Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
    sqlite_autoincrement=True,
)

tracker_events = sa.Table(
    "tracker_events",
    metadata,
    _key(),
    _conversation(),
    sa.Column("type", sa.String(48), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("number", sa.String(16), primary_key=True),
    _conversation(),
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
    sa.Index("ix_tickets_status_updated_at", "status", "updated_at"),
)

ticket_notes = sa.Table(
    "ticket_notes",
    metadata,
    _key(),
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

watches = sa.Table(
    "watches",
    metadata,
    _key(),
    _conversation(),
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
    _key(),
    sa.Column("contact_id", sa.String(64), nullable=False, index=True),
    sa.Column("serial_number", sa.String(64), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

agents = sa.Table(
    "agents",
    metadata,
    _key(),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("display_name", sa.String(64), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    sa.Column("failed_logins", sa.Integer, nullable=False),
    sa.Column("locked_until", Moment, nullable=True),
    sa.Column("session_epoch", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

audit = sa.Table(
    "audit",
    metadata,
    _key(),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(48), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sqlite_autoincrement=True,
)

misunderstandings = sa.Table(
    "misunderstandings",
    metadata,
    _key(),
    sa.Column("conversation_id", Number, sa.ForeignKey("conversations.id"), nullable=True, index=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("guess", sa.String(64), nullable=False),
    sa.Column("runner_up", sa.String(64), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("cause", sa.String(24), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("label", sa.String(64), nullable=True, index=True),
    sa.Column("labelled_by", sa.String(64), nullable=True),
    sqlite_autoincrement=True,
)

bookmarks = sa.Table(
    "bookmarks",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
