"""What the forms share: asking again only when needed, and how a wrong value is answered."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.base import MISSES, OFFER, HelpdeskAction, Speaker, intent_of
from bot.turn import Turn

WRONG_VALUE = {"wrong_value": True}
"""Marks a message that already explains a wrong value and asks for another try."""

ANSWERS = frozenset({"nlu_fallback", "affirm", "provide_serial", "out_of_scope", "watch_payment"})
"""Intents under which a message in a form is taken for a failed answer, not for another request."""

ANSWER_MAX_CHARS = 12
"""A message this short with a digit in it is an answer, whatever the intent."""

OFFER_HUMAN_AFTER = 2


class Ask(HelpdeskAction):
    """Asks for a slot, unless the message before it already explained a wrong value."""

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if not explained_wrong_value(tracker):
            await self.ask(speaker, tracker, turn)
        return [SlotSet(MISSES, tracker.get_slot(MISSES)), SlotSet(OFFER, tracker.get_slot(OFFER))]

    @abstractmethod
    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        """Says the question."""


def explained_wrong_value(tracker: Tracker) -> bool:
    """True when this turn already said what was wrong with a value."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "bot" and (event.get("data") or {}).get("custom") == WRONG_VALUE:
            return True
    return False


def looks_like_an_answer(tracker: Tracker) -> bool:
    """True when a message in a form tried to answer the question, however badly."""
    text = (tracker.latest_message.get("text") or "").strip()
    short_with_digit = len(text) <= ANSWER_MAX_CHARS and any(c.isdigit() for c in text)
    return not text.startswith("/") and (intent_of(tracker) in ANSWERS or short_with_digit)


class Refusals:
    """Explains wrong values; from the second in a row on, with a way to a person."""

    def __init__(self, speaker: Speaker, tracker: Tracker) -> None:
        self._speaker = speaker
        self._misses = int(tracker.get_slot(MISSES) or 0)

    def refuse(self, slot: str, name: str, **values: Any) -> list[EventType]:
        """Says the named explanation, empties the slot, counts the miss."""
        self._misses += 1
        buttons = None
        if self._misses >= OFFER_HUMAN_AFTER:
            buttons = [
                self._speaker.button("utter_button_human", "/request_human"),
                self._speaker.button("utter_button_stop", "/deny"),
            ]
        self._speaker.say(name, buttons=buttons, custom=WRONG_VALUE, **values)
        return [SlotSet(slot, None), SlotSet(MISSES, self._misses)]


def stop_form() -> list[EventType]:
    """Leaves the form; what was filled stays."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def requested(tracker: Tracker) -> Optional[str]:
    """The slot that the active form asked for last."""
    slot: Optional[str] = tracker.get_slot("requested_slot")
    return slot
