"""messages answered together, and an outbox that several processes send from"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and every row that points at them with them.
    op.add_column('incoming', sa.Column('answered_with', NUMBER, nullable=True))
    op.add_column('outbox', sa.Column('parts_sent', sa.Integer(), server_default='0', nullable=False))
    op.add_column('outbox', sa.Column('held_by', sa.String(length=32), nullable=True))
    op.add_column('outbox', sa.Column('held_until', bot.storage.tables.Moment(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_column('held_until')
        batch_op.drop_column('held_by')
        batch_op.drop_column('parts_sent')
    with op.batch_alter_table('incoming') as batch_op:
        batch_op.drop_column('answered_with')
