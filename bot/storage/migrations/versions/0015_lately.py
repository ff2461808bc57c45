"""how often something happened lately, counted for all processes together"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('lately',
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('who', sa.String(length=64), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('until', bot.storage.tables.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('what', 'who', name=op.f('pk_lately'))
    )
    op.create_index(op.f('ix_lately_until'), 'lately', ['until'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_lately_until'), table_name='lately')
    op.drop_table('lately')
