"""What is stored about a resident, and its erasure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bot.messages import Conversation, ConversationStatus


@dataclass(frozen=True)
class StoredData:
    """How much is stored about one contact."""

    messages: int
    tickets: int
    watches: int
    attachments: int = 0
    requests: int = 0
    addresses: int = 0


class PersonalDataStore(Protocol):
    """Counts and erases what belongs to a conversation."""

    async def count(self, conversation_id: int) -> StoredData: ...
    def erase(self, conversation_id: int) -> None: ...


class PersonalDataService:
    """Answers "what do you store about me" and erases it on request."""

    async def about(self, work: Any, conversation: Conversation) -> StoredData:
        """What is stored about this contact."""
        found: StoredData = await work.personal_data.count(conversation.id)
        return found

    def erase(self, work: Any, conversation: Conversation) -> None:
        """Stages the erasure of every text, and the end of tickets, watches and of waiting for a person.

        The rows that prove that a message was accepted stay, without their text: a platform that
        delivers it again must not be answered twice.
        """
        work.personal_data.erase(conversation.id)
        # Buttons carry serial numbers.
        work.conversations.update(conversation, status=ConversationStatus.WITH_BOT, offered=())
