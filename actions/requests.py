"""What the resident asks us to do with a payment: have it reconciled (对账申请), watch it (进度提醒)."""

from __future__ import annotations

from datetime import date
from typing import Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import APPLICATIONS, OFFER, HelpdeskAction, Speaker, back_to_form
from actions.claims import CLAIMS
from actions.outage import TROUBLE, say_trouble
from actions.serial_number import SLOT as SERIAL
from actions.serial_number import lookup_numbers
from bot import formats
from bot.errors import Conflict, NotFound
from bot.notifications.service import SETTLED, Watched
from bot.payments.model import Channel, Claimed, Payment
from bot.payments.wording import tail
from bot.turn import Turn


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
    """Starts a watch."""

    wanted, does = "watch", "action_watch"

    def name(self) -> str:
        return "action_want_watch"


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
        speaker.say(names[watched], tail=tail(serial))
        return back_to_form(speaker, tracker)


class UnwatchPayment(HelpdeskAction):
    """Ends the resident's watches: the named payment's, or all."""

    def name(self) -> str:
        return "action_unwatch"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        named = lookup_numbers(tracker)
        serial = named[0].value if named else None
        ended = await turn.services.watches.stop(turn.work, turn.conversation, serial)
        if not ended:
            speaker.say("utter_watch_none")
            return back_to_form(speaker, tracker)
        tails = formats.listed(map(tail, ended), turn.services.phrases, speaker.language)
        speaker.say("utter_watch_ended", tail=tails)
        return back_to_form(speaker, tracker)


class ConfirmReconciliation(HelpdeskAction):
    """Asks once more before a request goes to the bureau; a settled payment needs none."""

    def name(self) -> str:
        return "action_confirm_reconciliation"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        serial = tracker.get_slot(SERIAL)
        payment = await self._known(serial, turn)
        if payment is not None and payment.state in SETTLED:
            speaker.say("utter_reconciliation_not_needed")
            return []
        speaker.say("utter_confirm_reconciliation", serial=f"…{tail(serial)}")
        return [SlotSet(OFFER, "reconcile")]

    async def _known(self, serial: str, turn: Turn) -> Optional[Payment]:
        try:
            return (await turn.services.payments.state_of(serial)).payment
        except (NotFound, *TROUBLE):
            # An unknown payment may be investigated too; trouble is told when the request is sent.
            return None


class SubmitReconciliation(HelpdeskAction):
    """Sends the request; the same message sends it once, however often it is answered."""

    def name(self) -> str:
        return "action_submit_reconciliation"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        serial = tracker.get_slot(SERIAL)
        try:
            request = await turn.services.payments.request_reconciliation(
                serial,
                claimed=claimed(tracker),
                contact_reference=f"conversation-{turn.conversation.id}",
                idempotency_key=turn.message_key,
            )
        except (NotFound, *TROUBLE) as error:
            return await say_trouble(error, speaker, tracker, turn)
        except Conflict:
            speaker.say("utter_reconciliation_not_needed")
            return []
        if request.expected_by is None:
            speaker.say("utter_reconciliation_received_open", request_id=request.request_id)
        else:
            phrases, language = turn.services.phrases, speaker.language
            when = formats.moment(request.expected_by, turn.now, phrases, language)
            speaker.say("utter_reconciliation_received", request_id=request.request_id, when=when)
        return [SlotSet(APPLICATIONS, [*(tracker.get_slot(APPLICATIONS) or []), request.request_id])]


def claimed(tracker: Tracker) -> Claimed:
    """What the resident read off the receipt."""
    channel, amount, paid_on = (tracker.get_slot(slot) for slot in CLAIMS)
    return Claimed(
        channel=Channel(channel) if channel else None,
        amount=int(amount) if amount else None,
        paid_on=date.fromisoformat(paid_on) if paid_on else None,
    )
