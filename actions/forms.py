"""What the forms share: letting other requests through, asking again, answering a wrong value."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.base import (
    MISSES,
    OFFER,
    HelpdeskAction,
    Speaker,
    confidence_of,
    entities_of,
    intent_of,
    text_of,
)
from actions.second_request import answer_second_question
from bot.turn import Turn

WRONG_VALUE = {"wrong_value": True}
"""Marks a message that already explains a wrong value and asks for another try."""

ANSWERS = frozenset({"nlu_fallback", "provide_serial", "out_of_scope"})
"""Intents under which a message in a form is taken for a failed answer, not for another request."""

REQUESTS = frozenset(
    {
        "request_human",
        "complain",
        "ticket_status",
        "switch_language",
        "my_data",
        "unwatch_payment",
        "request_reconciliation",
    }
)
"""Requests that a form lets through even when they carry a value that it could use."""

CLEAR = 0.8
CLEAR_IF_SHORT = 0.9
SHORT = 6
"""A message no longer than this says too little to be trusted with less than CLEAR_IF_SHORT."""

ANSWER_MAX_CHARS = 12
"""A message this short with a digit in it is an answer, whatever the intent."""

QUESTION = re.compile(
    r"[?？]|吗|呢|么$|怎么|怎样|为什么|为啥|多久|几时|什么|哪里|哪儿|哪个|谁|要不要|能不能|可不可以|是不是|有没有|会不会"
    r"|\b(?:how|why|when|where|what|which|who|can|could|should|shall|do|does|did|is|are|will)\b"
    r"|\b(?:zenme|weishenme|duo ?jiu|na ?li|shenme|ma)\b",
    re.IGNORECASE,
)

WAIT = re.compile(
    r"等一?下|等等|稍等|等[一我]?会|慢点|(?<![帮给替])我(?:去|再|先|来)?(?:找找|看看|翻翻|找一下|看一下|翻一下)|在找"
    r"|\b(?:hold on|wait|(?:one|just a) (?:moment|second|minute)|let me (?:look|check|find|see))\b",
    re.IGNORECASE,
)
WAIT_MAX_CHARS = 24

MARKS = re.compile(r"‹\w+›")
"""What the desk puts in place of numbers that are never let through: an answer, not a request."""

OFFER_HUMAN_AFTER = 2


class Ask(HelpdeskAction):
    """Asks for a slot, unless the message before it already explained a wrong value."""

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if not explained_wrong_value(tracker):
            answer_second_question(speaker, tracker)
            await self.ask(speaker, tracker, turn)
        return [SlotSet(MISSES, tracker.get_slot(MISSES)), SlotSet(OFFER, tracker.get_slot(OFFER))]

    @abstractmethod
    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        """Says the question."""


class Validate(HelpdeskAction):
    """Takes values from the message; with none, Rasa lets another action answer and returns to the form."""

    asks: tuple[str, ...]
    """The form's slots; before one was asked for, the message is what opened the form."""

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        asked = requested(tracker)
        if asked in self.asks and asks_to_wait(tracker):
            speaker.say("utter_take_your_time", custom=WRONG_VALUE)
            return [SlotSet(asked, None)]
        if asked in self.asks and wants_something_else(tracker):
            return []
        return await self.take(speaker, tracker, turn)

    @abstractmethod
    async def take(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        """The slots that the message fills, or the words that say what is wrong with it."""

    def ended(self, tracker: Tracker, events: list[EventType]) -> list[EventType]:
        """Nothing when nothing was taken: any slot would tell Rasa that the message was an answer."""
        return super().ended(tracker, events) if events else []


def explained_wrong_value(tracker: Tracker) -> bool:
    """True when this turn already said what was wrong with a value."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "bot" and (event.get("data") or {}).get("custom") == WRONG_VALUE:
            return True
    return False


def asks_to_wait(tracker: Tracker) -> bool:
    """True when the resident only wants a moment to look for the answer."""
    text = text_of(tracker)
    waits = len(text) <= WAIT_MAX_CHARS and WAIT.search(text) is not None
    return waits and not any(c.isdigit() for c in text) and QUESTION.search(text) is None


def wants_something_else(tracker: Tracker) -> bool:
    """True for a clear question or request, whatever values it carries."""
    if not MARKS.sub("", text_of(tracker)).strip() or confidence_of(tracker) < CLEAR:
        return False
    intent = intent_of(tracker)
    if intent == "ticket_status" and entities_of(tracker, "ticket_number"):
        return len(text_of(tracker)) > len("GD261124665181") + 1  # a bare ticket number is a wrong answer
    return intent in REQUESTS or is_question(tracker)


def is_question(tracker: Tracker) -> bool:
    """True when the message asks one of the questions that have an answer, or something out of scope."""
    intent = intent_of(tracker)
    asks = intent.startswith("faq_") or (intent == "out_of_scope" and len(text_of(tracker)) > SHORT)
    return asks and QUESTION.search(text_of(tracker)) is not None


def looks_like_an_answer(tracker: Tracker) -> bool:
    """True when a message in a form tried to answer the question, however badly."""
    text = text_of(tracker)
    if not text or wants_something_else(tracker):
        return False
    if not MARKS.sub("", text).strip():
        return True
    if len(text) <= ANSWER_MAX_CHARS and any(c.isdigit() for c in text):
        return True
    unclear = len(text) <= SHORT and confidence_of(tracker) < CLEAR_IF_SHORT
    return unclear or intent_of(tracker) in ANSWERS


class Refusals:
    """Explains wrong values; from the second in a row on, with a way to a person."""

    def __init__(self, speaker: Speaker, tracker: Tracker) -> None:
        self._speaker = speaker
        self._misses = int(tracker.get_slot(MISSES) or 0)

    def refuse(self, slot: str, name: str, **values: Any) -> list[EventType]:
        """Says the named explanation, empties the slot, counts the miss."""
        self._misses += 1
        stop = self._speaker.button("utter_button_stop", "/deny")
        if self._misses >= OFFER_HUMAN_AFTER:
            human = self._speaker.button("utter_button_human", "/request_human")
            self._speaker.say(name, buttons=[human, stop], custom=WRONG_VALUE, **values)
        else:
            self._speaker.say(name, or_buttons=[stop], custom=WRONG_VALUE, **values)
        return [SlotSet(slot, None), SlotSet(MISSES, self._misses)]


def stop_form() -> list[EventType]:
    """Leaves the form; what was filled stays, what it was wanted for does not."""
    return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("wanted", None)]


def requested(tracker: Tracker) -> Optional[str]:
    """The slot that the active form asked for last."""
    slot: Optional[str] = tracker.get_slot("requested_slot")
    return slot
