"""what agents work with: urgency and deadlines of tickets, tags, ratings, alerts, what was understood"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)

TICKET_COLUMNS = (
    ('urgency', sa.Integer(), {'server_default': '1', 'nullable': False}),
    ('resolve_by', MOMENT, {'nullable': True}),
    ('first_replied_at', MOMENT, {'nullable': True}),
    ('escalated_at', MOMENT, {'nullable': True}),
    ('snoozed_until', MOMENT, {'nullable': True}),
    ('serving', sa.Boolean(), {'server_default': sa.false(), 'nullable': False}),
    ('contacts', sa.Integer(), {'server_default': '1', 'nullable': False}),
    ('amount', NUMBER, {'nullable': True}),
    ('cause', sa.String(length=32), {'nullable': True}),
    ('merged_into', sa.String(length=16), {'nullable': True}),
)
TICKET_INDEXES = (
    ('ix_tickets_snoozed_until', ['snoozed_until']),
    ('ix_tickets_status_urgency', ['status', 'urgency', 'due_at']),
    ('ix_tickets_assignee_status', ['assignee', 'status']),
)


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and every ticket's log with it.
    for name, kind, options in TICKET_COLUMNS:
        op.add_column('tickets', sa.Column(name, kind, **options))
    op.execute(
        "UPDATE tickets SET urgency = CASE priority"
        " WHEN 'low' THEN 0 WHEN 'high' THEN 2 WHEN 'urgent' THEN 3 ELSE 1 END"
    )
    op.execute(
        "UPDATE tickets SET serving = (status = 'waiting') WHERE conversation_id IN"
        " (SELECT id FROM conversations WHERE status = 'with_agent')"
    )
    for name, columns in TICKET_INDEXES:
        op.create_index(name, 'tickets', columns, unique=False)
    op.add_column('incoming', sa.Column('intent', sa.String(length=64), nullable=True))
    op.add_column('incoming', sa.Column('confidence', sa.Float(), nullable=True))
    op.create_table('ticket_tags',
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_ticket_tags_ticket_number')),
    sa.PrimaryKeyConstraint('ticket_number', 'tag', name=op.f('pk_ticket_tags'))
    )
    op.create_index(op.f('ix_ticket_tags_tag'), 'ticket_tags', ['tag'], unique=False)
    op.create_table('ratings',
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('asked_at', MOMENT, nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('rated_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_ratings_ticket_number')),
    sa.PrimaryKeyConstraint('ticket_number', name=op.f('pk_ratings'))
    )
    op.create_index(op.f('ix_ratings_rated_at'), 'ratings', ['rated_at'], unique=False)
    op.create_table('alerts',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('at', MOMENT, nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('seen_by', sa.String(length=64), nullable=True),
    sa.Column('seen_at', MOMENT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_alerts_at'), 'alerts', ['at'], unique=False)
    op.create_index(op.f('ix_alerts_seen_by'), 'alerts', ['seen_by'], unique=False)


def downgrade() -> None:
    op.drop_table('alerts')
    op.drop_table('ratings')
    op.drop_table('ticket_tags')
    with op.batch_alter_table('incoming') as batch_op:
        batch_op.drop_column('confidence')
        batch_op.drop_column('intent')
    for name, _ in TICKET_INDEXES:
        op.drop_index(name, table_name='tickets')
    with op.batch_alter_table('tickets') as batch_op:
        for name, _, _ in TICKET_COLUMNS:
            batch_op.drop_column(name)
