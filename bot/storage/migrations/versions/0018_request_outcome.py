"""what the bureau wrote on a request when it ended"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('reconciliation_requests', sa.Column('outcome', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('reconciliation_requests') as batch_op:
        batch_op.drop_column('outcome')
