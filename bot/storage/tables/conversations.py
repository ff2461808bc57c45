"""What residents wrote and were told."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, Number, conversation_id, key, metadata

conversations = sa.Table(
    "conversations",
    metadata,
    key(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("user_id", sa.String(128), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("offered", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_message_at", Moment, nullable=False),
    # When the dialogue last took a message; None before the first.
    sa.Column("last_dialogue_at", Moment, nullable=True),
    sa.Column("flooded_at", Moment, nullable=True),
    sa.Column("reachable", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("dialogue_version", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("channel", "user_id"),
    # What tells the inbox that a resident wrote to a person.
    sa.Index(
        "ix_conversations_with_people",
        "last_message_at",
        sqlite_where=sa.text("status <> 'with_bot'"),
        postgresql_where=sa.text("status <> 'with_bot'"),
    ),
    sqlite_autoincrement=True,
)

incoming = sa.Table(
    "incoming",
    metadata,
    key(),
    conversation_id(index=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("message_id", sa.String(160), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("text", sa.Text, nullable=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("answered_at", Moment, nullable=True, index=True),
    # The message that it was answered together with; None for one that was answered by itself.
    sa.Column("answered_with", Number, nullable=True),
    sa.Column("intent", sa.String(64), nullable=True),
    sa.Column("confidence", sa.Float, nullable=True),
    # Where it is on its platform, which version of it this is, and what tells another text from the same one.
    sa.Column("origin", sa.String(64), nullable=True),
    sa.Column("version", Number, nullable=True),
    sa.Column("text_mark", sa.String(64), nullable=True),
    # The topic of a group that it was written in.
    sa.Column("thread", Number, nullable=True),
    sa.UniqueConstraint("channel", "message_id"),
    sa.Index("ix_incoming_conversation_id_received_at", "conversation_id", "received_at"),
    sa.Index(
        "ix_incoming_origin",
        "channel",
        "origin",
        sqlite_where=sa.text("origin IS NOT NULL"),
        postgresql_where=sa.text("origin IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

attachments = sa.Table(
    "attachments",
    metadata,
    key(),
    conversation_id(),
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
    key(),
    conversation_id(index=False),
    sa.Column("author", sa.String(16), nullable=False),
    sa.Column("author_name", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("buttons", sa.JSON, nullable=False),
    sa.Column("custom", sa.JSON, nullable=False),
    sa.Column("in_reply_to", Number, sa.ForeignKey("incoming.id"), nullable=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_messages_conversation_id_id", "conversation_id", "id"),
    # What was sent unasked is counted by day and author without reading the lines.
    sa.Index("ix_messages_in_reply_to", "in_reply_to", "created_at", "author"),
    sqlite_autoincrement=True,
)

outbox = sa.Table(
    "outbox",
    metadata,
    key(),
    sa.Column("message_id", Number, sa.ForeignKey("messages.id"), nullable=False, unique=True),
    conversation_id(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("user_id", sa.String(128), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", Moment, nullable=False),
    sa.Column("last_error", sa.String(200), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    # Later than `created_at` where it was given up and put back into the queue.
    sa.Column("queued_at", Moment, nullable=True),
    sa.Column("sent_at", Moment, nullable=True),
    # How much of a line that goes in parts the platform took.
    sa.Column("parts_sent", sa.Integer, nullable=False, server_default="0"),
    # The process that is sending it, and until when nobody else may.
    sa.Column("held_by", sa.String(32), nullable=True),
    sa.Column("held_until", Moment, nullable=True),
    sa.Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
    sqlite_autoincrement=True,
)

tracker_events = sa.Table(
    "tracker_events",
    metadata,
    key(),
    conversation_id(),
    sa.Column("type", sa.String(48), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
