"""Who works at this browser: a signed cookie for 12 hours, and the token its forms carry."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Optional

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from bot.console.model import Account
from bot.storage.unit_of_work import UnitOfWork

COOKIE = "console"
HOURS = 12
ANONYMOUS = -1


@dataclass(frozen=True)
class Session:
    """One browser's visit. `nonce` is new at each login, and forms prove it with `csrf`."""

    nonce: str
    account_id: int = ANONYMOUS
    epoch: int = 0


class Sessions:
    """Reads and writes session cookies; a session ends when its account's epoch rises."""

    def __init__(self, secret_key: str, https: bool = False) -> None:
        """`https`: browsers reach us that way, whatever the request that a proxy hands on looks like."""
        self._https = https
        self._secret = secret_key.encode()
        self._serializer = URLSafeTimedSerializer(secret_key, salt="console-session")

    def read(self, request: Request) -> Optional[Session]:
        """The session of this request's cookie, or None without a valid one."""
        try:
            value: Any = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=HOURS * 3600)
            return Session(str(value["n"]), int(value["a"]), int(value["e"]))
        except (BadSignature, KeyError, TypeError, ValueError):
            return None

    async def account(self, work: UnitOfWork, session: Optional[Session]) -> Optional[Account]:
        """Who is logged in, or None."""
        if session is None or session.account_id == ANONYMOUS:
            return None
        account = await work.agents.get(session.account_id)
        if account is None or account.disabled_at or account.session_epoch != session.epoch:
            return None
        return account

    def anonymous(self) -> Session:
        """A session of nobody, for the forms before login."""
        return Session(secrets.token_urlsafe(16))

    def of(self, account: Account) -> Session:
        """A new session of an account."""
        return Session(secrets.token_urlsafe(16), account.id, account.session_epoch)

    def write(self, request: Request, response: Response, session: Session) -> None:
        """Sets the session's cookie."""
        response.set_cookie(
            COOKIE,
            self._serializer.dumps({"n": session.nonce, "a": session.account_id, "e": session.epoch}),
            max_age=HOURS * 3600,
            path="/console",
            httponly=True,
            samesite="strict",
            secure=self._https or request.url.scheme == "https",
        )

    def csrf(self, session: Session) -> str:
        """What every form of this session must carry."""
        return hmac.new(self._secret, b"csrf:" + session.nonce.encode(), sha256).hexdigest()

    def is_ours(self, session: Session, token: str) -> bool:
        """True when a form's token was made for this session."""
        return hmac.compare_digest(self.csrf(session).encode(), token.encode("utf-8", "replace"))
