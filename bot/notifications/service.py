"""Watches (进度提醒): promise to tell, tell, stop telling."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Optional, Protocol

from bot.clock import Clock
from bot.messages import Author, Conversation, Reply
from bot.notifications.model import Watch
from bot.payments.model import Payment, State
from bot.payments.service import report_on
from bot.payments.wording import describe, tail
from bot.phrasebook import Phrases

SETTLED = frozenset({State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED})


class WatchStore(Protocol):
    """What the service needs stored."""

    async def find(self, conversation_id: int, serial_number: str) -> Optional[Watch]: ...
    async def of_conversation(self, conversation_id: int) -> list[Watch]: ...
    async def on(self, serial_number: str) -> list[Watch]: ...
    async def active(self) -> list[Watch]: ...
    def add(
        self, conversation_id: int, serial_number: str, state: str, reason: str,
        now: datetime, expires_at: datetime,
    ) -> None: ...  # fmt: skip
    def update(self, watch: Watch, **values: Any) -> None: ...


class Watched(str, Enum):
    """What came of asking for a watch."""

    SET = "set"
    EXISTS = "exists"
    NOT_NEEDED = "not_needed"


class WatchesService:
    """Watches stage their changes, and their notices, in the caller's unit of work."""

    def __init__(self, clock: Clock, phrases: Phrases, lasts: timedelta) -> None:
        self._clock = clock
        self._phrases = phrases
        self._lasts = lasts

    async def watch(self, work: Any, conversation: Conversation, payment: Payment) -> Watched:
        """Promises to tell this conversation when the payment changes."""
        if payment.state in SETTLED:
            return Watched.NOT_NEEDED
        known = await work.watches.find(conversation.id, payment.serial_number)
        now = self._clock.now()
        if known is None:
            work.watches.add(conversation.id, payment.serial_number, *_seen(payment), now, now + self._lasts)
            return Watched.SET
        if known.active:
            return Watched.EXISTS
        state, reason = _seen(payment)
        work.watches.update(known, active=True, state=state, reason=reason, expires_at=now + self._lasts)
        return Watched.SET

    async def stop(self, work: Any, conversation: Conversation, serial: Optional[str] = None) -> list[str]:
        """Ends the conversation's watch on a payment, or all; returns the serial numbers."""
        ended = []
        for watch in await work.watches.of_conversation(conversation.id):
            if serial in (None, watch.serial_number):
                work.watches.update(watch, active=False)
                ended.append(watch.serial_number)
        return ended

    async def tell(self, work: Any, payment: Payment) -> list[int]:
        """Stages a notice to everyone who watches this payment and has not heard of its state.

        Returns the conversations told. A settled payment ends its watches.
        """
        told = []
        state, reason = _seen(payment)
        for watch in await work.watches.on(payment.serial_number):
            if (watch.state, watch.reason) == (state, reason):
                continue
            conversation = await work.conversations.get(watch.conversation_id)
            if not conversation.reachable:
                continue  # they blocked us; what they last heard stays, so that they hear it when back
            self._tell(work, conversation, self._notice(conversation, payment))
            work.watches.update(watch, state=state, reason=reason, active=payment.state not in SETTLED)
            told.append(watch.conversation_id)
        return told

    async def expire(self, work: Any) -> list[int]:
        """Ends watches that lasted too long, telling the resident; returns the conversations told."""
        now = self._clock.now()
        told = []
        for watch in await work.watches.active():
            if watch.expires_at <= now:
                conversation = await work.conversations.get(watch.conversation_id)
                said = self._phrases.say(
                    "utter_watch_expired", conversation.language, tail=tail(watch.serial_number)
                )
                work.watches.update(watch, active=False)
                if conversation.reachable:
                    self._tell(work, conversation, said)
                    told.append(conversation.id)
        return told

    def _tell(self, work: Any, conversation: Conversation, said: Reply) -> None:
        work.lines.add(conversation, dataclasses.replace(said, author=Author.SYSTEM), self._clock.now())
        if said.buttons:
            work.conversations.update(conversation, offered=said.buttons)

    def _notice(self, conversation: Conversation, payment: Payment) -> Reply:
        report = report_on(payment, self._clock.now())
        what = describe(report, self._clock.now(), self._phrases, conversation.language)
        return self._phrases.say(
            "utter_watch_changed", conversation.language, tail=tail(payment.serial_number), what=what
        )


def _seen(payment: Payment) -> tuple[str, str]:
    return payment.state.value, payment.reason.value if payment.reason else ""
