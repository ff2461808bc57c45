"""Another thing asked in the same message: offered once the first is answered, done on a plain yes."""

from __future__ import annotations

from typing import Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import OFFER, Speaker, active_form, asks_for_number, intent_of

ALSO = "also:"
QUESTION = "faq_"
ANSWER = "action_answer_faq"
DOES = {
    "query_status": "serial_form",
    "check_receipt": "receipt_form",
    "ticket_status": "action_ticket_status",
    "request_human": "action_request_human",
    "complain": "action_request_human",
    "request_reconciliation": "action_want_reconciliation",
    "watch_payment": "action_want_watch",
    "unwatch_payment": "action_unwatch",
    "my_data": "action_my_data",
}
"""What does each request that is not a question."""


def offer_second_request(speaker: Speaker, tracker: Tracker) -> list[EventType]:
    """Offers what else the message asked for; inside a form the form comes first."""
    also = tracker.latest_message.get("second_request")
    if not also or active_form(tracker) or not (also.startswith(QUESTION) or also in DOES):
        return []
    speaker.say("utter_second_request", label=speaker.words(f"utter_label_{also}"))
    return [SlotSet(OFFER, ALSO + also)]


def take_up(offer: Optional[str]) -> list[EventType]:
    """The events that do what was offered; none when the offer was something else."""
    if not (offer or "").startswith(ALSO):
        return []
    also = str(offer)[len(ALSO) :]
    # The answering action reads from the offer which question it was.
    return [SlotSet(OFFER, offer), FollowupAction(ANSWER if also.startswith(QUESTION) else DOES[also])]


def question_of(tracker: Tracker) -> str:
    """The question to answer: the message's own, or the one that was offered and agreed to."""
    offer = tracker.get_slot(OFFER) or ""
    agreed = intent_of(tracker) == "affirm" and offer.startswith(ALSO)
    return str(offer[len(ALSO) :]) if agreed else intent_of(tracker)


def answer_second_question(speaker: Speaker, tracker: Tracker) -> None:
    """Answers a question that came with a request, before the request's own form begins to ask."""
    also = tracker.latest_message.get("second_request")
    if also and also.startswith(QUESTION) and intent_of(tracker) in DOES:
        speaker.say(f"utter_{also}", buttons=(), number=asks_for_number(speaker, tracker))
