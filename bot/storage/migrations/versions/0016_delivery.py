"""when the dialogue last took a message, and since when a line is in the queue"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and every row that points at them with them.
    op.add_column(
        'conversations', sa.Column('last_dialogue_at', bot.storage.tables.Moment(timezone=True), nullable=True)
    )
    op.execute('UPDATE conversations SET last_dialogue_at = last_message_at')
    op.add_column('outbox', sa.Column('queued_at', bot.storage.tables.Moment(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_column('queued_at')
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('last_dialogue_at')
