"""Who may use the tickets API, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional


class Scope(str, Enum):
    """What a token allows."""

    READ = "read"
    """Tickets and their logs."""
    WRITE = "write"
    """Answer, note, assign, tag, resolve, reopen, hand back."""
    TRANSCRIPTS = "transcripts"
    """What residents and agents wrote, identity numbers masked."""


@dataclass(frozen=True)
class ApiToken:
    """A token of another system; the token itself is kept as a hash, `hint` is how it ends."""

    id: int
    name: str
    token_hash: str
    hint: str
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: Optional[datetime] = None
    last_used_at: Optional[datetime] = None
    revoked_at: Optional[datetime] = None
    revoked_by: Optional[str] = None

    @property
    def actor(self) -> str:
        """Its name in tickets' logs and in the audit log."""
        return f"api:{self.name}"

    def serves(self, now: datetime) -> bool:
        """True while it may be used."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
