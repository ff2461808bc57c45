"""when an answer is promised to what a served resident wrote"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

UNREPLIED = sa.text("(status IN ('new', 'open', 'waiting')) IS TRUE AND reply_by IS NOT NULL")


def upgrade() -> None:
    op.add_column('tickets', sa.Column('reply_by', bot.storage.tables.Moment(timezone=True), nullable=True))
    op.create_index(
        'ix_tickets_unreplied', 'tickets', ['reply_by', 'number', 'channel'], unique=False,
        sqlite_where=UNREPLIED, postgresql_where=UNREPLIED,
    )


def downgrade() -> None:
    op.drop_index('ix_tickets_unreplied', table_name='tickets')
    op.drop_column('tickets', 'reply_by')
