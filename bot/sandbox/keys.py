"""Who may ask what: bearer keys and their scopes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from starlette.requests import Request

from bot.sandbox.problems import Forbidden, Unauthorized

RESIDENT_KEY = "sandbox-resident-key"
STAFF_KEY = "sandbox-staff-key"


@dataclass(frozen=True)
class Keys:
    """The two keys; the staff key may also do what the resident key may."""

    resident: str = field(default=RESIDENT_KEY, repr=False)
    staff: str = field(default=STAFF_KEY, repr=False)

    def require(self, request: Request, staff: bool) -> None:
        """Return when the request's key has the scope; a 401 or 403 problem otherwise."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not (_same(key, self.resident) or _same(key, self.staff)):
            raise Unauthorized("a known bearer key is needed", headers={"WWW-Authenticate": "Bearer"})
        if staff and not _same(key, self.staff):
            raise Forbidden("this needs a key with the staff scope")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.strip().encode(), known.encode())
