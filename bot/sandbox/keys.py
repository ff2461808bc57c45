"""Who may ask what: bearer keys and their scopes."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from bot.sandbox.problems import Forbidden, Unauthorized

RESIDENT_KEY = "sandbox-resident-key"
STAFF_KEY = "sandbox-staff-key"
RESIDENT_NAME, STAFF_NAME = "BOOKS_RESIDENT_KEY", "BOOKS_STAFF_KEY"
"""Where a bureau's own system finds its keys in the environment."""
LEAST = 16


@dataclass(frozen=True)
class Keys:
    """The two keys; the staff key may also do what the resident key may."""

    resident: str = field(default=RESIDENT_KEY, repr=False)
    staff: str = field(default=STAFF_KEY, repr=False)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Keys:
        """The keys that somebody chose; ValueError names what is wrong with them."""
        resident, staff = environment.get(RESIDENT_NAME, ""), environment.get(STAFF_NAME, "")
        for name, key in ((RESIDENT_NAME, resident), (STAFF_NAME, staff)):
            if len(key.strip()) < LEAST:
                raise ValueError(f"{name} must be set to a secret of at least {LEAST} characters")
        if _same(resident, staff):
            raise ValueError(f"{RESIDENT_NAME} and {STAFF_NAME} must be different")
        return cls(resident.strip(), staff.strip())

    def require(self, request: Request, staff: bool) -> None:
        """Return when the request's key has the scope; a 401 or 403 problem otherwise."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        self.require_key(key if scheme.lower() == "bearer" else "", staff)

    def require_key(self, key: str, staff: bool) -> None:
        """The same of a key that came by another way."""
        if not (_same(key, self.resident) or _same(key, self.staff)):
            raise Unauthorized("a known bearer key is needed", headers={"WWW-Authenticate": "Bearer"})
        if staff and not _same(key, self.staff):
            raise Forbidden("this needs a key with the staff scope")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.strip().encode(), known.encode())
