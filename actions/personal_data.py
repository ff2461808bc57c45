"""What is stored about the resident, and its erasure."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import AllSlotsReset, EventType, SlotSet

from actions.base import OFFER, HelpdeskAction, Speaker, back_to_form, choice_of
from bot.turn import Turn


class ShowMyData(HelpdeskAction):
    """Says what is stored; the erase button asks once more first."""

    def name(self) -> str:
        return "action_my_data"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if choice_of(tracker) == "erase":
            speaker.say("utter_confirm_erase")
            return [SlotSet(OFFER, "erase")]
        stored = await turn.services.personal_data.about(turn.work, turn.conversation)
        speaker.say(
            "utter_my_data",
            messages=stored.messages,
            tickets=stored.tickets,
            watches=stored.watches,
            attachments=stored.attachments,
            requests=stored.requests,
            addresses=stored.addresses,
        )
        return back_to_form(speaker, tracker)


class EraseMyData(HelpdeskAction):
    """Erases what is stored, this conversation's memory included."""

    def name(self) -> str:
        return "action_erase"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        turn.services.personal_data.erase(turn.work, turn.conversation)
        speaker.say("utter_erased")
        return [AllSlotsReset()]
