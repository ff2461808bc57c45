"""an index for the latest first answers, from which waiting times are judged"""

from __future__ import annotations

from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_tickets_first_replied_at', 'tickets', ['first_replied_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_tickets_first_replied_at', table_name='tickets')
