"""manual reconciliations: proposed by one agent, decided by another, and what came of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)
IS_OPEN = sa.text("state IN ('proposed', 'approved')")


def upgrade() -> None:
    op.create_table('proposals',
    sa.Column('reference', sa.String(length=24), nullable=False),
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('serial_number', sa.String(length=64), nullable=False),
    sa.Column('statement_line_id', sa.String(length=128), nullable=False),
    sa.Column('amount', NUMBER, nullable=False),
    sa.Column('source', sa.String(length=24), nullable=False),
    sa.Column('booked_at', MOMENT, nullable=False),
    sa.Column('differs', sa.JSON(), nullable=False),
    sa.Column('operator', sa.String(length=64), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_at', MOMENT, nullable=True),
    sa.Column('decision_note', sa.Text(), nullable=False),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.Column('outcome', sa.String(length=32), nullable=False),
    sa.Column('payment_state', sa.String(length=32), nullable=False),
    sa.Column('told', sa.String(length=16), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_proposals_ticket_number')),
    sa.PrimaryKeyConstraint('reference', name=op.f('pk_proposals'))
    )
    op.create_index(op.f('ix_proposals_ticket_number'), 'proposals', ['ticket_number'], unique=False)
    op.create_index(op.f('ix_proposals_next_try_at'), 'proposals', ['next_try_at'], unique=False)
    op.create_index('ix_proposals_state_created_at', 'proposals', ['state', 'created_at'], unique=False)
    op.create_index(
        'uq_proposals_open_serial_number', 'proposals', ['serial_number'], unique=True,
        sqlite_where=IS_OPEN, postgresql_where=IS_OPEN,
    )


def downgrade() -> None:
    op.drop_table('proposals')
