"""Reconciliation requests (对账申请): sent once, followed until the bureau has decided, told when it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional, Protocol

import structlog

from bot import formats
from bot.clock import Clock
from bot.errors import Bug, NotFound
from bot.messages import Author, Conversation, Reply
from bot.notifications.addresses import AddressesService
from bot.notifications.quiet import NEVER_QUIET, QuietHours
from bot.notifications.wording import pushed, with_ways_on
from bot.payments.asking import EVIDENCE_TYPES, MOST_EVIDENCE
from bot.payments.model import Claimed, Evidence, Payment, ReconciliationRequest, RequestStatus
from bot.payments.service import PaymentReport, report_on
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.privacy import mask_identity
from bot.requests.links import RequestLinks
from bot.requests.model import ENDED, SentRequest
from bot.requests.paper import paper

log = structlog.get_logger(__name__)

FIRST_LOOK = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=2)
GIVEN_UP_AFTER = timedelta(days=90)
"""A request that the bureau never decides is not asked about for ever."""
EVIDENCE_FROM = timedelta(days=3)


class RequestDesk(Protocol):
    """Where requests go; raises NotFound, Conflict, RetryLater or MalformedAnswer."""

    async def request_reconciliation(
        self, serial: str, claimed: Claimed, contact_reference: str, idempotency_key: str,
        payer_id_last4: Optional[str] = None, evidence: Sequence[Evidence] = (),
    ) -> ReconciliationRequest: ...  # fmt: skip
    async def get_reconciliation_request(self, reconciliation_request_id: str) -> ReconciliationRequest: ...
    async def get_payment(self, serial: str, payer_id_last4: Optional[str] = None) -> Payment: ...


class RequestsService:
    """Requests stage their changes, and what they tell, in the caller's unit of work."""

    def __init__(
        self,
        desk: RequestDesk,
        clock: Clock,
        phrases: Phrases,
        links: RequestLinks,
        quiet: QuietHours = NEVER_QUIET,
        addresses: Optional[AddressesService] = None,
    ) -> None:
        self._addresses = addresses
        self._desk = desk
        self._clock = clock
        self._phrases = phrases
        self.links = links
        self._quiet = quiet

    async def send(
        self, work: Any, conversation: Conversation, serial: str, claimed: Claimed, key: str
    ) -> ReconciliationRequest:
        """Asks the bureau to match a payment, once for each `key`, with what the resident sent as proof.

        Raises Conflict when nothing is left to reconcile, and the branches of RetryLater and Bug.
        """
        serial = await self.own_number(serial)
        sent = await self._desk.request_reconciliation(
            serial,
            claimed=claimed,
            contact_reference=f"conversation-{conversation.id}",
            idempotency_key=key,
            evidence=await self.evidence(work, conversation),
        )
        if await work.requests.find(conversation.id, sent.request_id) is None:
            look_at = self._clock.now() + FIRST_LOOK
            work.requests.add(conversation.id, sent, serial, _as_json(claimed), look_at)
        return sent

    async def evidence(self, work: Any, conversation: Conversation) -> list[Evidence]:
        """The photos and files that the resident sent lately, newest first."""
        since = self._clock.now() - EVIDENCE_FROM
        files = await work.attachments.latest_kept(conversation.id, since, MOST_EVIDENCE)
        proofs = {file.sha256: Evidence(file.sha256, file.media_type) for file in files}
        return [proof for proof in proofs.values() if proof.media_type in EVIDENCE_TYPES]

    async def own_number(self, serial: str) -> str:
        """The number that the bureau's events name the payment by; as given when it knows no such payment."""
        for spelling in dict.fromkeys((serial, serial.upper())):
            try:
                return (await self._desk.get_payment(spelling)).serial_number
            except NotFound:
                continue
        return serial

    async def of(self, work: Any, conversation: Conversation) -> list[SentRequest]:
        """The conversation's requests, newest first."""
        requests: list[SentRequest] = await work.requests.of_conversation(conversation.id)
        return requests

    async def find(self, work: Any, conversation_id: int, request_id: str) -> Optional[SentRequest]:
        """A request by the conversation and the bureau's number, or None."""
        found: Optional[SentRequest] = await work.requests.find(conversation_id, request_id)
        return found

    async def open_for(self, work: Any, conversation: Conversation, serial: str) -> Optional[SentRequest]:
        """The conversation's request for this payment that is still open, or None."""
        own = await self.of(work, conversation)
        return next((one for one in own if one.serial_number == serial and not one.has_ended), None)

    async def ask(self, work: Any, request: SentRequest) -> SentRequest:
        """How far the request is, asked of the bureau now; whoever asks tells, it is not told once more.

        Raises NotFound, and the branches of RetryLater and Bug.
        """
        if request.is_told:
            return request
        fresh = await self._seen_now(request)
        work.requests.update(request, fresh)
        return fresh

    async def answer(
        self, work: Any, conversation: Conversation, request: SentRequest
    ) -> tuple[SentRequest, Optional[Reply]]:
        """How far the request is, for the resident who asks; with its whole result when they hear it first.

        Confirmed addresses hear the result too. Raises NotFound, and the branches of RetryLater and Bug.
        """
        if request.is_told:
            return request, None
        fresh = await self._seen_now(request)
        result = await self._result(work, conversation, fresh, asked=True) if fresh.has_ended else None
        work.requests.update(request, fresh)
        if result is not None and self._addresses:
            await self._addresses.also_tell(work, conversation, result)
        return fresh, result

    async def follow(self, work: Any, request: SentRequest) -> list[int]:
        """Asks how far one request is, and tells its end, or that it is late; returns who was told.

        Nothing is asked in the quiet hours: the answer could not be told. Raises RetryLater.
        """
        now = self._clock.now()
        morning = self._quiet.ends_at(now)
        if morning is not None:
            work.requests.update(request, dataclasses.replace(request, look_at=morning))
            return []
        try:
            answer = await self._desk.get_reconciliation_request(request.request_id)
        except (NotFound, Bug) as error:
            # What they say of one request must not keep the others from being followed.
            log.error("request_unreadable", error=type(error).__name__)
            self.put_off(work, request)
            return []
        fresh = self._as_seen(request, answer)
        conversation = await work.conversations.get(request.conversation_id)
        if not conversation.reachable:
            # Of somebody who blocked us, what there is to tell waits until they are back.
            work.requests.update(request, dataclasses.replace(fresh, look_at=self._next_look(request)))
            return []
        said = None
        if fresh.has_ended:
            said = await self._result(work, conversation, fresh)
        elif fresh.expected_by is not None and fresh.expected_by < now:
            said = self._late(conversation, fresh)
            # The promise is spent: nobody apologises for it twice.
            fresh = dataclasses.replace(fresh, expected_by=None)
        work.requests.update(request, fresh)
        return await self._tell(work, conversation, said)

    def put_off(self, work: Any, request: SentRequest) -> None:
        """Asks about it later: nothing was learned of it now."""
        work.requests.update(request, dataclasses.replace(request, look_at=self._next_look(request)))

    async def paper_of(self, work: Any, conversation_id: int, request_id: str) -> Optional[bytes]:
        """The request's receipt (受理回执) as a PDF; None when there is no such request any more."""
        request = await self.find(work, conversation_id, request_id)
        if request is None:
            return None
        conversation = await work.conversations.get(conversation_id)
        page = self.links.page(conversation_id, request_id)
        return paper(request, page, self._phrases, conversation.language)

    async def _seen_now(self, request: SentRequest) -> SentRequest:
        return self._as_seen(request, await self._desk.get_reconciliation_request(request.request_id))

    def _as_seen(self, request: SentRequest, answer: ReconciliationRequest) -> SentRequest:
        now = self._clock.now()
        moved = answer.expected_by is not None and answer.expected_by > now
        return dataclasses.replace(
            request,
            status=answer.status,
            outcome=mask_identity(answer.outcome) if answer.outcome else request.outcome,
            expected_by=answer.expected_by if moved else request.expected_by,
            look_at=None if answer.status in ENDED else self._next_look(request),
        )

    def _next_look(self, request: SentRequest) -> Optional[datetime]:
        now = self._clock.now()
        if now - request.created_at > GIVEN_UP_AFTER:
            return None
        doubled: int = 2 ** min(request.looks, 10)
        return now + min(LONGEST_PAUSE, FIRST_LOOK * doubled)

    async def _result(
        self, work: Any, conversation: Conversation, request: SentRequest, asked: bool = False
    ) -> Reply:
        serial = request.serial_number
        language = conversation.language
        said = {"request_id": request.request_id, "tail": tail(serial), "serial": serial}
        quoted = self._quoted(request.outcome, language)
        if request.status is RequestStatus.REJECTED:
            return self._phrases.say("utter_request_rejected", language, outcome=quoted, **said)
        report = await self._to_tell(work, conversation, serial, asked)
        what = pushed(report, self._clock.now(), self._phrases, language) if report else ""
        lines = "\n".join(line for line in (what, quoted) if line)
        result = self._phrases.say("utter_request_resolved", language, what=lines, **said)
        return with_ways_on(result, report, self._phrases, language) if report else result

    async def _to_tell(
        self, work: Any, conversation: Conversation, serial: str, asked: bool
    ) -> Optional[PaymentReport]:
        """How the payment stands now; None where a watch has told it or is about to, unless somebody asks."""
        watch = None if asked else await work.watches.find(conversation.id, serial)
        if watch is not None and watch.active:
            return None
        report = await self._report(serial)
        told = report is not None and watch is not None and watch.knows(report.payment)
        return None if told else report

    def _quoted(self, outcome: Optional[str], language: str) -> str:
        return self._phrases.say("utter_request_outcome", language, outcome=outcome).text if outcome else ""

    async def _report(self, serial: str) -> Optional[PaymentReport]:
        try:
            return report_on(await self._desk.get_payment(serial), self._clock.now())
        except (NotFound, Bug) as error:
            # What they say of one payment must not keep its own result, nor the others, from being told.
            log.error("payment_of_request_unreadable", error=type(error).__name__)
            return None

    def _late(self, conversation: Conversation, request: SentRequest) -> Reply:
        assert request.expected_by is not None
        when = formats.moment(request.expected_by, self._clock.now(), self._phrases, conversation.language)
        return self._phrases.say(
            "utter_request_late", conversation.language, request_id=request.request_id, when=when,
            tail=tail(request.serial_number), serial=request.serial_number,
        )  # fmt: skip

    async def _tell(self, work: Any, conversation: Conversation, said: Optional[Reply]) -> list[int]:
        if said is None:
            return []
        work.lines.add(conversation, dataclasses.replace(said, author=Author.SYSTEM), self._clock.now())
        work.conversations.update(conversation, offered=said.buttons)
        if self._addresses:
            await self._addresses.also_tell(work, conversation, said)
        return [conversation.id]


def _as_json(claimed: Claimed) -> Mapping[str, Any]:
    said = {
        "channel": claimed.channel.value if claimed.channel else None,
        "amount": claimed.amount,
        "paid_on": claimed.paid_on.isoformat() if claimed.paid_on else None,
    }
    return {name: value for name, value in said.items() if value is not None}
