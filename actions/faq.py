"""Questions with one answer."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import Speaker, active_form, asks_for_number, back_to_form
from actions.claims import claims_in
from actions.correction import Correctable
from actions.forms import WRONG_VALUE, requested
from actions.second_request import offer_second_request, question_of
from actions.serial_number import SLOT as SERIAL
from bot.turn import Turn

FIND_SERIAL = "faq_find_serial"


class AnswerQuestion(Correctable):
    """Answers the `faq_*` intent of the message; inside a form, keeps what it says of the payment."""

    def name(self) -> str:
        return "action_answer_faq"

    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        topic, form = question_of(tracker), active_form(tracker)
        if topic == FIND_SERIAL and form and requested(tracker) == SERIAL:
            # The form has said where the number is: say it another way, not the same question again.
            speaker.say(_where_else(form), custom=WRONG_VALUE)
            return [FollowupAction(form)]
        speaker.say(f"utter_{topic}", number=asks_for_number(speaker, tracker))
        also = offer_second_request(speaker, tracker)
        return [*_facts(tracker, turn), *also, *back_to_form(speaker, tracker)]


def _where_else(form: str) -> str:
    return "utter_serial_elsewhere" if form == "receipt_form" else "utter_faq_find_serial"


def _facts(tracker: Tracker, turn: Turn) -> list[EventType]:
    if active_form(tracker) != "receipt_form":
        return []
    claims = claims_in(tracker, turn)
    return [
        SlotSet(claim.slot, claim.value)
        for claim in claims
        if not claim.refusal and tracker.get_slot(claim.slot) is None
    ]
