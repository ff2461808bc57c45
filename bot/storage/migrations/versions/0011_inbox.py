"""what the inbox lists, counts and finds tickets by; accounts that are out of use; the audit log's indexes"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import bot.storage.tables
from bot.storage.pairs import pieces

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = bot.storage.tables.Moment(timezone=True)

LIVE = "(status IN ('new', 'open', 'waiting')) IS TRUE"
WAITING = "(status = 'waiting') IS TRUE"
DONE = "(status IN ('resolved', 'closed')) IS TRUE"
URGENT_FIRST = [sa.text('urgency DESC'), 'due_at', 'number', 'channel', 'snoozed_until']

PARTIAL: tuple[tuple[str, str, list[Any], str], ...] = (
    ('ix_tickets_live', 'tickets', URGENT_FIRST, LIVE),
    ('ix_tickets_mine', 'tickets', ['assignee', *URGENT_FIRST], LIVE),
    ('ix_tickets_unassigned', 'tickets', URGENT_FIRST, f'{LIVE} AND assignee IS NULL'),
    ('ix_tickets_waiting', 'tickets', URGENT_FIRST, WAITING),
    ('ix_tickets_unanswered', 'tickets', ['due_at', 'number', 'channel'], f'{LIVE} AND first_replied_at IS NULL'),
    ('ix_tickets_unresolved', 'tickets', ['resolve_by', 'number', 'channel'], LIVE),
    ('ix_tickets_done', 'tickets', ['updated_at', 'number', 'channel'], DONE),
    ('ix_conversations_with_people', 'conversations', ['last_message_at'], "status <> 'with_bot'"),
    ('ix_alerts_unseen', 'alerts', ['id'], 'seen_by IS NULL'),
)
WHOLE = (
    ('ix_tickets_newest', 'tickets', ['created_at', 'number', 'channel']),
    ('ix_ticket_tags_tag_ticket_number', 'ticket_tags', ['tag', 'ticket_number']),
    ('ix_audit_at_id', 'audit', ['at', 'id']),
    ('ix_audit_actor_at_id', 'audit', ['actor', 'at', 'id']),
    ('ix_audit_action_at_id', 'audit', ['action', 'at', 'id']),
    ('ix_audit_subject_at_id', 'audit', ['subject', 'at', 'id']),
)

FULL_TEXT = (
    "CREATE VIRTUAL TABLE ticket_index USING fts5("
    "words, content='ticket_words', content_rowid='id', detail='none', columnsize=0,"
    " tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER ticket_words_inserted AFTER INSERT ON ticket_words BEGIN"
    " INSERT INTO ticket_index(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER ticket_words_deleted AFTER DELETE ON ticket_words BEGIN"
    " INSERT INTO ticket_index(ticket_index, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER ticket_words_updated AFTER UPDATE OF words ON ticket_words BEGIN"
    " INSERT INTO ticket_index(ticket_index, rowid, words) VALUES ('delete', old.id, old.words);"
    " INSERT INTO ticket_index(rowid, words) VALUES (new.id, new.words); END",
)
"""SQLite's search over `ticket_words`, kept by SQLite itself."""

LINES = (
    "SELECT m.text FROM messages m JOIN tickets t ON t.conversation_id = m.conversation_id"
    " WHERE t.number = :number AND m.author IN ('resident', 'agent') ORDER BY m.id DESC LIMIT 200"
)
NOTES = "SELECT note FROM ticket_notes WHERE ticket_number = :number AND action = 'noted'"


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and every row that points at them with them.
    op.add_column('agents', sa.Column('disabled_at', MOMENT, nullable=True))
    op.add_column('tickets', sa.Column('channel', sa.String(length=32), server_default='', nullable=False))
    op.execute(
        'UPDATE tickets SET channel ='
        ' (SELECT channel FROM conversations WHERE conversations.id = tickets.conversation_id)'
    )
    is_sqlite = op.get_context().dialect.name == 'sqlite'
    op.create_table('ticket_words',
    sa.Column('id', NUMBER, autoincrement=True, nullable=False),
    sa.Column('ticket_number', sa.String(length=16), nullable=False),
    sa.Column('words', sa.Text() if is_sqlite else postgresql.TSVECTOR(), nullable=False),
    sa.ForeignKeyConstraint(['ticket_number'], ['tickets.number'], name=op.f('fk_ticket_words_ticket_number')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_words')),
    sa.UniqueConstraint('ticket_number', name=op.f('uq_ticket_words_ticket_number')),
    sqlite_autoincrement=True
    )
    if is_sqlite:
        for statement in FULL_TEXT:
            op.execute(statement)
    else:
        op.create_index('ix_ticket_words_words', 'ticket_words', ['words'], postgresql_using='gin')
    op.drop_index('ix_ticket_tags_tag', table_name='ticket_tags')
    op.drop_index('ix_audit_at', table_name='audit')
    for name, table, columns in WHOLE:
        op.create_index(name, table, columns, unique=False)
    for name, table, listed, where in PARTIAL:
        op.create_index(
            name, table, listed, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    _keep_words(is_sqlite)


def _keep_words(is_sqlite: bool) -> None:
    """Makes what is stored already findable."""
    connection = op.get_bind()
    found = connection.execute(sa.text('SELECT number, serial_number FROM tickets ORDER BY created_at')).all()
    for number, serial_number in found:
        said = [row[0] for row in connection.execute(sa.text(LINES), {'number': number})]
        noted = [row[0] for row in connection.execute(sa.text(NOTES), {'number': number})]
        words = sorted(set().union(*(pieces(text or '') for text in (number, serial_number, *said, *noted))))
        value = ':words' if is_sqlite else 'array_to_tsvector(CAST(:words AS text[]))'
        connection.execute(
            sa.text(f'INSERT INTO ticket_words (ticket_number, words) VALUES (:number, {value})'),
            {'number': number, 'words': f" {' '.join(words)} " if is_sqlite else words},
        )


def downgrade() -> None:
    for name, table, _, _ in PARTIAL:
        op.drop_index(name, table_name=table)
    for name, table, _ in WHOLE:
        op.drop_index(name, table_name=table)
    op.create_index('ix_audit_at', 'audit', ['at'], unique=False)
    op.create_index('ix_ticket_tags_tag', 'ticket_tags', ['tag'], unique=False)
    if op.get_context().dialect.name == 'sqlite':
        op.execute('DROP TABLE ticket_index')
    op.drop_table('ticket_words')
    with op.batch_alter_table('tickets') as batch_op:
        batch_op.drop_column('channel')
    with op.batch_alter_table('agents') as batch_op:
        batch_op.drop_column('disabled_at')
