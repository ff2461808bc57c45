"""Questions with one answer."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, back_to_form, intent_of
from bot.turn import Turn


class AnswerQuestion(HelpdeskAction):
    """Answers the `faq_*` intent of the message, or the topic that the resident just agreed to."""

    def name(self) -> str:
        return "action_answer_faq"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        topic = tracker.get_slot("topic") or intent_of(tracker)
        speaker.say(f"utter_{topic}")
        return [SlotSet("topic", None), *back_to_form(speaker, tracker)]
