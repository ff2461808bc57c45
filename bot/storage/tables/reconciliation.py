"""Manual reconciliations: what was proposed, who decided, what came of it."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.tables.base import Moment, Number, metadata

IS_OPEN = sa.text("state IN ('proposed', 'approved')")

proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("reference", sa.String(24), primary_key=True),
    sa.Column("ticket_number", sa.String(16), sa.ForeignKey("tickets.number"), nullable=False, index=True),
    sa.Column("serial_number", sa.String(64), nullable=False),
    sa.Column("statement_line_id", sa.String(128), nullable=False),
    sa.Column("amount", Number, nullable=False),
    sa.Column("source", sa.String(24), nullable=False),
    sa.Column("booked_at", Moment, nullable=False),
    sa.Column("differs", sa.JSON, nullable=False),
    sa.Column("operator", sa.String(64), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("decided_by", sa.String(64), nullable=True),
    sa.Column("decided_at", Moment, nullable=True),
    sa.Column("decision_note", sa.Text, nullable=False),
    sa.Column("ended_at", Moment, nullable=True),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("payment_state", sa.String(32), nullable=False),
    sa.Column("told", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at", Moment, nullable=True, index=True),
    sa.Index("ix_proposals_state_created_at", "state", "created_at"),
    # Of two agents who propose for one payment at once, one is told.
    sa.Index(
        "uq_proposals_open_serial_number",
        "serial_number",
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
)
