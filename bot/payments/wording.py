"""A payment's report put into the residents' words, which live in `nlu_data/domain/status.yml`."""

from __future__ import annotations

from datetime import datetime

from bot import formats
from bot.payments.model import MismatchedField, PaymentDetails, State
from bot.payments.service import PaymentReport
from bot.phrasebook import Phrases

TAIL = 6
PAY_AGAIN_SEEMS_RIGHT = frozenset({State.PAYMENT_FAILED, State.CLOSED})
"""States whose own words speak of paying again, which a reason can make wrong."""


def tail(serial_number: str) -> str:
    """The last characters of a serial number: enough for its owner to know which one is meant."""
    return serial_number[-TAIL:]


def describe(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """What the state means, who holds it, what to do, and by when."""
    lines = [what(report, phrases, language), due(report, now, phrases, language)]
    return "\n".join(line for line in lines if line)


def what(report: PaymentReport, phrases: Phrases, language: str) -> str:
    """What the state (and its reason) means and what the resident should do."""
    state, reason = report.payment.state, report.payment.reason
    if state is State.UNRECONCILED and reason is not None:
        return phrases.say(f"utter_unreconciled_{reason.value}", language).text
    said = [phrases.say(f"utter_state_{state.value}", language).text]
    if reason is not None and state is not State.UNRECOGNISED:
        said.append(phrases.say(f"utter_because_{reason.value}", language).text)
    if state in PAY_AGAIN_SEEMS_RIGHT and not report.pay_again:
        said.append(phrases.say("utter_do_not_pay", language).text)
    return "\n".join(said)


def due(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """By when the next step is expected; empty when nothing more is due."""
    if report.overdue and report.due is not None:
        when = formats.moment(report.due, now, phrases, language)
        return phrases.say("utter_due_overdue", language, when=when).text
    if report.due is not None and not _is_final(report):
        name = "utter_due_estimated" if report.due_estimated else "utter_due"
        return phrases.say(name, language, when=formats.moment(report.due, now, phrases, language)).text
    return "" if _is_final(report) else phrases.say("utter_due_unknown", language).text


def mismatched(fields: tuple[MismatchedField, ...], phrases: Phrases, language: str) -> str:
    """The names of the fields that differ."""
    return formats.listed(
        (phrases.say(f"utter_field_{field.value}", language).text for field in fields), phrases, language
    )


def amounts(details: PaymentDetails, phrases: Phrases, language: str) -> dict[str, str]:
    """Amount due and paid, written out."""
    paid = details.amount_paid
    return {
        "amount_due": formats.money(details.amount_due, phrases, language),
        "amount_paid": "" if paid is None else formats.money(paid, phrases, language),
    }


def _is_final(report: PaymentReport) -> bool:
    return report.payment.state in (
        State.RECONCILED,
        State.REFUNDED,
        State.CLOSED,
        State.PAYMENT_FAILED,
    )
