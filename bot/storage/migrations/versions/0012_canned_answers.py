"""the canned answers that a new house starts with"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import sqlalchemy as sa
import yaml
from alembic import op

import bot.storage.tables

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

ANSWERS = Path(__file__).parents[1] / 'canned_answers.yml'

TABLE = sa.table(
    'canned_answers',
    sa.column('shortcut', sa.String),
    sa.column('title', sa.String),
    sa.column('texts', sa.JSON),
    sa.column('updated_at', bot.storage.tables.Moment(timezone=True)),
    sa.column('updated_by', sa.String),
    sa.column('version', sa.Integer),
)


def upgrade() -> None:
    taken = {row.shortcut for row in op.get_bind().execute(sa.select(TABLE.c.shortcut))}
    op.bulk_insert(
        TABLE,
        [
            {
                'shortcut': answer['shortcut'],
                'title': answer['title'],
                'texts': {'zh': answer['zh'], 'en': answer['en']},
                'updated_at': datetime.now(timezone.utc),
                'updated_by': '',
                'version': 0,
            }
            for answer in yaml.safe_load(ANSWERS.read_text(encoding='utf-8'))
            if answer['shortcut'] not in taken
        ],
    )


def downgrade() -> None:
    op.execute(sa.delete(TABLE))
