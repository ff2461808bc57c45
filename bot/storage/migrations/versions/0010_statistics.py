"""what was counted of days that are over, and indexes that counting reads by"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

INDEXES = (
    ('ix_incoming_received_at', 'incoming', ['received_at']),
    ('ix_ticket_notes_at', 'ticket_notes', ['at']),
    ('ix_misunderstandings_at', 'misunderstandings', ['at']),
    ('ix_ratings_asked_at', 'ratings', ['asked_at']),
    ('ix_watches_created_at', 'watches', ['created_at']),
    ('ix_reconciliation_requests_created_at', 'reconciliation_requests', ['created_at']),
)
UNASKED = sa.text('in_reply_to IS NULL')


def upgrade() -> None:
    op.create_table('statistics_days',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('part', sa.String(length=16), nullable=False),
    sa.Column('method', sa.String(length=32), nullable=False),
    sa.Column('tally', sa.JSON(), nullable=False),
    sa.Column('counted_at', bot.storage.tables.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('day', 'part', name=op.f('pk_statistics_days'))
    )
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns, unique=False)
    op.create_index(
        'ix_messages_unasked', 'messages', ['created_at'], unique=False,
        sqlite_where=UNASKED, postgresql_where=UNASKED,
    )


def downgrade() -> None:
    op.drop_index('ix_messages_unasked', table_name='messages')
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_table('statistics_days')
