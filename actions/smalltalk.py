"""Greetings, thanks, goodbyes, and what a plain yes or no means."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import OFFER, Speaker, active_form, back_to_form, text_of
from actions.correction import WHICH, Correctable, receipt_is_complete, says_wrong
from actions.forms import WRONG_VALUE, stop_form
from actions.misunderstanding import GUESS, HUMAN, not_guessed
from actions.receipt_form import is_half_filled, resume_earlier
from actions.second_request import take_up
from actions.waiting_line import LEAVE
from bot.messages import ConversationStatus
from bot.turn import Turn

RECONCILE, ERASE, RESUME = "reconcile", "erase", "resume"

ON_YES = {
    HUMAN: "action_request_human",
    LEAVE: "action_leave_line",
    RECONCILE: "action_submit_reconciliation",
    ERASE: "action_erase",
    RESUME: "receipt_form",
}
ON_NO = {
    LEAVE: "utter_line_kept",
    RECONCILE: "utter_reconciliation_cancelled",
    ERASE: "utter_erase_cancelled",
}
GO_ON = re.compile(r"继续|接着|go on|continue|resume|carry on|ji ?xu", re.IGNORECASE)


class Greet(Correctable):
    """Greets, and goes back to a form that was open."""

    def name(self) -> str:
        return "action_greet"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if active_form(tracker) is None:
            speaker.say("utter_greet")
        return back_to_form(speaker, tracker)


class Thanks(Correctable):
    """Takes thanks."""

    def name(self) -> str:
        return "action_thanks"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        speaker.say("utter_thanks")
        return back_to_form(speaker, tracker)


class Goodbye(Correctable):
    """Ends politely; an open form stays half filled."""

    def name(self) -> str:
        return "action_goodbye"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if is_half_filled(tracker) and GO_ON.search(text_of(tracker)):
            return [FollowupAction("receipt_form")]
        speaker.say("utter_goodbye")
        return stop_form()


class Affirm(Correctable):
    """Does what was offered last, or goes on with a half-filled receipt."""

    def name(self) -> str:
        return "action_affirm"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        offer = tracker.get_slot(OFFER)
        if offer in ON_YES:
            # The action sees what it was offered for; its own end clears the offer.
            kept = [SlotSet(OFFER, offer)] if offer == HUMAN else []
            resumed = resume_earlier(tracker) if offer == RESUME else []
            return [*kept, *resumed, FollowupAction(ON_YES[offer])]
        if also := take_up(offer):
            return also
        if active_form(tracker):
            return back_to_form(speaker, tracker)
        if is_half_filled(tracker) and GO_ON.search(text_of(tracker)):
            return [FollowupAction("receipt_form")]
        speaker.say("utter_nothing_to_affirm")
        return []


class Deny(Correctable):
    """Drops what was offered, asks what is wrong with a receipt, or stops a form."""

    def name(self) -> str:
        return "action_deny"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        offer = tracker.get_slot(OFFER)
        if offer == GUESS:
            return not_guessed(speaker, tracker, turn)
        if offer in ON_NO:
            speaker.say(ON_NO[offer])
            return []
        if active_form(tracker):
            return _in_form(speaker, tracker)
        if receipt_is_complete(tracker) and says_wrong(tracker):
            speaker.say("utter_correct_which")
            return [SlotSet(OFFER, WHICH)]
        in_line = turn.conversation.status is ConversationStatus.WAITING_FOR_AGENT
        speaker.say("utter_nothing_to_deny_in_line" if in_line else "utter_nothing_to_deny")
        return []


def _in_form(speaker: Speaker, tracker: Tracker) -> list[EventType]:
    form = active_form(tracker)
    if form == "receipt_form" and says_wrong(tracker) and is_half_filled(tracker):
        speaker.say("utter_correct_which", custom=WRONG_VALUE)
        return [FollowupAction(form)]
    if form == "receipt_form":
        speaker.say("utter_form_stopped")
        return [*stop_form(), SlotSet(OFFER, RESUME)]
    speaker.say("utter_nothing_to_deny")
    return stop_form()
