"""The state of a payment by its serial number, and where it leads on."""

from __future__ import annotations

from typing import Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import LOOKED_UP, HelpdeskAction, Speaker, choice_of
from actions.handoff import checked, handoff_reason, live_ticket, open_ticket
from actions.outage import TROUBLE, say_trouble
from actions.requests import request_named, say_requests
from actions.serial_number import SLOT as SERIAL
from bot.errors import NotFound
from bot.messages import Button
from bot.payments.facts import NextStep
from bot.payments.lateness import offer_when_late
from bot.payments.model import Payment, Reason
from bot.payments.service import PaymentReport
from bot.payments.wording import due, tail, what
from bot.turn import Turn

WANTED_FIRST = {
    "watch": "action_watch",
    "reconcile": "action_confirm_reconciliation",
}
"""What the number was asked for, when it was not only the state."""

BUTTONS = {
    NextStep.WATCH: ("utter_button_watch", "/watch_payment"),
    NextStep.REQUEST_RECONCILIATION: ("utter_button_reconcile", "/request_reconciliation"),
    NextStep.TICKET: ("utter_button_human", "/request_human"),
}
MISMATCH = ("utter_button_human", '/request_human{"choice": "mismatch"}')
LATE = ("utter_button_human", '/request_human{"choice": "overdue"}')
DIFFERS = frozenset({Reason.INFO_MISMATCH, Reason.AMOUNT_MISMATCH})


class LookUp(HelpdeskAction):
    """Looks a payment up and says its state; a person takes over where the bot must not explain."""

    def name(self) -> str:
        return "action_look_up"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        wanted = tracker.get_slot("wanted")
        if choice_of(tracker) == "details":
            return [FollowupAction("ownership_form")]
        if wanted in WANTED_FIRST:
            return [SlotSet("wanted", None), FollowupAction(WANTED_FIRST[wanted])]
        request = await request_named(tracker.get_slot(SERIAL), turn)
        if request is not None:
            await say_requests(speaker, turn, only=request)
            return [SlotSet(SERIAL, request.serial_number)]
        try:
            report = await turn.services.payments.state_of(tracker.get_slot(SERIAL))
        except (NotFound, *TROUBLE) as error:
            return await say_trouble(error, speaker, tracker, turn)
        await self._tell(report, speaker, tracker, turn)
        serial = spelled(tracker.get_slot(SERIAL), report.payment)
        return [SlotSet(SERIAL, serial), SlotSet(LOOKED_UP, {SERIAL: serial, **checked(report.payment)})]

    async def _tell(self, report: PaymentReport, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        phrases, language = turn.services.phrases, speaker.language
        ticket = await live_ticket(report, tracker, turn)
        speaker.say(
            "utter_status",
            buttons=_buttons(report, ticket, speaker),
            tail=tail(tracker.get_slot(SERIAL)),
            what=what(report, phrases, language),
            due=_when(report, ticket, speaker, turn),
        )
        reason = handoff_reason(report)
        if reason is not None:
            await open_ticket(speaker, tracker, turn, reason, found=checked(report.payment))


def spelled(asked: str, payment: Payment) -> str:
    """The number as the bureau writes it, when it differs from what was typed by its case alone."""
    return asked.upper() if asked.upper() == payment.serial_number else asked


def _when(report: PaymentReport, ticket: Optional[str], speaker: Speaker, turn: Turn) -> str:
    phrases, language = turn.services.phrases, speaker.language
    said = due(report, turn.now, phrases, language)
    if not report.overdue or handoff_reason(report) is not None:
        return said
    return "\n".join([said, offer_when_late(report, ticket, phrases, language)])


def next_steps(report: PaymentReport, ticket: Optional[str], speaker: Speaker) -> list[Button]:
    """What the bot can do next with this payment; no person where one was brought in already."""
    has_person = ticket is not None or handoff_reason(report) is not None
    steps = [step for step in report.suggested if step is not NextStep.TICKET or not has_person]
    return [speaker.button(*_button(step, report)) for step in steps[:2]]


def other_number(speaker: Speaker) -> Button:
    """Another payment."""
    return speaker.button("utter_button_other_number", '/query_status{"choice": "another"}')


def _button(step: NextStep, report: PaymentReport) -> tuple[str, str]:
    if step is NextStep.TICKET and report.overdue:
        return LATE
    if step is NextStep.TICKET and report.payment.reason in DIFFERS:
        return MISMATCH
    return BUTTONS[step]


def _buttons(report: PaymentReport, ticket: Optional[str], speaker: Speaker) -> list[Button]:
    details = speaker.button("utter_button_details", '/query_status{"choice": "details"}')
    return [*next_steps(report, ticket, speaker), details, other_number(speaker)]
