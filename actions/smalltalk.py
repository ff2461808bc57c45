"""Greetings, yes and no, languages, and what to do when a message was not understood."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import MISSES, OFFER, HelpdeskAction, Speaker, active_form, back_to_form
from actions.forms import OFFER_HUMAN_AFTER, WRONG_VALUE, Refusals, stop_form
from actions.receipt_form import SLOTS as RECEIPT_SLOTS
from actions.receipt_form import take_amount, take_channel, take_date
from actions.serial_number import take_serial_number
from bot.turn import Turn

GUESSES = 2
NOT_OFFERED = frozenset(
    {"nlu_fallback", "out_of_scope", "affirm", "deny", "greet", "goodbye", "thanks", "provide_serial"}
)
LEAST_LIKELY = 0.05
"""A guess below this share would only puzzle."""

ON_YES = {
    "human": "action_request_human",
    "reconcile": "action_submit_reconciliation",
    "erase": "action_erase",
    "resume": "receipt_form",
}
ON_NO = {
    "reconcile": "utter_reconciliation_cancelled",
    "erase": "utter_erase_cancelled",
}
CORRECTION = re.compile(r"不对|错了|写错|弄错|不是|wrong|not right|incorrect|bu ?dui|cuo le", re.IGNORECASE)
TO_ENGLISH = re.compile(r"english|英文|英语|英語|ying ?(yu|wen)", re.IGNORECASE)
TO_CHINESE = re.compile(r"chinese|mandarin|中文|汉语|漢語|普通话|普通話|国语|國語|zhong ?wen|pu ?tong ?hua", re.IGNORECASE)


class Greet(HelpdeskAction):
    """Greets, and goes back to a form that was open."""

    def name(self) -> str:
        return "action_greet"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if active_form(tracker) is None:
            speaker.say("utter_greet")
        return back_to_form(speaker, tracker)


class Thanks(HelpdeskAction):
    """Takes thanks."""

    def name(self) -> str:
        return "action_thanks"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        speaker.say("utter_thanks")
        return back_to_form(speaker, tracker)


class Goodbye(HelpdeskAction):
    """Ends politely; an open form stays half filled."""

    def name(self) -> str:
        return "action_goodbye"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        speaker.say("utter_goodbye")
        return stop_form()


class Affirm(HelpdeskAction):
    """Does what was offered last."""

    def name(self) -> str:
        return "action_affirm"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        offer = tracker.get_slot(OFFER) or ""
        if offer.startswith("topic:"):
            return [SlotSet("topic", offer[len("topic:") :]), FollowupAction("action_answer_faq")]
        if offer in ON_YES:
            return [FollowupAction(ON_YES[offer])]
        if active_form(tracker):
            return back_to_form(speaker, tracker)
        speaker.say("utter_nothing_to_affirm")
        return []


class Deny(HelpdeskAction):
    """Drops what was offered, corrects a receipt, or stops a form."""

    def name(self) -> str:
        return "action_deny"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        offer = tracker.get_slot(OFFER) or ""
        if offer == "guess":
            return self._not_guessed(speaker, tracker)
        if offer in ON_NO:
            speaker.say(ON_NO[offer])
            return []
        if active_form(tracker):
            return self._in_form(speaker, tracker)
        corrections = self._corrections(speaker, tracker, turn)
        if corrections:
            return [*corrections, FollowupAction("receipt_form")]
        speaker.say("utter_nothing_to_deny")
        return []

    def _in_form(self, speaker: Speaker, tracker: Tracker) -> list[EventType]:
        form = active_form(tracker)
        text = tracker.latest_message.get("text") or ""
        if form == "receipt_form" and CORRECTION.search(text):
            speaker.say("utter_correct_which", custom=WRONG_VALUE)
            return [FollowupAction(form)]
        speaker.say("utter_form_stopped")
        half_filled = form == "receipt_form"
        return [*stop_form(), SlotSet(OFFER, "resume" if half_filled else None)]

    def _not_guessed(self, speaker: Speaker, tracker: Tracker) -> list[EventType]:
        misses = int(tracker.get_slot(MISSES) or 0) + 1
        if misses > OFFER_HUMAN_AFTER:
            return offer_human(speaker, misses)
        speaker.say("utter_rephrase")
        return [SlotSet(MISSES, misses)]

    def _corrections(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        """New values for a receipt that was read back already: 不对，是20块."""
        if any(tracker.get_slot(slot) is None for slot in RECEIPT_SLOTS):
            return []
        refusals = Refusals(speaker, tracker)
        return [
            *take_channel(tracker),
            *take_serial_number(speaker, tracker, refusals),
            *take_amount(tracker, refusals),
            *take_date(speaker, tracker, turn, refusals),
        ]


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


class OutOfScope(HelpdeskAction):
    """Says in one line what the bot can do; the second miss in a row offers a person."""

    def name(self) -> str:
        return "action_out_of_scope"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        misses = int(tracker.get_slot(MISSES) or 0) + 1
        if misses >= OFFER_HUMAN_AFTER and active_form(tracker) is None:
            return offer_human(speaker, misses)
        speaker.say("utter_out_of_scope")
        return [SlotSet(MISSES, misses), *back_to_form(speaker, tracker)]


class Clarify(HelpdeskAction):
    """Offers the two best guesses; the second miss in a row offers a person."""

    def name(self) -> str:
        return "action_clarify"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        misses = int(tracker.get_slot(MISSES) or 0) + 1
        guesses = _guesses(tracker)
        _remember(tracker, turn, guesses, "below_threshold")
        if misses >= OFFER_HUMAN_AFTER:
            return offer_human(speaker, misses)
        if not guesses:
            speaker.say("utter_misunderstood_first")
            return [SlotSet(MISSES, misses)]
        buttons = [speaker.button(f"utter_label_{guess}", f"/{guess}") for guess in guesses]
        buttons.append(speaker.button("utter_something_else", "/deny"))
        speaker.say("utter_clarify", buttons=buttons)
        return [SlotSet(MISSES, misses), SlotSet(OFFER, "guess")]


def offer_human(speaker: Speaker, misses: int) -> list[EventType]:
    """Offers a person, and takes a plain yes for it."""
    speaker.say("utter_offer_human")
    return [
        SlotSet(MISSES, misses),
        SlotSet(OFFER, "human"),
        SlotSet("handoff_reason", "misunderstood"),
    ]


def _guesses(tracker: Tracker) -> list[str]:
    ranking = tracker.latest_message.get("intent_ranking") or []
    likely = [
        str(guess["name"])
        for guess in ranking
        if guess["name"] not in NOT_OFFERED and float(guess["confidence"]) >= LEAST_LIKELY
    ]
    return likely[:GUESSES]


def _remember(tracker: Tracker, turn: Turn, guesses: list[str], cause: str) -> None:
    """Keeps a misunderstood message (masked by the desk) to learn from."""
    ranking = tracker.latest_message.get("intent_ranking") or [{}]
    first, second = ([*guesses, "", ""])[:2]
    turn.work.misunderstandings.add(
        text=tracker.latest_message.get("text") or "",
        guess=first,
        runner_up=second,
        confidence=float(ranking[0].get("confidence") or 0.0),
        cause=cause,
        now=turn.now,
    )

