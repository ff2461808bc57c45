"""how often a conversation's dialogue changed, so that a tracker kept in memory is known to be the newest"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and every conversation's children with it.
    op.add_column(
        'conversations', sa.Column('dialogue_version', sa.Integer(), server_default='0', nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('dialogue_version')
