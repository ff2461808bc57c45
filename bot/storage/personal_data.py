"""What belongs to one conversation, counted and erased."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.attachments.model import AttachmentState
from bot.personal_data import StoredData
from bot.storage import tables
from bot.storage.repository import Repository
from bot.tickets.model import TicketStatus

OF_TICKETS = sa.select(tables.tickets.c.number)


class PersonalData(Repository):
    """Counts and erases across the tables that hold a resident's words."""

    async def count(self, conversation_id: int) -> StoredData:
        """How many lines, tickets and active watches the conversation has."""
        return StoredData(
            messages=await self._count(tables.messages, conversation_id),
            tickets=await self._count(tables.tickets, conversation_id),
            watches=await self._count(tables.watches, conversation_id, tables.watches.c.active),
            addresses=await self._count(tables.notice_addresses, conversation_id),
            requests=await self._count(tables.reconciliation_requests, conversation_id),
            attachments=await self._count(
                tables.attachments, conversation_id, tables.attachments.c.state == AttachmentState.KEPT.value
            ),
        )

    def erase(self, conversation_id: int) -> None:
        """Stages the erasure; tickets stay as closed cases without content."""
        stage = self._work.stage_statement
        self._erase_notices(conversation_id)
        numbers = OF_TICKETS.where(tables.tickets.c.conversation_id == conversation_id)
        stage(tables.api_answers.delete().where(tables.api_answers.c.ticket_number.in_(numbers)))
        stage(tables.attachments.delete().where(tables.attachments.c.conversation_id == conversation_id))
        stage(tables.agent_files.delete().where(tables.agent_files.c.conversation_id == conversation_id))
        stage(tables.outbox.delete().where(tables.outbox.c.conversation_id == conversation_id))
        stage(tables.messages.delete().where(tables.messages.c.conversation_id == conversation_id))
        stage(
            tables.tracker_events.delete().where(tables.tracker_events.c.conversation_id == conversation_id)
        )
        stage(
            tables.reconciliation_requests.delete().where(
                tables.reconciliation_requests.c.conversation_id == conversation_id
            )
        )
        stage(  # what a process has in memory is no longer the newest
            tables.conversations.update()
            .where(tables.conversations.c.id == conversation_id)
            .values(dialogue_version=tables.conversations.c.dialogue_version + 1)
        )
        stage(tables.watches.delete().where(tables.watches.c.conversation_id == conversation_id))
        stage(
            tables.misunderstandings.delete().where(
                tables.misunderstandings.c.conversation_id == conversation_id
            )
        )
        self._work.ticket_words.forget(numbers)
        self._work.proposals.forget(numbers)
        self._work.webhooks.forget(numbers)
        stage(
            tables.ticket_notes.update()
            .where(tables.ticket_notes.c.ticket_number.in_(numbers))
            .values(note="", data={})
        )
        stage(tables.ratings.update().where(tables.ratings.c.ticket_number.in_(numbers)).values(words=""))
        stage(
            tables.tickets.update()
            .where(tables.tickets.c.conversation_id == conversation_id)
            .values(
                status=TicketStatus.CLOSED.value,
                serial_number=None,
                amount=None,
                amount_source=None,
                checked={},
                version=tables.tickets.c.version + 1,
            )
        )
        stage(
            tables.incoming.update()
            .where(tables.incoming.c.conversation_id == conversation_id)
            .values(text=None, text_mark=None)
        )

    def _erase_notices(self, conversation_id: int) -> None:
        """What was written to the resident's addresses, and the addresses."""
        stage, addresses = self._work.stage_statement, tables.notice_addresses
        own = sa.select(addresses.c.reference).where(addresses.c.conversation_id == conversation_id)
        receivers = sa.select(tables.conversations.c.id).where(tables.conversations.c.user_id.in_(own))
        stage(tables.outbox.delete().where(tables.outbox.c.conversation_id.in_(receivers)))
        stage(tables.messages.delete().where(tables.messages.c.conversation_id.in_(receivers)))
        stage(addresses.delete().where(addresses.c.conversation_id == conversation_id))

    async def _count(self, table: sa.Table, conversation_id: int, *conditions: Any) -> int:
        statement = sa.select(sa.func.count()).select_from(table)
        rows = await self._work.fetch(
            statement.where(table.c.conversation_id == conversation_id, *conditions)
        )
        return int(rows[0][0])
