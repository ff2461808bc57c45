"""What every action stands on: a turn, the residents' words, and coming back to a form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Iterable, Optional

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot import standalone
from bot.messages import Button
from bot.payments.wording import tail
from bot.privacy import find_id_last4
from bot.turn import Private, Turn, current_turn

OFFER = "pending_offer"
MISSES = "misses"
LOOKED_UP = "looked_up"
"""The slot of what the last look-up found: its serial number and facts, never details."""


@asynccontextmanager
async def turn_of(tracker: Tracker) -> AsyncIterator[Turn]:
    """The desk's turn, or one of its own when Rasa's action server runs this."""
    turn = current_turn.get()
    if turn is not None:
        yield turn
        return
    text = tracker.latest_message.get("text") or ""
    private = Private(
        id_last4=find_id_last4(text) or (text.strip().upper() if len(text.strip()) == 4 else None)
    )
    async with standalone.turn(tracker.sender_id, private) as own:
        yield own


class Speaker:
    """Says named responses in the resident's language."""

    def __init__(self, dispatcher: CollectingDispatcher, turn: Turn) -> None:
        self._dispatcher = dispatcher
        self._turn = turn

    @property
    def language(self) -> str:
        """The conversation's language."""
        return self._turn.conversation.language

    def words(self, name: str, **values: Any) -> str:
        """The text of a named response, to be put into another."""
        return self._turn.services.phrases.say(name, self.language, **values).text

    def say(
        self,
        name: str,
        buttons: Optional[Iterable[Button]] = None,
        custom: Optional[dict[str, Any]] = None,
        or_buttons: Iterable[Button] = (),
        **values: Any,
    ) -> None:
        """Utters a named response; `buttons` replace its own, `or_buttons` are shown where it has none."""
        reply = self._turn.services.phrases.say(name, self.language, **values)
        self.tell(reply.text, (reply.buttons or or_buttons) if buttons is None else buttons, custom)

    def tell(
        self, text: str, buttons: Iterable[Button] = (), custom: Optional[dict[str, Any]] = None
    ) -> None:
        """Utters a text made of named responses."""
        shown = [{"title": button.title, "payload": button.payload} for button in buttons]
        self._dispatcher.utter_message(text=text, buttons=shown, json_message=custom)

    def button(self, name: str, payload: str, **values: Any) -> Button:
        """A button whose title is a named response."""
        return Button(self.words(name, **values), payload)


class HelpdeskAction(Action, ABC):
    """An action that reads slots, calls one service, says named responses and returns events.

    An offer (what a plain yes would mean) and the count of misses end with the next action, unless that
    action sets them itself.
    """

    @abstractmethod
    def name(self) -> str:
        """The action's name in the domain."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Rasa's door to the action."""
        async with turn_of(tracker) as turn:
            events = await self.act(Speaker(dispatcher, turn), tracker, turn)
        return events + self.ended(tracker, events)

    @abstractmethod
    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        """Does the work of the action."""

    def ended(self, tracker: Tracker, events: list[EventType]) -> list[EventType]:
        """The end of an earlier offer and of earlier misses, where `events` do not speak of them."""
        touched = {event.get("name") for event in events if event.get("event") == "slot"}
        ended: list[EventType] = []
        if OFFER not in touched and tracker.get_slot(OFFER):
            ended.append(SlotSet(OFFER, None))
        if MISSES not in touched and tracker.get_slot(MISSES):
            ended.append(SlotSet(MISSES, 0))
        return ended


def active_form(tracker: Tracker) -> Optional[str]:
    """The form that the resident is in, or None."""
    name: Optional[str] = (tracker.active_loop or {}).get("name")
    return name


def back_to_form(speaker: Speaker, tracker: Tracker) -> list[EventType]:
    """Goes back to the form that a question interrupted, saying so."""
    form = active_form(tracker)
    if form is None:
        return []
    speaker.say("utter_back_to_form")
    return [FollowupAction(form)]


def text_of(tracker: Tracker) -> str:
    """The latest message as typed; empty when it was a button."""
    text = (tracker.latest_message.get("text") or "").strip()
    return "" if text.startswith("/") else text


def intent_of(tracker: Tracker) -> str:
    """The intent of the latest message."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def confidence_of(tracker: Tracker) -> float:
    """How sure that intent is."""
    return float((tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)


def entities_of(tracker: Tracker, name: str) -> list[dict[str, Any]]:
    """The latest message's entities of one kind, in order."""
    return [e for e in tracker.latest_message.get("entities") or [] if e.get("entity") == name]


def choice_of(tracker: Tracker) -> Optional[str]:
    """What a pressed button chose, or None."""
    chosen = entities_of(tracker, "choice")
    return str(chosen[0]["value"]) if chosen else None


def asks_for_number(speaker: Speaker, tracker: Tracker) -> str:
    """The end of an answer that a look at the payment would complete: asks for its number, unless known."""
    known = tracker.get_slot("serial_number")
    if known is None:
        return speaker.words("utter_number_wanted")
    return speaker.words("utter_number_known", tail=tail(known))
