"""What the house keeps for itself: messages to learn from, and where readers left off."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, Number, key, metadata

misunderstandings = sa.Table(
    "misunderstandings",
    metadata,
    key(),
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

# How often something happened since it began, until it is forgotten; counted for all processes together.
lately = sa.Table(
    "lately",
    metadata,
    sa.Column("what", sa.String(16), primary_key=True),
    sa.Column("who", sa.String(64), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("until", Moment, nullable=False, index=True),
)
