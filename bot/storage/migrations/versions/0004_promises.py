"""promises to residents: when a watch is due, requests for reconciliation, addresses for notices"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)

WATCH_MOMENTS = ('due_at', 'tell_at', 'reminded_at')


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew.
    for name in WATCH_MOMENTS:
        op.add_column('watches', sa.Column(name, MOMENT, nullable=True))
    op.create_index('ix_watches_tell_at', 'watches', ['tell_at'], unique=False)
    op.create_table('reconciliation_requests',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('conversation_id', NUMBER, nullable=False),
    sa.Column('request_id', sa.String(length=128), nullable=False),
    sa.Column('serial_number', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('claimed', sa.JSON(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expected_by', MOMENT, nullable=True),
    sa.Column('look_at', MOMENT, nullable=True),
    sa.Column('looks', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_reconciliation_requests_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation_requests')),
    sa.UniqueConstraint('conversation_id', 'request_id', name=op.f('uq_reconciliation_requests_conversation_id_request_id')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_reconciliation_requests_conversation_id'), 'reconciliation_requests', ['conversation_id'], unique=False)
    op.create_index(op.f('ix_reconciliation_requests_serial_number'), 'reconciliation_requests', ['serial_number'], unique=False)
    op.create_index(op.f('ix_reconciliation_requests_look_at'), 'reconciliation_requests', ['look_at'], unique=False)
    op.create_table('notice_addresses',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('conversation_id', NUMBER, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('reference', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('masked', sa.String(length=64), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('code_sent_at', MOMENT, nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('confirmed_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_notice_addresses_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_addresses')),
    sa.UniqueConstraint('conversation_id', 'kind', name=op.f('uq_notice_addresses_conversation_id_kind')),
    sa.UniqueConstraint('reference', name=op.f('uq_notice_addresses_reference')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_notice_addresses_conversation_id'), 'notice_addresses', ['conversation_id'], unique=False)


def downgrade() -> None:
    op.drop_table('notice_addresses')
    op.drop_table('reconciliation_requests')
    op.drop_index('ix_watches_tell_at', table_name='watches')
    with op.batch_alter_table('watches') as batch_op:
        for name in WATCH_MOMENTS:
            batch_op.drop_column(name)
