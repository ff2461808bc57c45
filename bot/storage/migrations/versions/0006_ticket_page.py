"""what two agents on one ticket need: how far each has read, who is there; canned answers; agents' files"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)


def upgrade() -> None:
    op.create_table('ticket_reads',
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('agent', sa.String(length=64), nullable=False),
    sa.Column('line_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_ticket_reads_ticket_number')),
    sa.PrimaryKeyConstraint('ticket_number', 'agent', name=op.f('pk_ticket_reads'))
    )
    op.create_table('presence',
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('agent', sa.String(length=64), nullable=False),
    sa.Column('seen_at', MOMENT, nullable=False),
    sa.Column('typing_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_presence_ticket_number')),
    sa.PrimaryKeyConstraint('ticket_number', 'agent', name=op.f('pk_presence'))
    )
    op.create_index(op.f('ix_presence_seen_at'), 'presence', ['seen_at'], unique=False)
    op.create_table('canned_answers',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('shortcut', sa.String(length=24), nullable=False),
    sa.Column('title', sa.String(length=64), nullable=False),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.Column('updated_by', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canned_answers')),
    sa.UniqueConstraint('shortcut', name=op.f('uq_canned_answers_shortcut')),
    sqlite_autoincrement=True
    )
    op.create_table('agent_files',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('conversation_id', NUMBER, nullable=False),
    sa.Column('agent', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=32), nullable=False),
    sa.Column('size', NUMBER, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_agent_files_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_files')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_agent_files_conversation_id'), 'agent_files', ['conversation_id'], unique=False)


def downgrade() -> None:
    for table in ('agent_files', 'canned_answers', 'presence', 'ticket_reads'):
        op.drop_table(table)
