"""Watches (进度提醒): promise to tell, tell, remind of what is late, stop telling."""

from __future__ import annotations

import dataclasses
from datetime import datetime, time, timedelta
from enum import Enum
from typing import Any, Optional, Protocol

from bot import formats
from bot.clock import SHANGHAI, Clock
from bot.messages import Author, Conversation, Reply
from bot.notifications.addresses import AddressesService
from bot.notifications.model import Watch, seen
from bot.notifications.quiet import NEVER_QUIET, QuietHours
from bot.notifications.wording import pushed, with_ways_on, without_ways_off
from bot.payments.lateness import offer_when_late
from bot.payments.model import Payment, State
from bot.payments.service import PaymentReport, report_on
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.tickets.model import ticket_about

SETTLED = frozenset({State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED})
LAST_WORD_WITHIN = timedelta(days=1)
"""How long the end of a watch waits for the payment's last state before it is told without."""


class WatchStore(Protocol):
    """What the service needs stored."""

    async def find(self, conversation_id: int, serial_number: str) -> Optional[Watch]: ...
    async def of_conversation(self, conversation_id: int) -> list[Watch]: ...
    async def on(self, serial_number: str) -> list[Watch]: ...
    async def active(self) -> list[Watch]: ...
    async def held_until(self, now: datetime) -> list[str]: ...
    def add(
        self, conversation_id: int, serial_number: str, state: str, reason: str,
        now: datetime, expires_at: datetime, due_at: Optional[datetime] = None,
    ) -> None: ...  # fmt: skip
    def update(self, watch: Watch, **values: Any) -> None: ...


class Watched(str, Enum):
    """What came of asking for a watch."""

    SET = "set"
    EXISTS = "exists"
    NOT_NEEDED = "not_needed"


class WatchesService:
    """Watches stage their changes, and their notices, in the caller's unit of work.

    Nothing is told in the quiet hours: a change waits for the morning, and then the payment is told as it
    stands. What is late is brought up once a day at most, not before `remind_at` (+08:00).
    """

    def __init__(
        self,
        clock: Clock,
        phrases: Phrases,
        lasts: timedelta,
        quiet: QuietHours = NEVER_QUIET,
        remind_at: time = time(10),
        addresses: Optional[AddressesService] = None,
    ) -> None:
        self._addresses = addresses
        self._clock = clock
        self._phrases = phrases
        self.lasts = lasts
        self._quiet = quiet
        self._remind_at = remind_at

    async def watch(self, work: Any, conversation: Conversation, payment: Payment) -> Watched:
        """Promises to tell this conversation when the payment changes."""
        if payment.state in SETTLED:
            return Watched.NOT_NEEDED
        known = await work.watches.find(conversation.id, payment.serial_number)
        now = self._clock.now()
        ends, due = now + self.lasts, report_on(payment, now).due
        if known is None:
            work.watches.add(conversation.id, payment.serial_number, *seen(payment), now, ends, due)
            return Watched.SET
        if known.active:
            return Watched.EXISTS
        state, reason = seen(payment)
        work.watches.update(
            known, active=True, state=state, reason=reason, created_at=now, expires_at=ends, due_at=due,
            tell_at=None, reminded_at=None,
        )  # fmt: skip
        return Watched.SET

    async def of(self, work: Any, conversation: Conversation) -> list[Watch]:
        """The conversation's watches, oldest first."""
        watches: list[Watch] = await work.watches.of_conversation(conversation.id)
        return watches

    async def stop(self, work: Any, conversation: Conversation, serial: Optional[str] = None) -> list[str]:
        """Ends the conversation's watch on a payment, or all; returns the serial numbers."""
        ended = []
        for watch in await work.watches.of_conversation(conversation.id):
            if serial in (None, watch.serial_number):
                work.watches.update(watch, active=False, tell_at=None)
                ended.append(watch.serial_number)
        return ended

    async def tell(self, work: Any, payment: Payment) -> list[int]:
        """Stages what each watch on this payment has to say now; returns the conversations told.

        A change the resident has not heard of, the end of a watch that lasted long enough, or that the
        promised time has passed. A settled payment ends its watches.
        """
        report = report_on(payment, self._clock.now())
        told = []
        for watch in await work.watches.on(payment.serial_number):
            conversation = await work.conversations.get(watch.conversation_id)
            said = await self._tell_one(work, watch, conversation, report)
            if said is not None:
                told.append(watch.conversation_id)
                if self._addresses:
                    await self._addresses.also_tell(work, conversation, said)
        return told

    async def expire(self, work: Any) -> list[int]:
        """Ends watches whose payment could not be asked for any more; returns the conversations told."""
        now = self._clock.now()
        told: list[int] = []
        if self._quiet.ends_at(now):
            return told
        for watch in await work.watches.active():
            if watch.expires_at + LAST_WORD_WITHIN <= now:
                conversation = await work.conversations.get(watch.conversation_id)
                work.watches.update(watch, active=False, tell_at=None)
                if conversation.reachable:
                    last = self._last_word(watch, conversation, "")
                    self._say(work, conversation, last)
                    told.append(conversation.id)
                    if self._addresses:
                        await self._addresses.also_tell(work, conversation, last)
        return told

    async def _tell_one(
        self, work: Any, watch: Watch, conversation: Conversation, report: PaymentReport
    ) -> Optional[Reply]:
        """What was told, or None: nothing new, or not now."""
        changed = not watch.knows(report.payment)
        said = await self._news(work, watch, conversation, report, changed)
        if said is not None and conversation.reachable:
            morning = self._quiet.ends_at(self._clock.now())
            if morning is None:
                self._tell_now(work, watch, conversation, report, said)
                return said
            if changed:
                self._keep(work, watch, tell_at=morning)
            return None
        # Of somebody who blocked us, what they last heard stays, so that they hear it when back.
        self._keep(work, watch, tell_at=None, due_at=report.due)
        return None

    async def _news(
        self, work: Any, watch: Watch, conversation: Conversation, report: PaymentReport, changed: bool
    ) -> Optional[Reply]:
        if changed:
            return self._change(conversation, report)
        if watch.expires_at <= self._clock.now():
            last = self._last_word(watch, conversation, self._described(conversation, report))
            return with_ways_on(last, report, self._phrases, conversation.language)
        if report.overdue and self._may_remind(watch):
            return await self._reminder(work, conversation, report)
        return None

    def _tell_now(
        self, work: Any, watch: Watch, conversation: Conversation, report: PaymentReport, said: Reply
    ) -> None:
        state, reason = seen(report.payment)
        now = self._clock.now()
        self._say(work, conversation, said)
        work.watches.update(
            watch,
            state=state,
            reason=reason,
            due_at=report.due,
            tell_at=None,
            reminded_at=now if report.overdue else watch.reminded_at,
            active=report.payment.state not in SETTLED and watch.expires_at > now,
        )

    def _keep(self, work: Any, watch: Watch, **values: Any) -> None:
        new = {name: value for name, value in values.items() if getattr(watch, name) != value}
        if new:
            work.watches.update(watch, **new)

    def _may_remind(self, watch: Watch) -> bool:
        now = self._clock.now().astimezone(SHANGHAI)
        today = watch.reminded_at and watch.reminded_at.astimezone(SHANGHAI).date() == now.date()
        return not today and now.time() >= self._remind_at

    def _say(self, work: Any, conversation: Conversation, said: Reply) -> None:
        work.lines.add(conversation, dataclasses.replace(said, author=Author.SYSTEM), self._clock.now())
        if said.buttons:
            work.conversations.update(conversation, offered=said.buttons)

    def _change(self, conversation: Conversation, report: PaymentReport) -> Reply:
        serial = report.payment.serial_number
        name = "utter_watch_settled" if report.payment.state in SETTLED else "utter_watch_changed"
        what = self._described(conversation, report)
        said = self._phrases.say(name, conversation.language, tail=tail(serial), serial=serial, what=what)
        return with_ways_on(said, report, self._phrases, conversation.language)

    async def _reminder(self, work: Any, conversation: Conversation, report: PaymentReport) -> Reply:
        serial, now = report.payment.serial_number, self._clock.now()
        assert report.due is not None, "nothing can be late that was not promised"
        language = conversation.language
        when = formats.moment(report.due, now, self._phrases, language)
        ticket = ticket_about({serial}, await work.tickets.live_of(conversation.id))
        offer = offer_when_late(report, ticket, self._phrases, language)
        said = self._phrases.say(
            "utter_watch_late", language, tail=tail(serial), serial=serial, when=when, offer=offer
        )
        return without_ways_off(said, report, ticket)

    def _last_word(self, watch: Watch, conversation: Conversation, what: str) -> Reply:
        serial = watch.serial_number
        return self._phrases.say(
            "utter_watch_expired",
            conversation.language,
            tail=tail(serial),
            serial=serial,
            days=self.lasts.days,
            what=what,
        )

    def _described(self, conversation: Conversation, report: PaymentReport) -> str:
        return pushed(report, self._clock.now(), self._phrases, conversation.language)
