"""Coming back after a while: what is remembered, and what is offered back.

Tickets, watches and the language are remembered by the conversation itself. Of the dialogue a
half-filled receipt is kept, to be offered back, and the payment looked up last: who comes back next day asks
what became of it, and every answer names its number. Offers, claims and yesterday's findings are forgotten.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import LOOKED_UP, OFFER, Speaker, active_form, turn_of
from actions.receipt_form import SLOTS, UNFINISHED, is_half_filled
from actions.serial_number import SLOT as SERIAL
from actions.smalltalk import RESUME
from bot.messages import ConversationStatus
from bot.turn import Turn

LISTEN = "action_listen"


class StartSession(Action):
    """Starts afresh, with the language and what was filled of a receipt."""

    def name(self) -> str:
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Rasa's door to the action."""
        kept = {
            "language": tracker.get_slot("language"),
            SERIAL: _found(tracker),
            UNFINISHED: _unfinished(tracker),
        }
        carried = [SlotSet(slot, value) for slot, value in kept.items() if value is not None]
        return [SessionStarted(), *carried, ActionExecuted(LISTEN)]


class OfferResume(Action):
    """Offers a half-filled receipt back, after the first message of a new session was answered."""

    def name(self) -> str:
        return "action_offer_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Rasa's door to the action."""
        async with turn_of(tracker) as turn:
            if not _may_offer(tracker, turn):
                return [ActionExecuted(LISTEN)]
            Speaker(dispatcher, turn).say("utter_offer_resume")
        return [SlotSet(OFFER, RESUME), ActionExecuted(LISTEN)]


def _found(tracker: Tracker) -> str | None:
    serial: str | None = tracker.get_slot(SERIAL)
    return serial if serial == (tracker.get_slot(LOOKED_UP) or {}).get(SERIAL) else None


def _unfinished(tracker: Tracker) -> dict[str, Any] | None:
    # A number alone tells the channel, too; that is no walk through a receipt.
    walked = any(e.get("event") == "active_loop" and e.get("name") == "receipt_form" for e in tracker.events)
    if not (walked and is_half_filled(tracker)):
        return None
    return {slot: tracker.get_slot(slot) for slot in SLOTS if tracker.get_slot(slot) is not None}


def _may_offer(tracker: Tracker, turn: Turn) -> bool:
    busy = active_form(tracker) is not None or bool(tracker.get_slot(OFFER))
    served = turn.conversation.status is not ConversationStatus.WITH_BOT
    return bool(tracker.get_slot(UNFINISHED)) and not busy and not served
