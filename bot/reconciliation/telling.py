"""Telling the resident that their payment was matched by hand: once, whoever else might tell it too."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bot.clock import Clock
from bot.errors import Bug, NotFound, RetryLater
from bot.messages import Conversation
from bot.notifications.service import WatchesService
from bot.payments.model import Payment, RequestStatus
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.reconciliation.model import Proposal, Told
from bot.reconciliation.repository import Work
from bot.requests.service import RequestsService
from bot.tickets.journal import Journal


class Telling:
    """Stages its lines in the unit of work that stores the result."""

    def __init__(
        self, watches: WatchesService, requests: RequestsService, clock: Clock, phrases: Phrases
    ) -> None:
        self._watches = watches
        self._requests = requests
        self._clock = clock
        self._journal = Journal(clock, phrases)

    async def tell(self, work: Work, proposal: Proposal, payment: Payment) -> tuple[Told, list[int]]:
        """How the ticket's resident hears of it, and every conversation that was told now.

        Every watch on the payment tells its own conversation; the ticket's is told here if none does.
        """
        ticket = await work.tickets.get(proposal.ticket_number)
        assert ticket is not None, "a proposal without a ticket"
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None, "a ticket without a conversation"
        watch = await work.watches.find(conversation.id, payment.serial_number)
        told = await self._watches.tell(work, payment)
        answered = await self._answered(work, conversation, payment.serial_number, lost=proposal.tries > 0)
        # A watch that waits for the morning tells then; one that ended with this very state has told it.
        if watch and (watch.active or watch.knows(payment)):
            return Told.BY_WATCH, told
        if answered:
            return Told.BY_REQUEST, told
        now, serial = self._clock.now(), payment.serial_number
        name = "utter_reconciled_by_staff"
        self._journal.tell(work, conversation, now, name, tail=tail(serial), serial=serial)
        return Told.BY_TICKET, [*told, conversation.id]

    async def _answered(self, work: Any, conversation: Conversation, serial: str, lost: bool) -> bool:
        """True when the resident has heard it as the result of their own request.

        One that is still open is asked about here, so that its end is not told a second time. After an
        answer of the bureau's was `lost`, its end may have been told before this was known to be done.
        """
        open_one = await self._requests.open_for(work, conversation, serial)
        if open_one is not None:
            # Where the bureau does not answer, its follower tells; twice is better than not at all.
            with suppress(NotFound, RetryLater, Bug):
                await self._requests.ask(work, open_one)
            return False
        own = await self._requests.of(work, conversation)
        return lost and any(
            one.serial_number == serial and one.status is RequestStatus.RESOLVED for one in own
        )
