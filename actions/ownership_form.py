"""Details of a payment, after the last four of the payer's identity card agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import LOOKED_UP, MISSES, HelpdeskAction, Speaker
from actions.forms import WRONG_VALUE, Ask, Refusals, Validate, looks_like_an_answer, requested, stop_form
from actions.handoff import live_ticket
from actions.outage import TROUBLE, say_trouble
from actions.serial_number import SLOT as SERIAL
from actions.status import next_steps, other_number
from bot import formats
from bot.clock import SHANGHAI
from bot.errors import NotFound, TooManyTries
from bot.messages import Button
from bot.payments.model import MismatchedField, PaymentDetails, State
from bot.payments.service import PaymentReport
from bot.payments.wording import amounts, mismatched
from bot.tickets.priority import RECORDED
from bot.turn import Turn

SLOT = "payer_id_last4"
CHECKED = "checked"
"""What the slot holds afterwards: the digits themselves are kept nowhere."""
STILL_TO_BE_MATCHED = frozenset({State.UNRECONCILED, State.UNDER_REVIEW})


class AskLast4(Ask):
    """Asks for the last four, saying why."""

    def name(self) -> str:
        return "action_ask_payer_id_last4"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        speaker.say("utter_ask_payer_id_last4")


class ValidateOwnershipForm(Validate):
    """Checks the last four with the reconciliation system and shows the details when they agree."""

    asks = (SLOT,)

    def name(self) -> str:
        return "validate_ownership_form"

    async def take(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        if requested(tracker) != SLOT:
            return []
        if turn.private.id_last4 is None:
            if looks_like_an_answer(tracker):
                return Refusals(speaker, tracker).refuse(SLOT, "utter_last4_unreadable")
            return []
        return await self._check(turn.private.id_last4, speaker, tracker, turn)

    async def _check(self, last4: str, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        contact = f"{turn.conversation.contact.channel}:{turn.conversation.id}"
        try:
            report = await turn.services.payments.details_of(
                contact, tracker.get_slot("serial_number"), last4
            )
        except NotFound:
            left = await turn.services.payments.tries_left(contact, tracker.get_slot("serial_number"))
            if left == 0:
                return await self._locked(speaker, turn.services.payments.window_seconds)
            speaker.say("utter_ownership_failed", custom=WRONG_VALUE, left=left)
            return [SlotSet(SLOT, None)]
        except TooManyTries as limit:
            return await self._locked(speaker, limit.retry_after)
        except TROUBLE as error:
            return [*await say_trouble(error, speaker, tracker, turn), SlotSet(SLOT, None), *stop_form()]
        await _show(report, speaker, tracker, turn)
        return [SlotSet(SLOT, CHECKED), SlotSet(MISSES, 0), _recorded(report, tracker)]

    async def _locked(self, speaker: Speaker, seconds: float) -> list[EventType]:
        speaker.say("utter_ownership_locked", minutes=math.ceil(seconds / 60))
        return [SlotSet(SLOT, None), *stop_form()]


class ForgetLast4(HelpdeskAction):
    """Ends a look at details: the next one asks again."""

    def name(self) -> str:
        return "action_forget_last4"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        return [SlotSet(SLOT, None)]


async def _show(report: PaymentReport, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
    details = report.payment.details
    assert details is not None
    phrases, language = turn.services.phrases, speaker.language
    written = amounts(details, phrases, language)
    parts = [
        speaker.words(
            "utter_payment_details",
            item=details.item,
            amount_due=written["amount_due"],
            amount_paid=written["amount_paid"] or speaker.words("utter_details_not_paid"),
            payer=details.payer_name_masked,
            notice=details.notice_number,
        ),
        *_difference(report, details, speaker, turn),
        *_mismatch(details, speaker, turn),
        *_duplicates(report, details, speaker),
        *_fiscal_receipt(report, details, speaker, turn),
    ]
    ticket = await live_ticket(report, tracker, turn)
    speaker.tell("\n".join(parts), _after_details(report, ticket, speaker))


def _recorded(report: PaymentReport, tracker: Tracker) -> EventType:
    """The amount beside what was looked up, for a person who takes over; the other details stay here."""
    details = report.payment.details
    assert details is not None
    amount = details.amount_due if details.amount_paid is None else details.amount_paid
    serial, known = tracker.get_slot(SERIAL), dict(tracker.get_slot(LOOKED_UP) or {})
    kept = known if known.get(SERIAL) == serial else {SERIAL: serial}
    return SlotSet(LOOKED_UP, {**kept, RECORDED: str(amount)})


def _after_details(report: PaymentReport, ticket: Optional[str], speaker: Speaker) -> list[Button]:
    """What comes next; always with a person, whom the words about a difference or a receipt speak of."""
    shown = [*next_steps(report, ticket, speaker), other_number(speaker)]
    asks_person = speaker.button("utter_button_human", "/request_human")
    return shown if any(button.title == asks_person.title for button in shown) else [*shown, asks_person]


def _difference(
    report: PaymentReport, details: PaymentDetails, speaker: Speaker, turn: Turn
) -> Iterator[str]:
    """How much too little or too much was paid."""
    paid = details.amount_paid
    if paid is None or paid == details.amount_due:
        return
    name = "utter_details_too_little" if paid < details.amount_due else "utter_details_too_much"
    difference = formats.money(abs(paid - details.amount_due), turn.services.phrases, speaker.language)
    yield speaker.words(name, difference=difference, back=_way_back(report, speaker))


def _mismatch(details: PaymentDetails, speaker: Speaker, turn: Turn) -> Iterator[str]:
    """What else differs, and where it is corrected: never here."""
    fields = tuple(one for one in details.mismatched_fields if one is not MismatchedField.AMOUNT)
    if fields:
        named = mismatched(fields, turn.services.phrases, speaker.language)
        yield speaker.words("utter_details_mismatch", fields=named)


def _duplicates(report: PaymentReport, details: PaymentDetails, speaker: Speaker) -> Iterator[str]:
    """Which of several payments counts, and what becomes of the rest."""
    if not details.duplicates:
        return
    serials, back = " ".join(details.duplicates), _way_back(report, speaker)
    if report.counts is None:
        yield speaker.words("utter_details_duplicates", serials=serials)
    elif report.counts == report.payment.serial_number:
        yield speaker.words("utter_details_this_counts", serials=serials, back=back)
    else:
        yield speaker.words("utter_details_other_counts", counts=report.counts, back=back)


def _fiscal_receipt(
    report: PaymentReport, details: PaymentDetails, speaker: Speaker, turn: Turn
) -> Iterator[str]:
    """The fiscal e-receipt with all that its verification asks for, or when it comes."""
    receipt, phrases = details.fiscal_receipt, turn.services.phrases
    if receipt is not None:
        paid = details.amount_due if details.amount_paid is None else details.amount_paid
        yield speaker.words(
            "utter_details_fiscal",
            code=receipt.code,
            number=receipt.number,
            check_code=receipt.check_code,
            amount=formats.money(paid, phrases, speaker.language),
            date=receipt.issued_at.astimezone(SHANGHAI).date().isoformat(),
        )
    elif report.payment.state is State.RECONCILED:
        yield speaker.words("utter_details_fiscal_soon")
    elif report.payment.state in STILL_TO_BE_MATCHED:
        yield speaker.words("utter_details_fiscal_later")


def _way_back(report: PaymentReport, speaker: Speaker) -> str:
    return speaker.words(f"utter_back_{report.payment.channel.value}")
