"""One resident's message being answered: everything an action may read, use and change."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional

from bot.messages import Conversation, Understood

if TYPE_CHECKING:
    from bot.services import Services
    from bot.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Private:
    """What the message holds but no dialogue keeps: an identity card's last four, an address for notices."""

    id_last4: Optional[str] = None
    address: Optional[str] = None


@dataclass
class Turn:
    """The unit of work of one message, and what it is about.

    `message_key` is unique to the accepted message, whatever database it is in, and the same after a restart:
    side effects on other systems derive their idempotency keys from it.
    """

    conversation: Conversation
    work: "UnitOfWork"
    services: "Services"
    message_key: str
    now: datetime
    private: Private = field(default_factory=Private)
    starts_afresh: bool = False
    """True when the resident was away for so long that an earlier matter is not gone on with by itself."""
    tracker: Any = None
    """The dialogue's own picture of the conversation, once it was looked at."""
    words: str = ""
    """What was typed, masked; empty for a pressed button."""
    stored_events: int = 0
    """How many of the tracker's events are stored, or staged in this turn."""
    saves: int = 0
    """How often this turn staged events: by so much the conversation's `dialogue_version` rises."""
    staged_events: list[dict[str, Any]] = field(default_factory=list)
    """The dialogue's events that commit with this turn."""
    understood: Optional[Understood] = None
    """What the dialogue made of the message; None where it was not asked."""
    failure: Optional[Exception] = None
    """What broke in an action, kept here because Rasa goes on as if nothing had happened."""

    def change_conversation(self, **changes: Any) -> None:
        """Stages changes to the conversation (status, language, offered)."""
        self.conversation = self.work.conversations.update(self.conversation, **changes)


current_turn: ContextVar[Optional[Turn]] = ContextVar("current_turn", default=None)
"""The message that this task is answering; None outside the desk (Rasa's own servers)."""
