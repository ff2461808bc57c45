"""What is offered with a late payment: a request where one helps, a person where none was asked yet."""

from __future__ import annotations

from typing import Optional

from bot.payments.service import PaymentReport
from bot.phrasebook import Phrases

_OFFERS = {
    (True, False): "utter_offer_after_overdue",
    (False, False): "utter_offer_person_after_overdue",
    (True, True): "utter_offer_request_after_overdue",
    (False, True): "utter_offer_ticket_after_overdue",
}
"""By whether a request makes sense, and whether a person has the case already."""


def offer_when_late(report: PaymentReport, ticket: Optional[str], phrases: Phrases, language: str) -> str:
    """The question that follows the apology; `ticket` is the number of the one that is open."""
    name = _OFFERS[report.may_apply, ticket is not None]
    return phrases.say(name, language, number=ticket or "").text
