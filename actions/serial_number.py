"""Taking a serial number from a message: which one is meant, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import Speaker, entities_of
from actions.forms import WRONG_VALUE, Refusals
from bot.messages import Button
from bot.payments.serial_numbers import FoundNumber, NumberKind, Problem, find_numbers, usable_for_lookup
from bot.payments.wording import tail

SLOT = "serial_number"

EXPLANATIONS = {
    NumberKind.WECHAT_REFUND: "utter_serial_is_refund",
    NumberKind.ID_CARD: "utter_serial_is_id_card",
    NumberKind.TICKET: "utter_serial_is_ticket",
    NumberKind.PHONE: "utter_serial_is_phone",
    NumberKind.BANK_CARD: "utter_serial_is_bank_card",
    NumberKind.UNIONPAY_TRACE: "utter_serial_is_trace",
    NumberKind.RETRIEVAL_REFERENCE: "utter_serial_is_trace",
    NumberKind.FISCAL_RECEIPT_CODE: "utter_serial_is_fiscal",
    NumberKind.FISCAL_RECEIPT_NUMBER: "utter_serial_is_fiscal",
}

CHANNEL_OF = {
    NumberKind.WECHAT_TRANSACTION: "wechat_pay",
    NumberKind.ALIPAY_TRANSACTION: "alipay",
    NumberKind.UNIONPAY_QUERY: "unionpay",
}

MASKS = {
    re.compile(r"‹id_card›"): "utter_serial_is_id_card",
    re.compile(r"‹bank_card›"): "utter_serial_is_bank_card",
    re.compile(r"1[3-9][0-9]\*{4}[0-9]{4}"): "utter_serial_is_phone",
}
"""What the desk puts in place of numbers that are never let through."""


def numbers_in(tracker: Tracker) -> list[FoundNumber]:
    """The numbers of the latest message, or of the pressed button."""
    text = tracker.latest_message.get("text") or ""
    if text.startswith("/"):
        text = " ".join(str(e["value"]) for e in entities_of(tracker, SLOT))
    return list(find_numbers(text))


def lookup_numbers(tracker: Tracker) -> list[FoundNumber]:
    """The different numbers that a payment can be asked for by.

    A receipt prints several for one payment: the channel's own beats the notice's, and that the merchant's.
    """
    usable = list(_distinct(n for n in numbers_in(tracker) if usable_for_lookup(n)))
    for kinds in (CHANNEL_OF, {NumberKind.PAYMENT_NOTICE}):
        own = [number for number in usable if number.kind in kinds]
        if own:
            return own
    return usable


def take_serial_number(speaker: Speaker, tracker: Tracker, refusals: Refusals) -> list[EventType]:
    """Fills the slot from the message, or says what is wrong; nothing when no number is in it."""
    usable = lookup_numbers(tracker)
    if len(usable) > 1:
        return _ask_which(speaker, usable)
    if usable:
        return [SlotSet(SLOT, usable[0].value)]
    wrong = numbers_in(tracker)
    if wrong:
        return _explain(refusals, wrong[0])
    explanation = explanation_of_mask(tracker)
    return refusals.refuse(SLOT, explanation) if explanation else []


def explanation_of_mask(tracker: Tracker) -> Optional[str]:
    """What is said to a number that the desk did not let through; None when there was none."""
    text = tracker.latest_message.get("text") or ""
    return next((explanation for mark, explanation in MASKS.items() if mark.search(text)), None)


def channel_of(tracker: Tracker) -> Optional[str]:
    """The channel that the message's own number tells, or None."""
    usable = lookup_numbers(tracker)
    return CHANNEL_OF.get(usable[0].kind) if len(usable) == 1 else None


def _ask_which(speaker: Speaker, usable: list[FoundNumber]) -> list[EventType]:
    buttons = [
        Button(f"…{tail(number.value)}", f'/provide_serial{{"serial_number": "{number.value}"}}')
        for number in usable[:4]
    ]
    speaker.say("utter_two_serials", buttons=buttons, custom=WRONG_VALUE)
    return [SlotSet(SLOT, None)]


def _explain(refusals: Refusals, number: FoundNumber) -> list[EventType]:
    if number.problem is Problem.WRONG_LENGTH:
        found, expected = len(number.value), number.expected_length or 28
        return refusals.refuse(SLOT, "utter_serial_wrong_length", found=found, expected=expected)
    if number.problem is Problem.BAD_DATE:
        return refusals.refuse(SLOT, "utter_serial_bad_date")
    name = EXPLANATIONS.get(number.kind, "utter_serial_unreadable")
    return refusals.refuse(SLOT, name, number=number.value)


def _distinct(numbers: Iterator[FoundNumber]) -> Iterator[FoundNumber]:
    seen: set[str] = set()
    for number in numbers:
        if number.value not in seen:
            seen.add(number.value)
            yield number
