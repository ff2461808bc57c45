"""API tokens: made once, shown once, checked at each request, revoked for good."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Iterable, Optional

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.ticket_api.model import ApiToken, Scope

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
PREFIX = "hdt_"
USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST = timedelta(days=3 * 366)


class TokensService:
    """Changes are staged in the caller's unit of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def make(
        self, work: UnitOfWork, name: str, scopes: Iterable[Scope], by: str, days: Optional[int] = None
    ) -> str:
        """A new token, for `days` or until it is revoked; this is the only time it can be read.

        Raises InvalidInput("bad_token_name" | "no_scope" | "bad_days" | "token_name_taken").
        """
        name, wanted, now = name.strip().lower(), frozenset(scopes), self._clock.now()
        if not NAME.fullmatch(name):
            raise InvalidInput("bad_token_name")
        if not wanted:
            raise InvalidInput("no_scope")
        if days is not None and not 1 <= days <= LONGEST.days:
            raise InvalidInput("bad_days")
        if await work.api_tokens.by_name(name):
            raise InvalidInput("token_name_taken")
        token = PREFIX + secrets.token_urlsafe(32)
        expires_at = now + timedelta(days=days) if days else None
        work.api_tokens.add(name, _hash(token), token[-4:], wanted, by, now, expires_at)
        work.agents.record(by, "api_token_made", name, now)
        return token

    async def revoke(self, work: UnitOfWork, name: str, by: str) -> None:
        """Ends a token at once. Raises NotFound."""
        token = await work.api_tokens.by_name(name)
        if token is None:
            raise NotFound(name)
        if token.revoked_at is None:
            now = self._clock.now()
            work.api_tokens.revoke(token.id, by, now)
            work.agents.record(by, "api_token_revoked", name, now)

    async def all(self, work: UnitOfWork) -> list[ApiToken]:
        """Every token, newest first."""
        return await work.api_tokens.all()

    async def check(self, work: UnitOfWork, token: str) -> Optional[ApiToken]:
        """The token's record while it serves, else None; stages that it was used, once a minute."""
        if not token.startswith(PREFIX):
            return None
        found = await work.api_tokens.by_hash(_hash(token))
        now = self._clock.now()
        if found is None or not found.serves(now):
            return None
        if found.last_used_at is None or now - found.last_used_at >= USE_NOTED_EVERY:
            work.api_tokens.used(found.id, now)
        return found


def state_of(token: ApiToken, now: datetime) -> str:
    """`active`, `expired` or `revoked`."""
    if token.revoked_at is not None:
        return "revoked"
    return "active" if token.serves(now) else "expired"


def _hash(token: str) -> str:
    # A random token needs no slow hash: nobody can guess 256 bits.
    return sha256(token.encode()).hexdigest()
