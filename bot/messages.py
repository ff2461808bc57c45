"""What residents and the desk say to each other: contacts, conversations, messages, replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Mapping, Optional


class Author(str, Enum):
    """Who wrote a line of the transcript."""

    RESIDENT = "resident"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class ConversationStatus(str, Enum):
    """Who serves the resident now."""

    WITH_BOT = "with_bot"
    WAITING_FOR_AGENT = "waiting_for_agent"
    WITH_AGENT = "with_agent"


class MessageKind(str, Enum):
    """What a channel brought; everything but TEXT and BUTTON gets one polite line.

    GROUP is anything said to us where others read along; its words are not passed on.
    """

    TEXT = "text"
    BUTTON = "button"
    PHOTO = "photo"
    DOCUMENT = "document"
    STICKER = "sticker"
    VOICE = "voice"
    LOCATION = "location"
    GROUP = "group"
    OTHER = "other"


WITH_FILES = frozenset({MessageKind.PHOTO, MessageKind.DOCUMENT})


@dataclass(frozen=True)
class Contact:
    """How one channel knows a resident."""

    channel: str
    user_id: str


@dataclass(frozen=True)
class FileReference:
    """A file that the channel still has: how to fetch it, and a `key` that the same file always has."""

    reference: str
    key: str
    size: Optional[int] = None


@dataclass(frozen=True)
class Source:
    """Where a message is on its platform. Every version of a changed one has the same `origin`.

    `version` is 0 for what was written first and higher for each later change; `thread` is a group's topic.
    """

    origin: str
    version: int = 0
    thread: Optional[int] = None


@dataclass(frozen=True)
class IncomingMessage:
    """What a channel brought, before anything looked at it.

    `message_id` is the channel's own and unique within the channel; `text` is the typed text, or the
    payload of a pressed button when `kind` is BUTTON. Messages of one album share their `message_id`, and
    each brings a `file`.
    """

    contact: Contact
    message_id: str
    text: str
    kind: MessageKind = MessageKind.TEXT
    language: Optional[str] = None
    file: Optional[FileReference] = None
    source: Optional[Source] = None
    """None where the channel's messages are never changed."""


@dataclass(frozen=True)
class Button:
    """A quick reply; its typed equivalent is its place in the row, counted from 1."""

    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    """One message to the resident, not yet stored."""

    text: str
    buttons: tuple[Button, ...] = ()
    author: Author = Author.BOT
    author_name: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One line of a conversation's transcript as stored: masked, numbered, in order."""

    id: int
    conversation_id: int
    author: Author
    author_name: str
    text: str
    buttons: tuple[Button, ...]
    custom: Mapping[str, Any]
    in_reply_to: Optional[int]
    created_at: datetime


@dataclass(frozen=True)
class Conversation:
    """One contact's thread. `offered` are the buttons of the last reply, for typed equivalents."""

    id: int
    contact: Contact
    status: ConversationStatus
    language: str
    offered: tuple[Button, ...]
    created_at: datetime
    last_message_at: datetime
    flooded_at: Optional[datetime] = None
    """When the resident was last asked to slow down."""
    reachable: bool = True
    """False while the contact has blocked us."""
    dialogue_version: int = 0
    """How often the dialogue's events changed."""
    last_dialogue_at: Optional[datetime] = None
    """When the dialogue last took a message; None before the first."""

    @property
    def last_session_at(self) -> datetime:
        """The last moment of the dialogue's session: what was answered without it does not prolong that."""
        return self.last_dialogue_at or self.last_message_at


@dataclass(frozen=True)
class Understood:
    """What the dialogue took a message for, how sure it was (0 to 1), and what it did about it.

    `did` names actions in order; `found` is what a look-up brought: its state and reason, or the trouble.
    """

    intent: str
    confidence: float
    did: tuple[str, ...] = ()
    found: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepted:
    """A stored incoming message. `sealed` is its encrypted text until it is answered, then None."""

    id: int
    conversation_id: int
    contact: Contact
    message_id: str
    kind: MessageKind
    sealed: Optional[bytes]
    text: Optional[str]
    received_at: datetime
    answered_at: Optional[datetime]
    lately: Optional[int] = None
    """How many came in the minute up to it, itself included; None where nobody counted."""
    asleep: Optional[bool] = None
    """Whether its conversation has a ticket that is put aside; None where nobody looked."""
    heard: Optional[str] = field(default=None, repr=False)
    """What `sealed` holds, while the process that accepted it has it at hand; never stored."""
