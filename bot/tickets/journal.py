"""What every step of a case leaves behind: an entry in its log, a word to the resident."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Mapping, Optional

from bot.clock import Clock
from bot.messages import Author, Conversation
from bot.phrasebook import Phrases
from bot.tickets.model import TicketNote
from bot.tickets.repository import Work

RESIDENT = "resident"
BOT = "bot"
DESK = "desk"
"""The actor of what happens by itself."""


class Journal:
    """Stages log entries and lines in the caller's unit of work."""

    def __init__(self, clock: Clock, phrases: Phrases) -> None:
        self._clock = clock
        self._phrases = phrases

    def log(
        self,
        work: Work,
        number: str,
        actor: str,
        action: str,
        note: str = "",
        data: Optional[Mapping[str, str]] = None,
    ) -> None:
        """An entry of the ticket's log."""
        work.tickets.note(TicketNote(number, self._clock.now(), actor, action, note, dict(data or {})))

    def tell(
        self, work: Work, conversation: Conversation, now: datetime, name: str, /, **values: object
    ) -> None:
        """Says a named response to the resident, as the desk and not as a person."""
        said = self._phrases.say(name, conversation.language, **values)
        work.lines.add(conversation, dataclasses.replace(said, author=Author.SYSTEM), now)
        if said.buttons:
            work.conversations.update(conversation, offered=said.buttons)
