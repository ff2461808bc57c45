"""The audit log as it is read: who looked at or did what, and what of it is looked for."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Mapping
from urllib.parse import urlencode

from bot.privacy import mask_identity
from bot.statistics.model import Days

USUAL_DAYS = 30
NAME_MAX = 64
SUBJECT_MAX = 128


@dataclass(frozen=True)
class Entry:
    """One thing that was looked at or done; `subject` says with what."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str


@dataclass(frozen=True)
class Sought:
    """The entries of some days, narrowed to an actor, an action or a part of the subject."""

    days: Days
    actor: str = ""
    action: str = ""
    subject: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str], today: date) -> "Sought":
        """As an address says it; the last 30 days without any. Raises InvalidInput as `Days.read` does."""
        last = values.get("to", "") or today.isoformat()
        first = values.get("from", "") or (_day(last, today) - timedelta(days=USUAL_DAYS - 1)).isoformat()
        return cls(
            Days.read(first, last, today),
            _printable(values.get("actor", ""), NAME_MAX).lower(),
            _printable(values.get("action", ""), NAME_MAX),
            _printable(values.get("subject", ""), SUBJECT_MAX),
        )

    def address(self, path: str, **more: object) -> str:
        """The address that says it."""
        values = {
            "from": self.days.first.isoformat(),
            "to": self.days.last.isoformat(),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            **more,
        }
        return f"{path}?" + urlencode({name: value for name, value in values.items() if value})

    @property
    def said(self) -> str:
        """It in short, for the log itself."""
        narrowed = {"actor": self.actor, "action": self.action, "subject": self.subject}
        words = [f"{self.days.first}..{self.days.last}"]
        words += [f"{name}={value}" for name, value in narrowed.items() if value]
        return mask_identity(" ".join(words))[:SUBJECT_MAX]


def fingerprint(words: str, secret: str) -> str:
    """What stands for words that must not be kept: the same for the same ones, and only we can make it."""
    return hmac.new(secret.encode(), words.encode(), sha256).hexdigest()[:12]


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today  # `Days.read` says what is wrong with it


def _printable(text: str, most: int) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:most]
