"""A payment's report as it is put into what comes by itself, when nobody has asked for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Optional

from bot.payments.model import Reason, State
from bot.payments.service import PaymentReport
from bot.payments.wording import describe, due
from bot.phrasebook import Phrases


def pushed(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """What the state means, as `describe` says it; where that hands over to a person, how to ask for one."""
    name = _without_a_promise(report)
    if name is None:
        return describe(report, now, phrases, language)
    lines = [phrases.say(name, language).text, due(report, now, phrases, language)]
    return "\n".join(line for line in lines if line)


def _without_a_promise(report: PaymentReport) -> Optional[str]:
    state, reason = report.payment.state, report.payment.reason
    if state is State.UNRECOGNISED:
        return "utter_pushed_unrecognised"
    if state is State.UNRECONCILED and reason is Reason.UNKNOWN:
        return "utter_pushed_unknown"
    return None
