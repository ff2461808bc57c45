"""lines sent unasked are counted by one index, without reading them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

UNASKED = sa.text('in_reply_to IS NULL')


def upgrade() -> None:
    op.drop_index('ix_messages_unasked', table_name='messages')
    op.drop_index('ix_messages_in_reply_to', table_name='messages')
    op.create_index('ix_messages_in_reply_to', 'messages', ['in_reply_to', 'created_at', 'author'])


def downgrade() -> None:
    op.drop_index('ix_messages_in_reply_to', table_name='messages')
    op.create_index('ix_messages_in_reply_to', 'messages', ['in_reply_to'])
    op.create_index(
        'ix_messages_unasked',
        'messages',
        ['created_at'],
        unique=False,
        sqlite_where=UNASKED,
        postgresql_where=UNASKED,
    )
