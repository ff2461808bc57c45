"""Photos and documents that residents send (附件)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional


class AttachmentState(str, Enum):
    """Fetched and kept, still to be fetched, or why it is not kept."""

    PENDING = "pending"
    KEPT = "kept"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Attachment:
    """One file of an accepted message. `reference` is the channel's name for it, until it is fetched.

    The resident's own name for the file is never kept: it may say who they are.
    """

    id: int
    conversation_id: int
    incoming_id: int
    channel: str
    state: AttachmentState
    reference: str
    size: Optional[int]
    media_type: str
    sha256: str
    created_at: datetime


@dataclass(frozen=True)
class AgentFile:
    """A file that an agent sent to a resident; `size` in bytes. Its own name is not kept either."""

    conversation_id: int
    agent: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime
