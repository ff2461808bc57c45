"""Speaking the resident's language."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, back_to_form
from bot.turn import Turn

TO_ENGLISH = re.compile(r"english|英文|英语|英語|ying ?(yu|wen)", re.IGNORECASE)
TO_CHINESE = re.compile(
    r"chinese|mandarin|中文|汉语|漢語|普通话|普通話|国语|國語|zhong ?wen|pu ?tong ?hua", re.IGNORECASE
)


class SwitchLanguage(HelpdeskAction):
    """Speaks the language that was asked for, or the other one."""

    def name(self) -> str:
        return "action_switch_language"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        text = tracker.latest_message.get("text") or ""
        if TO_ENGLISH.search(text):
            language = "en"
        elif TO_CHINESE.search(text):
            language = "zh"
        else:
            language = "zh" if turn.conversation.language == "en" else "en"
        turn.change_conversation(language=language)
        speaker.say("utter_language_switched")
        return [SlotSet("language", language), *back_to_form(speaker, tracker)]
