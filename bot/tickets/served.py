"""What a resident's message means for the tickets that are live: they wake, they wait again."""

from __future__ import annotations

import dataclasses

from bot.clock import Clock
from bot.messages import Conversation, ConversationStatus
from bot.phrasebook import Phrases
from bot.tickets.deadlines import Deadlines
from bot.tickets.journal import RESIDENT, Journal
from bot.tickets.model import Ticket, TicketStatus
from bot.tickets.repository import Work


class Served:
    """Every method stages its changes in the caller's unit of work."""

    def __init__(self, clock: Clock, deadlines: Deadlines, phrases: Phrases) -> None:
        self._clock = clock
        self._deadlines = deadlines
        self._journal = Journal(clock, phrases)

    async def resident_wrote(self, work: Work, conversation: Conversation) -> None:
        """Brings back what was put aside; with an agent, the ticket waits for the agent again."""
        with_agent = conversation.status is ConversationStatus.WITH_AGENT
        for ticket in await work.tickets.live_of(conversation.id):
            heard = self._awake(work, ticket)
            if with_agent and heard.status is TicketStatus.WAITING:
                heard = dataclasses.replace(heard, status=TicketStatus.OPEN)
            if heard != ticket:
                work.tickets.save(dataclasses.replace(heard, updated_at=self._clock.now()))

    def _awake(self, work: Work, ticket: Ticket) -> Ticket:
        if ticket.snoozed_until is None:
            return ticket
        self._journal.log(work, ticket.number, RESIDENT, "woken")
        return dataclasses.replace(ticket, snoozed_until=None)
