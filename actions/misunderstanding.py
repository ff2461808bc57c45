"""What to do when a message was not understood, and what is kept to learn from it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import MISSES, OFFER, Speaker, active_form, back_to_form
from actions.correction import Correctable
from actions.forms import OFFER_HUMAN_AFTER
from actions.serial_number import explanation_of_mask
from bot.messages import ConversationStatus
from bot.turn import Turn

GUESS = "guess"
"""The offer after "which of these do you mean?"."""

HUMAN = "human"
"""The offer of a person after misunderstandings."""

GUESSES = 2
LEAST_LIKELY = 0.05
"""A guess below this share would only puzzle."""

NOT_OFFERED = frozenset(
    {"nlu_fallback", "out_of_scope", "affirm", "deny", "greet", "goodbye", "thanks", "provide_serial"}
)


class OutOfScope(Correctable):
    """Says in one line what the bot can do; the second miss in a row offers a person."""

    def name(self) -> str:
        return "action_out_of_scope"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if explanation := explanation_of_mask(tracker):
            speaker.say(explanation)
            return back_to_form(speaker, tracker)
        misses = misses_of(tracker) + 1
        if misses >= OFFER_HUMAN_AFTER and active_form(tracker) is None:
            return offer_human(speaker, misses, turn)
        speaker.say("utter_out_of_scope")
        return [SlotSet(MISSES, misses), *back_to_form(speaker, tracker)]


class Clarify(Correctable):
    """Offers the two best guesses; the second miss in a row offers a person."""

    def name(self) -> str:
        return "action_clarify"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if explanation := explanation_of_mask(tracker):
            speaker.say(explanation)
            return back_to_form(speaker, tracker)
        misses = misses_of(tracker) + 1
        message = tracker.latest_message
        guesses = _guesses(message)
        _remember(message, turn, guesses, "below_threshold")
        if misses >= OFFER_HUMAN_AFTER:
            return offer_human(speaker, misses, turn)
        if not guesses:
            speaker.say("utter_misunderstood_first")
            return [SlotSet(MISSES, misses)]
        buttons = [speaker.button(f"utter_label_{guess}", f"/{guess}") for guess in guesses]
        buttons.append(speaker.button("utter_something_else", "/deny"))
        speaker.say("utter_clarify", buttons=buttons)
        return [SlotSet(MISSES, misses), SlotSet(OFFER, GUESS)]


def not_guessed(speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
    """None of the guesses was right: keeps the message, asks for other words."""
    message = _message_before(tracker)
    _remember(message, turn, _guesses(message), "denied")
    speaker.say("utter_rephrase")
    return [SlotSet(MISSES, misses_of(tracker))]


def offer_human(speaker: Speaker, misses: int, turn: Turn) -> list[EventType]:
    """Offers a person, and takes a plain yes for it; who waits for one hears that they still do."""
    if turn.conversation.status is ConversationStatus.WAITING_FOR_AGENT:
        speaker.say("utter_misunderstood_in_line")
        return [SlotSet(MISSES, misses)]
    speaker.say("utter_offer_human")
    return [SlotSet(MISSES, misses), SlotSet(OFFER, HUMAN)]


def misses_of(tracker: Tracker) -> int:
    """How many messages in a row were not understood."""
    return int(tracker.get_slot(MISSES) or 0)


def _message_before(tracker: Tracker) -> dict[str, Any]:
    said = [event for event in tracker.events if event.get("event") == "user"]
    parse: dict[str, Any] = (said[-2].get("parse_data") or {}) if len(said) > 1 else {}
    return parse


def _guesses(message: dict[str, Any]) -> list[str]:
    likely = [
        str(guess["name"])
        for guess in message.get("intent_ranking") or []
        if guess["name"] not in NOT_OFFERED and float(guess["confidence"]) >= LEAST_LIKELY
    ]
    return likely[:GUESSES]


def _remember(message: dict[str, Any], turn: Turn, guesses: list[str], cause: str) -> None:
    """Keeps a misunderstood message (masked by the desk) to learn from."""
    ranking = message.get("intent_ranking") or [{}]
    first, second = ([*guesses, "", ""])[:2]
    turn.work.misunderstandings.add(
        text=message.get("text") or "",
        guess=first,
        runner_up=second,
        confidence=float(ranking[0].get("confidence") or 0.0),
        cause=cause,
        now=turn.now,
        conversation_id=turn.conversation.id,
    )
