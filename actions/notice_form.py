"""Notices by e-mail or text message besides the chat: the address, and the code that proves it."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import MISSES, HelpdeskAction, Speaker, text_of
from actions.forms import Ask, Refusals, Validate, looks_like_an_answer, requested, stop_form
from bot.notifications.addresses import AddressKind, Proof, is_of
from bot.turn import Turn

KIND, ADDRESS, CODE = "notice_kind", "notice_address", "notice_code"
GIVEN = "given"
"""What the slots hold afterwards: neither the address nor the code is kept by the dialogue."""
UNREADABLE = {
    AddressKind.EMAIL: "utter_notice_email_unreadable",
    AddressKind.SMS: "utter_notice_phone_unreadable",
}
SIX_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


def kind_of(tracker: Tracker) -> AddressKind:
    """By what the resident wants to be told."""
    return AddressKind(tracker.get_slot(KIND) or AddressKind.EMAIL.value)


class AskAddress(Ask):
    """Asks where to."""

    def name(self) -> str:
        return "action_ask_notice_address"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        by_mail = kind_of(tracker) is AddressKind.EMAIL
        speaker.say("utter_ask_notice_email" if by_mail else "utter_ask_notice_phone")


class AskCode(Ask):
    """Asks for the code; where it was sent to has been said."""

    def name(self) -> str:
        return "action_ask_notice_code"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        speaker.say("utter_ask_notice_code")


class ValidateNoticeForm(Validate):
    """Sends a code to the address, then takes the code."""

    asks = (ADDRESS, CODE)

    def name(self) -> str:
        return "validate_notice_form"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        # 我的手机是… sounds like a question about one's data: what was asked for is taken first.
        answered = {ADDRESS: turn.private.address, CODE: SIX_DIGITS.search(text_of(tracker))}
        if answered.get(requested(tracker) or ""):
            return await self.take(speaker, tracker, turn)
        return await super().act(speaker, tracker, turn)

    async def take(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        asked = requested(tracker)
        if asked == ADDRESS:
            return await self._take_address(speaker, tracker, turn)
        return await self._take_code(speaker, tracker, turn) if asked == CODE else []

    async def _take_address(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        kind, address = kind_of(tracker), turn.private.address
        if address is None and not looks_like_an_answer(tracker):
            return []
        if address is None or not is_of(kind, address):
            return Refusals(speaker, tracker).refuse(ADDRESS, UNREADABLE[kind])
        shown = await turn.services.addresses.begin(turn.work, turn.conversation, kind, address)
        if shown is None:
            return Refusals(speaker, tracker).refuse(ADDRESS, "utter_notice_too_soon")
        speaker.say("utter_notice_code_sent", address=shown)
        return [SlotSet(ADDRESS, GIVEN), SlotSet(MISSES, 0)]

    async def _take_code(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        found = SIX_DIGITS.search(text_of(tracker))
        if found is None:
            wrong = looks_like_an_answer(tracker)
            return Refusals(speaker, tracker).refuse(CODE, "utter_notice_code_unreadable") if wrong else []
        proof = await turn.services.addresses.prove(
            turn.work, turn.conversation, kind_of(tracker), found.group(0)
        )
        if proof is Proof.WRONG:
            return Refusals(speaker, tracker).refuse(CODE, "utter_notice_code_wrong")
        if proof is Proof.SPENT:
            speaker.say("utter_notice_code_spent")
            return [SlotSet(ADDRESS, None), SlotSet(CODE, None), *stop_form()]
        speaker.say("utter_notice_confirmed")
        return [SlotSet(CODE, GIVEN), SlotSet(MISSES, 0)]


class ForgetNotice(HelpdeskAction):
    """Ends the form: the next one asks again."""

    def name(self) -> str:
        return "action_forget_notice"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        return [SlotSet(slot, None) for slot in (KIND, ADDRESS, CODE)]
