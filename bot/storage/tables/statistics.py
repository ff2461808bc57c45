"""What is counted of days that are over, and the indexes that counting reads by."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, metadata
from bot.storage.tables.conversations import incoming
from bot.storage.tables.payments import reconciliation_requests, watches
from bot.storage.tables.tickets import ratings, ticket_notes
from bot.storage.tables.upkeep import misunderstandings

statistics_days = sa.Table(
    "statistics_days",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("part", sa.String(16), primary_key=True),
    # What was counted by another method is counted again.
    sa.Column("method", sa.String(32), nullable=False),
    sa.Column("tally", sa.JSON, nullable=False),
    sa.Column("counted_at", Moment, nullable=False),
)

sa.Index("ix_incoming_received_at", incoming.c.received_at)
sa.Index("ix_ticket_notes_at", ticket_notes.c.at)
sa.Index("ix_misunderstandings_at", misunderstandings.c.at)
sa.Index("ix_ratings_asked_at", ratings.c.asked_at)
sa.Index("ix_watches_created_at", watches.c.created_at)
sa.Index("ix_reconciliation_requests_created_at", reconciliation_requests.c.created_at)
