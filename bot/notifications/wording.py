"""A payment's report as it is put into what comes by itself, when nobody has asked for a person."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Optional

from bot.messages import Button, Reply
from bot.payments.model import Reason, State
from bot.payments.service import PaymentReport
from bot.payments.wording import describe, due
from bot.phrasebook import Phrases

_PERSON, _REQUEST = "/request_human", "/request_reconciliation"


def pushed(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """What the state means, as `describe` says it; where that hands over to a person, how to ask for one."""
    name = _without_a_promise(report)
    if name is None:
        return describe(report, now, phrases, language)
    lines = [phrases.say(name, language).text, due(report, now, phrases, language)]
    return "\n".join(line for line in lines if line)


def with_ways_on(said: Reply, report: PaymentReport, phrases: Phrases, language: str) -> Reply:
    """The notice with the buttons that its words speak of: a person, or the details of a duplicate."""
    serial = report.payment.serial_number
    more = []
    if report.needs_person and not any(_asks_person(button) for button in said.buttons):
        more.append(
            ("utter_button_human", f'{_PERSON}{{"choice": "unknown_state", "serial_number": "{serial}"}}')
        )
    if report.payment.reason is Reason.DUPLICATE_PAYMENT and report.payment.state is State.UNRECONCILED:
        more.append(
            ("utter_button_details", f'/query_status{{"choice": "details", "serial_number": "{serial}"}}')
        )
    shown = [Button(phrases.say(name, language).text, payload) for name, payload in more]
    return dataclasses.replace(said, buttons=(*shown, *said.buttons))


def without_ways_off(said: Reply, report: PaymentReport, ticket: Optional[str]) -> Reply:
    """The notice without a request that changes nothing, and without a person who has the case already."""
    shown = [
        button
        for button in said.buttons
        if (report.may_apply or not button.payload.startswith(_REQUEST))
        and (ticket is None or not _asks_person(button))
    ]
    return dataclasses.replace(said, buttons=tuple(shown))


def _asks_person(button: Button) -> bool:
    return button.payload.startswith(_PERSON)


def _without_a_promise(report: PaymentReport) -> Optional[str]:
    state, reason = report.payment.state, report.payment.reason
    if state is State.UNRECOGNISED:
        return "utter_pushed_unrecognised"
    if state is State.UNRECONCILED and reason is Reason.UNKNOWN:
        return "utter_pushed_unknown"
    return None
