"""forms that were obeyed; tickets in the order they came; where a ticket's amount is from"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)

LIVE = "(status IN ('new', 'open', 'waiting')) IS TRUE"
WAITING = "(status = 'waiting') IS TRUE"
TO_BE_ASKED = f"{LIVE} AND amount_asked_at IS NULL AND serial_number IS NOT NULL"
BY_CHANCE = [sa.text('urgency DESC'), 'due_at', 'number', 'channel', 'snoozed_until']
AS_THEY_CAME = [sa.text('urgency DESC'), 'due_at', 'created_at', 'number', 'channel', 'snoozed_until']


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and every row that points at them with them.
    op.add_column('tickets', sa.Column('amount_source', sa.String(length=16), nullable=True))
    op.add_column('tickets', sa.Column('amount_asked_at', MOMENT, nullable=True))
    op.execute("UPDATE tickets SET amount_source = 'claimed' WHERE amount IS NOT NULL")
    op.create_table('obeyed_forms',
    sa.Column('account_id', NUMBER, nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['agents.id'], name=op.f('fk_obeyed_forms_account_id')),
    sa.PrimaryKeyConstraint('account_id', 'key', name=op.f('pk_obeyed_forms'))
    )
    _order(AS_THEY_CAME)
    _partial('ix_tickets_amount_unasked', ['created_at'], TO_BE_ASKED)


def downgrade() -> None:
    op.drop_index('ix_tickets_amount_unasked', table_name='tickets')
    _order(BY_CHANCE)
    op.drop_table('obeyed_forms')
    op.drop_column('tickets', 'amount_asked_at')
    op.drop_column('tickets', 'amount_source')


def _order(listed: list[Any]) -> None:
    """Makes the indexes of the inbox's urgent tabs anew."""
    for name, columns, where in (
        ('ix_tickets_live', listed, LIVE),
        ('ix_tickets_mine', ['assignee', *listed], LIVE),
        ('ix_tickets_unassigned', listed, f'{LIVE} AND assignee IS NULL'),
        ('ix_tickets_waiting', listed, WAITING),
    ):
        op.drop_index(name, table_name='tickets')
        _partial(name, columns, where)


def _partial(name: str, columns: list[Any], where: str) -> None:
    op.create_index(
        name, 'tickets', columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
