"""Secrets and signatures as Standard Webhooks 1.0.0 has them, so that any of its libraries verifies ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret to share with one receiver: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_event_id() -> str:
    """The id of an event, the same at every attempt: receivers know by it what they have seen."""
    return f"msg_{secrets.token_hex(16)}"


def headers(event_id: str, timestamp: int, body: str, keys: Iterable[str]) -> dict[str, str]:
    """The headers of one attempt at `timestamp` (Unix seconds); one signature for each secret."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(event_id, timestamp, body, key) for key in keys),
    }


def _signature(event_id: str, timestamp: int, body: str, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{event_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"
