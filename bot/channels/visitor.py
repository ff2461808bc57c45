"""Who a web visitor is: a random id in a signed cookie, so that nobody can guess or make one."""

from __future__ import annotations

import secrets
from typing import Optional

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.problems import Problem
from bot.messages import Contact

CHANNEL = "web"
COOKIE = "visitor"
KEPT_SECONDS = 30 * 24 * 3600


class Visitors:
    """Gives and recognises visitors' cookies."""

    def __init__(self, secret_key: str, https: bool = False) -> None:
        """`https`: browsers reach us that way, whatever the request that a proxy hands on looks like."""
        self._https = https
        self._signer = Signer(secret_key, salt="web-visitor")

    def recognise(self, request: Request) -> Optional[Contact]:
        """The visitor of this request, or None without a cookie of ours."""
        try:
            visitor = self._signer.unsign(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return Contact(CHANNEL, visitor.decode("ascii"))

    def require(self, request: Request) -> Contact:
        """The visitor of this request; raises Problem(401)."""
        contact = self.recognise(request)
        if contact is None:
            raise Problem(401, "unknown_visitor", "Open the chat page first, with cookies allowed.")
        return contact

    def new(self) -> Contact:
        """A visitor nobody has seen."""
        return Contact(CHANNEL, secrets.token_urlsafe(24))

    def remember(self, request: Request, response: Response, contact: Contact) -> None:
        """Sets the visitor's cookie for another 30 days."""
        response.set_cookie(
            COOKIE,
            self._signer.sign(contact.user_id).decode("ascii"),
            max_age=KEPT_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._https or request.url.scheme == "https",
        )


def refuse_other_origins(request: Request) -> None:
    """Raises Problem(403) when another site's page sent this request."""
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise Problem(403, "foreign_origin", "Requests from other sites are refused.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "foreign_origin", "Requests from other sites are refused.")
