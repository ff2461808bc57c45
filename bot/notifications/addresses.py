"""Where else a resident wants to be told: an e-mail address or a telephone, proved by a code sent to it.

The address is encrypted at rest and shown masked. Its notices are lines of a contact of its own, (kind,
reference), so they go through the same outbox and hold up nobody's chat.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Collection, Optional

from bot.clock import Clock
from bot.messages import Author, Contact, Conversation, Reply
from bot.phrasebook import Phrases
from bot.seal import Seal

CODE_LASTS = timedelta(minutes=15)
CODE_EVERY = timedelta(minutes=1)
MOST_TRIES = 5
EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
PHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


class AddressKind(str, Enum):
    """The outbox channel that an address is reached by."""

    EMAIL = "email"
    SMS = "sms"


class Proof(str, Enum):
    """What came of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"
    """Too old, tried too often, or never sent: a new one is needed."""


@dataclass(frozen=True)
class NoticeAddress:
    """An address as stored; nothing is sent to it, but its code, before `confirmed_at`."""

    id: int
    conversation_id: int
    kind: AddressKind
    reference: str
    sealed: bytes
    masked: str
    code_hash: str
    code_sent_at: datetime
    tries: int
    confirmed_at: Optional[datetime]


class AddressesService:
    """Addresses stage their changes, and their notices, in the caller's unit of work."""

    def __init__(self, clock: Clock, phrases: Phrases, seal: Seal, kinds: Collection[AddressKind]) -> None:
        self._clock = clock
        self._phrases = phrases
        self._seal = seal
        self.kinds = tuple(kinds)
        """What this installation can send by."""

    async def begin(
        self, work: Any, conversation: Conversation, kind: AddressKind, address: str
    ) -> Optional[str]:
        """Sends a code to an address; returns it masked, or None when one was sent just now."""
        now = self._clock.now()
        known: Optional[NoticeAddress] = await work.addresses.find(conversation.id, kind)
        if known is not None and now - known.code_sent_at < CODE_EVERY:
            return None
        code = f"{secrets.randbelow(10**6):06d}"
        reference = secrets.token_hex(16)
        values = {
            "reference": reference,
            "sealed": self._seal.close(address),
            "masked": masked(address),
            "code_hash": _hashed(code, reference),
            "code_sent_at": now,
            "tries": 0,
            "confirmed_at": None,
        }
        if known is None:
            work.addresses.add(conversation.id, kind, **values)
        else:
            work.addresses.update(known, **values)
        await self._write(
            work, kind, reference, conversation.language, "utter_notice_code_message", code=code
        )
        return masked(address)

    async def prove(self, work: Any, conversation: Conversation, kind: AddressKind, code: str) -> Proof:
        """Confirms the address when the code is the one that was sent to it."""
        known: Optional[NoticeAddress] = await work.addresses.find(conversation.id, kind)
        now = self._clock.now()
        if known is None or known.tries >= MOST_TRIES or now - known.code_sent_at > CODE_LASTS:
            return Proof.SPENT
        if not hmac.compare_digest(known.code_hash, _hashed(code, known.reference)):
            work.addresses.update(known, tries=known.tries + 1)
            return Proof.SPENT if known.tries + 1 >= MOST_TRIES else Proof.WRONG
        work.addresses.update(known, code_hash="", confirmed_at=now)
        return Proof.RIGHT

    async def also_tell(self, work: Any, conversation: Conversation, said: Reply) -> None:
        """Stages the same words for every address that the resident confirmed."""
        for address in await work.addresses.confirmed(conversation.id):
            await self._write(
                work, address.kind, address.reference, conversation.language, "utter_notice_message",
                text=said.text,
            )  # fmt: skip

    async def _write(
        self, work: Any, kind: AddressKind, reference: str, language: str, name: str, **values: str
    ) -> None:
        now = self._clock.now()
        receiver = await work.conversations.open(Contact(kind.value, reference), now, language)
        text = self._phrases.say(name, language, **values).text
        subject = self._phrases.say("utter_notice_subject", language).text
        work.lines.add(receiver, Reply(text, author=Author.SYSTEM, custom={"subject": subject}), now)


def address_in(text: str) -> Optional[str]:
    """The first e-mail address in a text, or else mobile number, as it is written to; None without either."""
    found = EMAIL.search(text) or PHONE.search(re.sub(r"(?<=[0-9])[ -](?=[0-9])", "", text))
    return found.group(0) if found else None


def is_of(kind: AddressKind, address: str) -> bool:
    """Whether an address is one of this kind."""
    return ("@" in address) is (kind is AddressKind.EMAIL)


def masked(address: str) -> str:
    """An address as it is shown: zh***@example.cn, 138****5678."""
    if "@" in address:
        name, domain = address.split("@", 1)
        return f"{name[:2]}***@{domain}"
    return f"{address[:3]}****{address[-4:]}"


def _hashed(code: str, reference: str) -> str:
    return hashlib.sha256(f"{reference}:{code}".encode()).hexdigest()
