"""What the resident asks us to do with a payment: have it reconciled (对账申请), watch it (进度提醒)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import OFFER, HelpdeskAction, Speaker, back_to_form, choice_of, text_of
from actions.claims import AMOUNT, CHANNEL, CLAIMS, DAY, written
from actions.handoff import checked, handoff_reason, open_ticket
from actions.outage import TROUBLE, say_trouble
from actions.serial_number import SLOT as SERIAL
from actions.serial_number import lookup_numbers
from bot import formats
from bot.errors import Conflict, NotFound
from bot.messages import Reply
from bot.notifications.model import Watch
from bot.notifications.service import SETTLED, Watched
from bot.payments.model import Channel, Claimed, ReconciliationRequest, State
from bot.payments.service import PaymentReport
from bot.payments.wording import describe, tail
from bot.requests.model import SentRequest
from bot.turn import Turn

ASKS_FOR_LIST = re.compile(
    r"(?:哪些|什么|几个|多少|所有|全部)的?(?:到账)?提醒|提醒(?:有)?(?:哪些|几个|列表)|[看查]一?[看查下]?我?的?(?:到账)?提醒"
    r"|\b(?:my|which|what|list|show).{0,12}(?:notices|alerts|watches|reminders)\b",
    re.IGNORECASE,
)
"""Wants to see the watches that are set, not to set one."""
ALL = re.compile(r"全部|所有|都|全停|一个也不|\b(?:all|every|everything|any)\b", re.IGNORECASE)
MOST_BUTTONS = 4
MOST_ASKED = 3
"""Requests that are asked about while the resident waits; of older ones, what was heard last is said."""
LINES = {
    CHANNEL: "utter_request_line_channel",
    AMOUNT: "utter_request_line_amount",
    DAY: "utter_request_line_day",
}


class WantSerial(HelpdeskAction):
    """Remembers what a number is wanted for, and asks for it when none is known."""

    wanted: str
    does: str

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if tracker.get_slot(SERIAL) and not lookup_numbers(tracker):
            return [FollowupAction(self.does)]
        return [
            SlotSet("wanted", self.wanted),
            SlotSet("requested_slot", None),
            FollowupAction("serial_form"),
        ]


class WantWatch(WantSerial):
    """Starts a watch, or shows the ones that are set."""

    wanted, does = "watch", "action_watch"

    def name(self) -> str:
        return "action_want_watch"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if choice_of(tracker) in {kind.value for kind in turn.services.addresses.kinds}:
            return [SlotSet("notice_kind", choice_of(tracker)), FollowupAction("notice_form")]
        if choice_of(tracker) == "list" or ASKS_FOR_LIST.search(text_of(tracker)):
            watches = await turn.services.watches.of(turn.work, turn.conversation)
            if not watches:
                speaker.say("utter_watch_none")
            else:
                _show_watches("utter_watch_list", watches, speaker, turn)
            return back_to_form(speaker, tracker)
        return await super().act(speaker, tracker, turn)


class WantReconciliation(WantSerial):
    """Starts a reconciliation request."""

    wanted, does = "reconcile", "action_confirm_reconciliation"

    def name(self) -> str:
        return "action_want_reconciliation"


class WatchPayment(HelpdeskAction):
    """Promises to tell the resident when the payment changes."""

    def name(self) -> str:
        return "action_watch"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        serial = tracker.get_slot(SERIAL)
        try:
            report = await turn.services.payments.state_of(serial)
        except (NotFound, *TROUBLE) as error:
            return await say_trouble(error, speaker, tracker, turn)
        watched = await turn.services.watches.watch(turn.work, turn.conversation, report.payment)
        names = {
            Watched.SET: "utter_watch_set",
            Watched.EXISTS: "utter_watch_exists",
            Watched.NOT_NEEDED: "utter_watch_not_needed",
        }
        days = turn.services.watches.lasts.days
        speaker.say(names[watched], tail=tail(serial), serial=report.payment.serial_number, days=days)
        if watched is not Watched.NOT_NEEDED:
            _offer_other_ways(speaker, turn)
        return back_to_form(speaker, tracker)


class UnwatchPayment(HelpdeskAction):
    """Ends a watch: the named payment's, the only one, or all; of several it asks which."""

    def name(self) -> str:
        return "action_unwatch"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        watches = await turn.services.watches.of(turn.work, turn.conversation)
        named = lookup_numbers(tracker)
        serial = await turn.services.requests.own_number(named[0].value) if named else None
        everything = choice_of(tracker) == "all" or ALL.search(text_of(tracker)) is not None
        if len(watches) > 1 and serial is None and not everything:
            _show_watches("utter_watch_which", watches, speaker, turn)
            return back_to_form(speaker, tracker)
        ended = await turn.services.watches.stop(turn.work, turn.conversation, serial)
        _say_ended(ended, speaker, turn)
        return back_to_form(speaker, tracker)


class ConfirmReconciliation(HelpdeskAction):
    """Shows what would be sent and asks once more; a settled payment, or one asked for, needs none."""

    def name(self) -> str:
        return "action_confirm_reconciliation"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        serial = tracker.get_slot(SERIAL)
        report = await self._known(serial, turn)
        number = report.payment.serial_number if report else serial
        sent = await turn.services.requests.open_for(turn.work, turn.conversation, number)
        if sent is not None:
            sent, result = await _as_far_as(sent, turn)
            if result is not None:
                speaker.tell(result.text, result.buttons)
                return []
            if report is None or report.payment.state not in SETTLED:
                _say_exists(sent, speaker, turn)
                return []
        if report is not None and not report.may_apply:
            await _say_how_it_stands("utter_reconciliation_no_use", report, speaker, tracker, turn)
            return []
        speaker.say("utter_confirm_reconciliation", lines=await self._filled_in(speaker, tracker, turn))
        return [SlotSet(OFFER, "reconcile")]

    async def _known(self, serial: str, turn: Turn) -> Optional[PaymentReport]:
        try:
            return await turn.services.payments.state_of(serial)
        except (NotFound, *TROUBLE):
            # An unknown payment may be investigated too; trouble is told when the request is sent.
            return None

    async def _filled_in(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> str:
        lines = [speaker.words("utter_request_line_serial", value=tail(tracker.get_slot(SERIAL)))]
        for slot, name in LINES.items():
            value = tracker.get_slot(slot)
            if value is not None:
                lines.append(speaker.words(name, value=written(slot, value, turn)))
        proofs = await turn.services.requests.evidence(turn.work, turn.conversation)
        if proofs:
            lines.append(speaker.words("utter_request_line_proofs", value=len(proofs)))
        return "\n".join(lines)


class SubmitReconciliation(HelpdeskAction):
    """Sends the request; the same message sends it once, however often it is answered."""

    def name(self) -> str:
        return "action_submit_reconciliation"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        serial = tracker.get_slot(SERIAL)
        try:
            sent = await turn.services.requests.send(
                turn.work, turn.conversation, serial, claimed(tracker), turn.message_key
            )
        except (NotFound, *TROUBLE) as error:
            return await say_trouble(error, speaker, tracker, turn)
        except Conflict:
            return await self._refused(speaker, tracker, turn)
        _say_sent(sent, serial, speaker, turn)
        return []

    async def _refused(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        """They did not take it: says what the payment itself says, for nothing else is known."""
        try:
            report = await turn.services.payments.state_of(tracker.get_slot(SERIAL))
        except (NotFound, *TROUBLE) as error:
            return await say_trouble(error, speaker, tracker, turn)
        # Where a person is brought in at once, nobody has to press for one.
        asks = report.may_apply and handoff_reason(report) is None
        name = "utter_reconciliation_refused" if asks else "utter_reconciliation_no_use"
        await _say_how_it_stands(name, report, speaker, tracker, turn)
        return []


def claimed(tracker: Tracker) -> Claimed:
    """What the resident read off the receipt."""
    channel, amount, paid_on = (tracker.get_slot(slot) for slot in CLAIMS)
    return Claimed(
        channel=Channel(channel) if channel else None,
        amount=int(amount) if amount else None,
        paid_on=date.fromisoformat(paid_on) if paid_on else None,
    )


async def say_requests(speaker: Speaker, turn: Turn, only: Optional[SentRequest] = None) -> bool:
    """Says how far the conversation's requests (or one of them) are; False when there are none.

    One whose end was not told yet is told in full, as it would have come by itself.
    """
    requests = [only] if only else await turn.services.requests.of(turn.work, turn.conversation)
    if not requests:
        return False
    asked = [await _as_far_as(request, turn) for request in requests[:MOST_ASKED]]
    shown = [*asked, *((request, None) for request in requests[MOST_ASKED:])]
    lines = [_request_line(request, result is not None, speaker, turn) for request, result in shown]
    speaker.say("utter_request_list", lines="\n".join(lines))
    for _, result in asked:
        if result is not None:
            speaker.tell(result.text, result.buttons)
    return True


async def request_named(serial: Optional[str], turn: Turn) -> Optional[SentRequest]:
    """The resident's own request, when what was given for a serial number is its number."""
    if not serial:
        return None
    for spelling in dict.fromkeys((serial, serial.upper())):
        found = await turn.services.requests.find(turn.work, turn.conversation.id, spelling)
        if found is not None:
            return found
    return None


async def _as_far_as(request: SentRequest, turn: Turn) -> tuple[SentRequest, Optional[Reply]]:
    """The request as it is now, and its result when it is heard of here for the first time."""
    try:
        return await turn.services.requests.answer(turn.work, turn.conversation, request)
    except (NotFound, *TROUBLE):
        return request, None  # what was heard last is better than nothing


def _request_line(request: SentRequest, told_below: bool, speaker: Speaker, turn: Turn) -> str:
    return speaker.words(
        "utter_request_line",
        request_id=request.request_id,
        tail=tail(request.serial_number),
        status=speaker.words(f"utter_request_status_{request.status.value}"),
        taken=_moment(request.created_at, speaker, turn),
        due=_request_due(request, told_below, speaker, turn),
        page=turn.services.requests.links.page(request.conversation_id, request.request_id),
    )


def _request_due(request: SentRequest, told_below: bool, speaker: Speaker, turn: Turn) -> str:
    if request.has_ended and request.outcome and not told_below:
        return speaker.words("utter_request_due_outcome", outcome=request.outcome)
    if request.has_ended:
        return speaker.words("utter_request_due_ended")
    if request.expected_by is None:
        return speaker.words("utter_request_due_open")
    name = "utter_request_due_late" if request.expected_by < turn.now else "utter_request_due"
    return speaker.words(name, when=_moment(request.expected_by, speaker, turn))


def _offer_other_ways(speaker: Speaker, turn: Turn) -> None:
    kinds = turn.services.addresses.kinds
    if not kinds:
        return
    ways = {"email": "utter_notice_way_email", "sms": "utter_notice_way_sms"}
    titles = {"email": "utter_button_notice_email", "sms": "utter_button_notice_sms"}
    named = formats.listed(
        (speaker.words(ways[kind.value]) for kind in kinds), turn.services.phrases, speaker.language
    )
    buttons = [
        speaker.button(titles[kind.value], f'/watch_payment{{"choice": "{kind.value}"}}') for kind in kinds
    ]
    speaker.say("utter_notice_offer", buttons=buttons, ways=named)


def _say_sent(sent: ReconciliationRequest, serial: str, speaker: Speaker, turn: Turn) -> None:
    links = turn.services.requests.links
    paper = links.paper(turn.conversation.id, sent.request_id)
    values: dict[str, Any] = {
        "request_id": sent.request_id,
        "serial": serial,
        "taken": _moment(sent.created_at, speaker, turn),
        "page": links.page(turn.conversation.id, sent.request_id),
        "paper": paper,
    }
    document = {"document": {"request_id": sent.request_id, "name": f"{sent.request_id}.pdf", "url": paper}}
    if sent.expected_by is None:
        speaker.say("utter_reconciliation_received_open", custom=document, **values)
    else:
        when = _moment(sent.expected_by, speaker, turn)
        speaker.say("utter_reconciliation_received", custom=document, when=when, **values)


async def _say_how_it_stands(
    name: str, report: PaymentReport, speaker: Speaker, tracker: Tracker, turn: Turn
) -> None:
    """Why nothing is applied for: the payment is booked, or its own state, and a person."""
    serial = report.payment.serial_number
    if report.payment.state is State.RECONCILED:
        speaker.say("utter_reconciliation_not_needed")
        return
    reason = handoff_reason(report)
    explained = describe(report, turn.now, turn.services.phrases, speaker.language)
    speaker.say(name, buttons=[] if reason else None, what=explained, serial=serial)
    if reason is not None:
        await open_ticket(speaker, tracker, turn, reason, found=checked(report.payment))


def _say_exists(sent: SentRequest, speaker: Speaker, turn: Turn) -> None:
    speaker.say(
        "utter_request_exists",
        request_id=sent.request_id,
        serial=sent.serial_number,
        status=speaker.words(f"utter_request_status_{sent.status.value}"),
        page=turn.services.requests.links.page(turn.conversation.id, sent.request_id),
    )


def _show_watches(name: str, watches: Sequence[Watch], speaker: Speaker, turn: Turn) -> None:
    lines = [
        speaker.words(
            "utter_watch_line",
            tail=tail(watch.serial_number),
            until=formats.day(watch.expires_at.date(), turn.services.phrases, speaker.language),
        )
        for watch in watches
    ]
    buttons = [
        speaker.button(
            "utter_button_stop_watch",
            f'/unwatch_payment{{"serial_number": "{watch.serial_number}"}}',
            tail=tail(watch.serial_number),
        )
        for watch in watches[:MOST_BUTTONS]
    ]
    if len(watches) > 1:
        buttons.append(speaker.button("utter_button_stop_all", '/unwatch_payment{"choice": "all"}'))
    speaker.say(name, buttons=buttons, lines="\n".join(lines))


def _say_ended(ended: Sequence[str], speaker: Speaker, turn: Turn) -> None:
    if not ended:
        speaker.say("utter_watch_none")
    elif len(ended) == 1:
        speaker.say("utter_watch_ended", tail=tail(ended[0]), serial=ended[0])
    else:
        tails = formats.listed((f"…{tail(one)}" for one in ended), turn.services.phrases, speaker.language)
        speaker.say("utter_watch_all_ended", tails=tails)


def _moment(at: Any, speaker: Speaker, turn: Turn) -> str:
    return formats.moment(at, turn.now, turn.services.phrases, speaker.language)
