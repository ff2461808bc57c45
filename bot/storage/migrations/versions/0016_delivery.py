"""when the dialogue last took a message, since when a line is in the queue, what was changed on its platform"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and every row that points at them with them.
    op.add_column(
        'conversations', sa.Column('last_dialogue_at', bot.storage.tables.Moment(timezone=True), nullable=True)
    )
    op.execute('UPDATE conversations SET last_dialogue_at = last_message_at')
    op.add_column('outbox', sa.Column('queued_at', bot.storage.tables.Moment(timezone=True), nullable=True))
    op.add_column('incoming', sa.Column('origin', sa.String(length=64), nullable=True))
    op.add_column('incoming', sa.Column('version', NUMBER, nullable=True))
    op.add_column('incoming', sa.Column('text_mark', sa.String(length=64), nullable=True))
    op.add_column('incoming', sa.Column('thread', NUMBER, nullable=True))
    op.create_index(
        'ix_incoming_origin',
        'incoming',
        ['channel', 'origin'],
        unique=False,
        sqlite_where=sa.text('origin IS NOT NULL'),
        postgresql_where=sa.text('origin IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_incoming_origin', table_name='incoming')
    for name in ('thread', 'text_mark', 'version', 'origin'):
        op.drop_column('incoming', name)
    op.drop_column('outbox', 'queued_at')
    op.drop_column('conversations', 'last_dialogue_at')
