"""who follows tickets from outside: webhooks and their deliveries, tokens of the tickets API"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.storage.tables

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)


def upgrade() -> None:
    op.create_table('api_tokens',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('hint', sa.String(length=8), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=True),
    sa.Column('last_used_at', MOMENT, nullable=True),
    sa.Column('revoked_at', MOMENT, nullable=True),
    sa.Column('revoked_by', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('name', name=op.f('uq_api_tokens_name')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_tokens_token_hash')),
    sqlite_autoincrement=True
    )
    op.create_table('webhooks',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('with_texts', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('sealed_secret', sa.LargeBinary(), nullable=False),
    sa.Column('former_secret', sa.LargeBinary(), nullable=True),
    sa.Column('former_until', MOMENT, nullable=True),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks')),
    sqlite_autoincrement=True
    )
    op.create_table('api_answers',
    sa.Column('token_id', NUMBER, nullable=False),
    sa.Column('key', sa.String(length=128), nullable=False),
    sa.Column('request_hash', sa.String(length=64), nullable=False),
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['token_id'], ['api_tokens.id'], name=op.f('fk_api_answers_token_id')),
    sa.PrimaryKeyConstraint('token_id', 'key', name=op.f('pk_api_answers'))
    )
    op.create_index('ix_api_answers_created_at', 'api_answers', ['created_at'], unique=False)
    op.create_index('ix_api_answers_ticket_number', 'api_answers', ['ticket_number'], unique=False)
    op.create_table('webhook_deliveries',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('webhook_id', NUMBER, nullable=False),
    sa.Column('event_id', sa.String(length=40), nullable=False),
    sa.Column('event', sa.String(length=32), nullable=False),
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', MOMENT, nullable=False),
    sa.Column('held_by', sa.String(length=32), nullable=True),
    sa.Column('held_until', MOMENT, nullable=True),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('error', sa.String(length=200), nullable=False),
    sa.Column('milliseconds', sa.Integer(), nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], name=op.f('fk_webhook_deliveries_webhook_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries')),
    sa.UniqueConstraint('webhook_id', 'event_id', name=op.f('uq_webhook_deliveries_webhook_id_event_id')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_webhook_deliveries_ended_at', 'webhook_deliveries', ['ended_at'], unique=False)
    op.create_index('ix_webhook_deliveries_queue', 'webhook_deliveries', ['state', 'webhook_id', 'ticket_number', 'id'], unique=False)
    op.create_index('ix_webhook_deliveries_ticket_number', 'webhook_deliveries', ['ticket_number'], unique=False)
    op.create_index('ix_webhook_deliveries_webhook_id_id', 'webhook_deliveries', ['webhook_id', 'id'], unique=False)
    op.create_table('webhook_events',
    sa.Column('webhook_id', NUMBER, nullable=False),
    sa.Column('event', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], name=op.f('fk_webhook_events_webhook_id')),
    sa.PrimaryKeyConstraint('webhook_id', 'event', name=op.f('pk_webhook_events'))
    )


def downgrade() -> None:
    for table in ('webhook_events', 'webhook_deliveries', 'api_answers', 'webhooks', 'api_tokens'):
        op.drop_table(table)
