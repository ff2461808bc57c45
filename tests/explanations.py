"""Writes docs/explanations.md: everything a resident can be told about a payment, to be read by a person.

Run by `make explanations`; a test fails while the file is not today's. What a payment means, by state and by
reason, comes first; by when, and what is said when a promise is broken, is at the end. It is asked on Tuesday
2026-11-24 at 10:30 about a payment of Monday 14:20.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Optional

from bot.clock import SHANGHAI
from bot.payments.model import Channel, Payment, Reason, State
from bot.payments.service import PaymentReport, report_on
from bot.payments.wording import REASON_LEFT_UNSAID, due, what
from bot.phrasebook import Phrasebook
from bot.settings import ROOT

TARGET = ROOT / "docs" / "explanations.md"
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
PAID = datetime(2026, 11, 23, 14, 20, tzinfo=SHANGHAI)
PHRASES = Phrasebook.load()
HEAD = "| reason | channel | 中文 | English | next step lies with | offered |\n|---|---|---|---|---|---|"


def main() -> None:
    """Writes the file."""
    TARGET.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole file."""
    parts = ["# What is said about a payment", "", (__doc__ or "").strip(), ""]
    for state in State:
        parts += [f"## {state.value}", "", HEAD, *_rows(state), ""]
    parts += ["## By when", "", "| case | 中文 | English |", "|---|---|---|", *_times(), ""]
    return "\n".join(parts)


def report(
    state: State,
    reason: Optional[Reason],
    channel: Channel,
    expected_by: Optional[datetime] = None,
    paid_at: datetime = PAID,
    now: datetime = NOW,
) -> PaymentReport:
    """What follows from such a payment."""
    unpaid = state in (State.PAYMENT_PENDING, State.PAYMENT_FAILED, State.CLOSED)
    payment = Payment(
        serial_number="4200002611202611230000000101",
        state=state,
        state_word=state.value,
        reason=reason,
        reason_word=reason.value if reason else None,
        channel=channel,
        channel_word=channel.value,
        paid_at=None if unpaid else paid_at,
        updated_at=paid_at,
        expected_by=expected_by,
        verified=False,
        details=None,
    )
    return report_on(payment, now)


def _rows(state: State) -> Iterator[str]:
    for reason in (None, *Reason):
        if state in REASON_LEFT_UNSAID and reason is not None:
            continue
        # The contract gives a reason to what is open; of other states one channel shows the rest.
        whole = reason is None or state in (State.UNRECONCILED, State.UNDER_REVIEW)
        told: dict[str, list[str]] = {}
        for channel in Channel if whole else (Channel.WECHAT_PAY,):
            told.setdefault(_told(report(state, reason, channel)), []).append(channel.value)
        for words, names in told.items():
            channels = "every channel" if len(names) == len(Channel) else ", ".join(names)
            yield f"| {reason.value if reason else '-'} | {channels} | {words}"


def _told(one: PaymentReport) -> str:
    zh, en = (_cell(what(one, PHRASES, language)) for language in ("zh", "en"))
    offered = ", ".join(step.value for step in one.suggested) or "-"
    return f"{zh} | {en} | {one.holder.value} | {offered} |"


def _times() -> Iterator[str]:
    bill, office = (State.UNRECONCILED, Reason.AWAITING_STATEMENT), (State.UNDER_REVIEW, Reason.ENTRY_ERROR)
    week = timedelta(days=7)
    cases = {
        "the bureau's time for a bill: tomorrow": report(*bill, Channel.WECHAT_PAY, _at(25, 10)),
        "the bureau's time for its own work: Friday": report(*office, Channel.COUNTER, _at(27, 17)),
        "the bureau's time: today": report(*office, Channel.COUNTER, _at(24, 17)),
        "our estimate, WeChat Pay": report(*bill, Channel.WECHAT_PAY, paid_at=NOW - timedelta(hours=2)),
        "our estimate, UnionPay after 23:00": report(*bill, Channel.UNIONPAY, paid_at=_at(23, 23, 10)),
        "our estimate, bank transfer": report(*bill, Channel.BANK_TRANSFER),
        "our estimate, paid at the counter on Monday": report(*bill, Channel.COUNTER),
        "our estimate was for this morning": report(*bill, Channel.WECHAT_PAY),
        "nobody can say": report(*office, Channel.COUNTER),
        "the bureau's time has passed": report(*office, Channel.COUNTER, _at(23, 17)),
        "our estimate has passed": report(*bill, Channel.ALIPAY, paid_at=PAID - week),
    }
    for case, one in cases.items():
        yield _time(case, one, NOW)
    friday, sunday = _at(27, 14), _at(29, 11)
    paid_on_friday = report(*bill, Channel.WECHAT_PAY, paid_at=friday, now=sunday)
    yield _time("our estimate, paid on Friday and asked on Sunday", paid_on_friday, sunday)


def _time(case: str, one: PaymentReport, now: datetime) -> str:
    zh, en = (_cell(due(one, now, PHRASES, language)) for language in ("zh", "en"))
    return f"| {case} | {zh} | {en} |"


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", "<br>")


if __name__ == "__main__":
    main()
