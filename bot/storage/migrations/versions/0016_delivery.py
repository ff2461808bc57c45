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
    with op.batch_alter_table('incoming') as batch_op:
        batch_op.drop_column('thread')
        batch_op.drop_column('text_mark')
        batch_op.drop_column('version')
        batch_op.drop_column('origin')
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_column('queued_at')
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('last_dialogue_at')
