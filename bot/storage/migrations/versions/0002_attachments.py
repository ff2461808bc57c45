"""attachments, and whether a contact can be reached"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('attachments',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('conversation_id', NUMBER, nullable=False),
    sa.Column('incoming_id', NUMBER, nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('file_key', sa.String(length=128), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reference', sa.String(length=256), nullable=False),
    sa.Column('size', NUMBER, nullable=True),
    sa.Column('media_type', sa.String(length=32), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', bot.storage.tables.Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_attachments_conversation_id')),
    sa.ForeignKeyConstraint(['incoming_id'], ['incoming.id'], name=op.f('fk_attachments_incoming_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments')),
    sa.UniqueConstraint('incoming_id', 'file_key', name=op.f('uq_attachments_incoming_id_file_key')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_attachments_conversation_id'), 'attachments', ['conversation_id'], unique=False)
    op.create_index(op.f('ix_attachments_state'), 'attachments', ['state'], unique=False)
    # Not in a batch: SQLite would make the table anew, and every conversation's children with it.
    op.add_column('conversations', sa.Column('reachable', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('reachable')
    op.drop_index(op.f('ix_attachments_state'), table_name='attachments')
    op.drop_index(op.f('ix_attachments_conversation_id'), table_name='attachments')
    op.drop_table('attachments')
