"""A payment's report put into the residents' words, which live in `nlu_data/domain/explanations.yml`."""

from __future__ import annotations

from datetime import datetime, time

from bot import formats
from bot.payments.model import SHANGHAI, Channel, MismatchedField, PaymentDetails, Reason, State
from bot.payments.service import PaymentReport, matching_day
from bot.phrasebook import Phrases

TAIL = 6
PAY_AGAIN_SEEMS_RIGHT = frozenset({State.PAYMENT_FAILED, State.CLOSED})
"""States whose own words speak of paying again, which a reason can make wrong."""
REASON_LEFT_UNSAID = frozenset({State.RECONCILED, State.REFUNDED, State.UNRECOGNISED})
"""What once held up a payment that is through would only worry; of an unknown state it explains nothing."""
FINAL = frozenset({State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED})
"""Nothing more is due."""
SAID_OTHERWISE = {
    ("utter_state_payment_pending", Channel.COUNTER): "utter_state_payment_pending_counter",
    ("utter_state_payment_failed", Channel.COUNTER): "utter_state_payment_failed_counter",
    ("utter_pay_if_not_taken", Channel.COUNTER): "utter_pay_if_not_taken_counter",
    ("utter_state_refunded", Channel.COUNTER): "utter_state_refunded_counter",
    ("utter_unreconciled_channel_fault", Channel.COUNTER): "utter_unreconciled_channel_fault_counter",
    ("utter_because_channel_fault", Channel.COUNTER): "utter_because_channel_fault_counter",
    (
        "utter_unreconciled_bank_transfer_delay",
        Channel.BANK_TRANSFER,
    ): "utter_unreconciled_bank_transfer_delay_by_bank",
}
"""What is said in other words where the money was handed over a counter, or sent by the resident's bank."""
AFTER_THE_HOLIDAY = "utter_due_after_the_holiday"
"""The bill is there on a day without work: its matching waits for the offices."""


def tail(serial_number: str) -> str:
    """The last characters of a serial number: enough for its owner to know which one is meant."""
    return serial_number[-TAIL:]


def describe(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """What the state means, who has the money or the record, what to do, and by when."""
    lines = [what(report, phrases, language), due(report, now, phrases, language)]
    return "\n".join(line for line in lines if line)


def what(report: PaymentReport, phrases: Phrases, language: str) -> str:
    """What the state (and its reason) means for this channel, and what the resident should do and not do."""
    channel = report.payment.channel
    of_channel = {
        "channel": phrases.say(f"utter_who_{channel.value}", language).text,
        "bill": phrases.say(f"utter_bill_{channel.value}", language).text,
        "record": _record(report, phrases, language),
        "cut": phrases.say(f"utter_cut_{channel.value}", language).text,
        "back": phrases.say(f"utter_back_{channel.value}", language).text,
    }
    names = (SAID_OTHERWISE.get((name, channel), name) for name in _names(report))
    said = [phrases.say(name, language, **of_channel).text for name in names]
    return "\n".join(said)


def due(report: PaymentReport, now: datetime, phrases: Phrases, language: str) -> str:
    """By when the next step is expected, or that it is late; empty when nothing more is due."""
    if report.payment.state in FINAL or (report.payment.state is State.REFUNDING and report.due is None):
        return ""  # how long a refund usually takes was said with the way that it goes back
    name = _due_name(report, now)
    when, record = _when(report, name, now, phrases, language), _record(report, phrases, language)
    return phrases.say(name, language, when=when, record=record).text


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


def _names(report: PaymentReport) -> list[str]:
    state, reason = report.payment.state, report.payment.reason
    if state is State.UNRECONCILED and reason is not None:
        return [f"utter_unreconciled_{reason.value}"]
    names = [f"utter_state_{state.value}"]
    if reason is not None and state not in REASON_LEFT_UNSAID:
        names.append(f"utter_because_{reason.value}")
    if state in PAY_AGAIN_SEEMS_RIGHT and not report.pay_again:
        names.append("utter_do_not_pay")
    elif state is State.PAYMENT_FAILED:
        names.append("utter_pay_if_not_taken")
    return names


def _record(report: PaymentReport, phrases: Phrases, language: str) -> str:
    """What is waited for: the channel's bill, or the word that money between banks arrived."""
    between_banks = report.payment.reason is Reason.BANK_TRANSFER_DELAY
    channel = Channel.BANK_TRANSFER if between_banks else report.payment.channel
    return phrases.say(f"utter_record_{channel.value}", language).text


def _when(report: PaymentReport, name: str, now: datetime, phrases: Phrases, language: str) -> str:
    if report.due is None:
        return ""
    if name == AFTER_THE_HOLIDAY:
        opens = datetime.combine(matching_day(report.due), time(), SHANGHAI)
        return formats.named_day(opens, now, phrases, language)
    return formats.moment(report.due, now, phrases, language)


def _due_name(report: PaymentReport, now: datetime) -> str:
    if report.due is None:
        return "utter_due_unknown"
    if report.overdue:
        return "utter_due_overdue_estimated" if report.due_estimated else "utter_due_overdue"
    if not report.bill_decides:
        return "utter_due"
    if report.due <= now:
        works = matching_day(report.due) <= now.astimezone(SHANGHAI).date()
        return "utter_due_today" if works else AFTER_THE_HOLIDAY
    return "utter_due_bill_estimated" if report.due_estimated else "utter_due_bill"
