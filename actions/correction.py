"""A value that the resident takes back: 不对，是20块."""

from __future__ import annotations

import re
from abc import abstractmethod

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction

from actions.base import OFFER, HelpdeskAction, Speaker, active_form, text_of
from actions.claims import AMOUNT, CLAIMS, claims_in, written
from actions.forms import is_question
from actions.serial_number import SLOT as SERIAL
from actions.serial_number import lookup_numbers
from bot import formats
from bot.payments.wording import tail
from bot.turn import Turn

CORRECTION = re.compile(
    r"不对|(?<![付交缴转])错了|[写弄打说记搞看]错|不是|更正|改成|改为|其实|应该是"
    r"|\b(?:wrong|not right|incorrect|actually|sorry|correction|i meant)\b|^\s*no\b|\bbu ?dui\b|\bcuo le\b",
    re.IGNORECASE,
)
ANOTHER = re.compile(r"又|另外|另一|还付|还交|再付|两次|两笔|\b(?:another|again|twice)\b", re.IGNORECASE)
"""Speaks of one more payment, not of the one that was read back."""
WHICH = "correct"
"""The offer after "which one is wrong?": the next value is a correction without saying so."""


class Correctable(HelpdeskAction):
    """An answer that is given only when the message does not correct a receipt that was read back.

    Understanding takes 不对，是20块 for a question about a wrong amount as easily as for a no.
    """

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if active_form(tracker) is None and corrects_receipt(tracker, turn):
            return [FollowupAction("receipt_form")]
        return await self.answer(speaker, tracker, turn)

    @abstractmethod
    async def answer(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        """Does the work of the action."""


def receipt_is_complete(tracker: Tracker) -> bool:
    """True once the walk through the receipt has every value."""
    return all(tracker.get_slot(slot) is not None for slot in (*CLAIMS, SERIAL))


def says_wrong(tracker: Tracker) -> bool:
    """True when the message says that something is not right."""
    return CORRECTION.search(text_of(tracker)) is not None


def corrects_receipt(tracker: Tracker, turn: Turn) -> bool:
    """True when the message brings another value for a complete receipt."""
    if not receipt_is_complete(tracker) or is_question(tracker) or ANOTHER.search(text_of(tracker)):
        return False
    if not (says_wrong(tracker) or tracker.get_slot(OFFER) == WHICH):
        return False
    return bool(claims_in(tracker, turn, asked_again(tracker)) or lookup_numbers(tracker))


def asked_again(tracker: Tracker) -> str | None:
    """The slot that a bare number in a correction is for: 不对，是40 can only be the amount."""
    corrects = says_wrong(tracker) or tracker.get_slot(OFFER) == WHICH
    return AMOUNT if corrects and tracker.get_slot(AMOUNT) is not None else None


def acknowledge(speaker: Speaker, tracker: Tracker, turn: Turn, events: list[EventType]) -> None:
    """Says what was changed, when a value that was known before is another one now."""
    changed = [
        _written(event["name"], event["value"], turn)
        for event in events
        if event.get("event") == "slot"
        and event["name"] in (*CLAIMS, SERIAL)
        and event["value"] is not None
        and tracker.get_slot(event["name"]) not in (None, event["value"])
    ]
    if changed:
        what = formats.listed(changed, turn.services.phrases, speaker.language)
        speaker.say("utter_corrected", what=what)


def _written(slot: str, value: object, turn: Turn) -> str:
    return f"…{tail(str(value))}" if slot == SERIAL else written(slot, value, turn)
