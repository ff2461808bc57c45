"""How the resident found it: asked once when a case is resolved, 1 to 5 and, if they like, a word.

Whoever does not answer is left alone. A score may be changed and a word added for a day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Optional

from bot.clock import Clock
from bot.messages import Conversation
from bot.phrasebook import Phrases
from bot.tickets.journal import Journal
from bot.tickets.model import Rating, Ticket
from bot.tickets.repository import Work

SCORES = range(1, 6)
LOW = 2
"""Up to this score a person is offered once more."""
OPEN_FOR = timedelta(days=1)
WORDS_MAX_CHARS = 1000
RESIDENT = "resident"


class Satisfaction:
    """Every method stages its changes in the caller's unit of work."""

    def __init__(self, clock: Clock, phrases: Phrases) -> None:
        self._clock = clock
        self._journal = Journal(clock, phrases)

    async def ask(self, work: Work, conversation: Conversation, ticket: Ticket) -> None:
        """Asks the resident how it was, unless this ticket was asked about before."""
        if await work.ratings.of(ticket.number):
            return
        now = self._clock.now()
        work.ratings.ask(ticket.number, now)
        self._journal.tell(work, conversation, now, "utter_rate_service", number=ticket.number)

    async def rate(self, work: Work, conversation: Conversation, number: str, score: int) -> bool:
        """Keeps a score from 1 to 5, the last one given; False when it is too late or was never asked."""
        rating = await self._open_rating(work, conversation, number)
        if rating is None or score not in SCORES:
            return False
        work.ratings.save(rating, score=score, rated_at=self._clock.now())
        self._journal.log(work, number, RESIDENT, "rated", data={"score": str(score)})
        return True

    async def add_words(self, work: Work, conversation: Conversation, number: str, words: str) -> bool:
        """Keeps what the resident says beside the score (masked); False when it is too late for that."""
        rating = await self._open_rating(work, conversation, number)
        if rating is None or rating.score is None:
            return False
        words = words[:WORDS_MAX_CHARS]
        work.ratings.save(rating, words=words)
        self._journal.log(work, number, RESIDENT, "rated_in_words", words)
        return True

    async def _open_rating(self, work: Work, conversation: Conversation, number: str) -> Optional[Rating]:
        """The rating of the resident's own ticket, while it may be given."""
        ticket = await work.tickets.get(number)
        if ticket is None or ticket.conversation_id != conversation.id:
            return None
        rating = await work.ratings.of(number)
        return rating if rating and self._clock.now() - rating.asked_at <= OPEN_FOR else None
