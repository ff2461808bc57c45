"""Compares what rang residents' phones with what should have, worked out from the truth alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Optional

from bot import formats
from bot.phrasebook import Phrasebook
from tests.week.town import Heard
from tests.week.truth import SETTLED, Truth

PHRASES = Phrasebook.load()
QUIET_FROM, QUIET_UNTIL, REMIND_AT = time(21), time(8), time(10)
ROUNDS = timedelta(hours=1)
REQUESTS_WITHIN = timedelta(hours=2)
"""Nothing in the events says that a request ended, so it is asked about, ever more seldom."""
KINDS = {
    "changed": "utter_watch_changed",
    "settled": "utter_watch_settled",
    "late": "utter_watch_late",
    "resolved": "utter_request_resolved",
    "rejected": "utter_request_rejected",
    "request late": "utter_request_late",
}


@dataclass(frozen=True)
class Watch:
    """A watch that a resident set."""

    user: str
    serial: str
    since: datetime


@dataclass(frozen=True)
class Sent:
    """A request that a resident sent."""

    user: str
    request_id: str
    due: Optional[datetime]


@dataclass
class Verdict:
    """The counts of the table, and everything that was wrong in words."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def blame(self, what: str, said: str) -> None:
        """Counts and keeps a fault."""
        self.counts[what] += 1
        self.wrong.append(f"{what}: {said}")


def judge(
    truth: Truth, ticks: list[datetime], watches: list[Watch], sent: list[Sent], heard: list[Heard]
) -> Verdict:
    """The whole week's verdict."""
    verdict = Verdict()
    pushes = [one for one in heard if not one.asked]
    verdict.counts["pushes sent"] = len(pushes)
    for one in pushes:
        if is_quiet(one.at):
            verdict.blame("pushes at night", f"{one.user} {one.at}")
        if kind_of(one.text) == "?":
            verdict.blame("pushes unexpected", f"{one.user} {one.at} {one.text[:40]}")
    for watch in watches:
        own = [one for one in pushes if one.user == watch.user]
        _judge_watch(verdict, truth, ticks, watch, own)
        _judge_repeats(verdict, truth, watch, own)
        _judge_promises(verdict, truth, ticks, watch, [one for one in heard if one.user == watch.user])
    for request in sent:
        _judge_request(
            verdict, truth, request, [one for one in pushes if one.user == request.user], ticks[-1]
        )
    return verdict


def is_quiet(at: datetime) -> bool:
    """True in the night."""
    return at.time() >= QUIET_FROM or at.time() < QUIET_UNTIL


def kind_of(text: str) -> str:
    """Which notice it is."""
    return next((kind for kind, name in KINDS.items() if _pattern(name).fullmatch(text)), "?")


def _judge_watch(
    verdict: Verdict, truth: Truth, ticks: list[datetime], watch: Watch, own: list[Heard]
) -> None:
    """Walks the week: a push for each change, in the morning for the night's, and one reminder a day."""
    said = [one for one in own if kind_of(one.text) in ("changed", "settled", "late")]
    told, reminded = truth.at(watch.serial, watch.since).key, None
    left = list(said)
    for at in (tick for tick in ticks if tick > watch.since and not is_quiet(tick)):
        stand = truth.at(watch.serial, at)
        late = stand.state not in SETTLED and stand.due is not None and stand.due < at
        if stand.key != told:
            verdict.counts["changes expected"] += 1
            kind = "settled" if stand.state in SETTLED else "changed"
            _take(verdict, left, watch, kind, at, at)
            told = stand.key
            reminded = at.date() if late else reminded
            if stand.state in SETTLED:
                break
        elif late and at.time() >= REMIND_AT and reminded != at.date() and _rounds_come(at, ticks):
            verdict.counts["reminders expected"] += 1
            _take(verdict, left, watch, "late", at, at + ROUNDS)
            reminded = at.date()
    for one in left:
        what = (
            "pushes twice"
            if one.text in [other.text for other in said if other is not one]
            else "pushes unexpected"
        )
        verdict.blame(what, f"{watch.user} {one.at} {one.text[:50]}")
    days: Counter[date] = Counter(one.at.date() for one in said if kind_of(one.text) == "late")
    for day, count in days.items():
        if count > 1:
            verdict.blame("more than one reminder a day", f"{watch.user} {day}")


def _judge_repeats(verdict: Verdict, truth: Truth, watch: Watch, own: list[Heard]) -> None:
    """How the payment stands is pushed by its watch alone: never again with the result of a request."""
    for one in own:
        if kind_of(one.text) not in ("resolved", "rejected"):
            continue
        words = PHRASES.say(f"utter_state_{truth.at(watch.serial, one.at).state}", "zh").text.split("{")[0]
        if words and words in one.text:
            verdict.blame("changes told twice", f"{watch.user} {one.at} {one.text[:60]}")


def _rounds_come(at: datetime, ticks: list[datetime]) -> bool:
    """False where the week ends before the next round, or the round falls into the night."""
    until = at + ROUNDS
    return until <= ticks[-1] and not is_quiet(until)


def _take(
    verdict: Verdict, left: list[Heard], watch: Watch, kind: str, at: datetime, until: datetime
) -> None:
    """Finds the push that was due between `at` and `until`."""
    of_kind = [one for one in left if kind_of(one.text) == kind and one.at >= at]
    if not of_kind:
        verdict.blame("pushes missing", f"{watch.user} {watch.serial} {kind} at {at}")
        return
    if of_kind[0].at > until:
        verdict.blame("pushes late", f"{watch.user} {kind} due {at}, came {of_kind[0].at}")
    verdict.counts["reminders sent" if kind == "late" else "changes told"] += 1
    left.remove(of_kind[0])


def _judge_promises(
    verdict: Verdict, truth: Truth, ticks: list[datetime], watch: Watch, heard: Iterable[Heard]
) -> None:
    """Every time that was named is the bureau's; it is kept, or apologised for by the next afternoon."""
    lines = sorted(heard, key=lambda one: one.at)
    dues: dict[datetime, datetime] = {}
    for one in lines:
        stand = truth.at(watch.serial, one.at)
        if stand.state in SETTLED or not _names_a_time(one, watch.serial):
            continue
        words = formats.moment(stand.due, one.at, PHRASES, "zh") if stand.due else "系统没给时间"
        if words not in one.text:
            verdict.blame(
                "promises not the bureau's", f"{one.user} {one.at}: no {words!r} in {one.text[:80]!r}"
            )
        elif stand.due and stand.due > one.at:
            dues.setdefault(stand.due, one.at)
    for due, made in dues.items():
        verdict.counts["promises made"] += 1
        if truth.moved_between(watch.serial, made, due):
            verdict.counts["promises kept"] += 1
        elif due > ticks[-1]:
            verdict.counts["promises still open"] += 1
        else:
            _judge_broken(verdict, truth, ticks, watch, due, lines)


def _names_a_time(one: Heard, serial: str) -> bool:
    """The answer to a look-up, or the notice of a change."""
    looked_up = _pattern("utter_status").fullmatch(one.text) is not None
    return f"尾号 {serial[-6:]}" in one.text and (looked_up or kind_of(one.text) == "changed")


def _judge_broken(
    verdict: Verdict, truth: Truth, ticks: list[datetime], watch: Watch, due: datetime, lines: list[Heard]
) -> None:
    verdict.counts["promises broken"] += 1
    until = due + timedelta(days=1)
    sorry = [one for one in lines if due < one.at <= until and "对不起" in one.text]
    if sorry or truth.moved_between(watch.serial, due, due + ROUNDS):
        verdict.counts["broken and apologised for"] += 1
    elif until <= ticks[-1]:
        verdict.blame("broken and not apologised for", f"{watch.user} {watch.serial} due {due}")
    else:
        verdict.counts["broken just now"] += 1


def _judge_request(verdict: Verdict, truth: Truth, sent: Sent, own: list[Heard], end: datetime) -> None:
    verdict.counts["requests sent"] += 1
    results = [
        one for one in own if sent.request_id in one.text and kind_of(one.text) in ("resolved", "rejected")
    ]
    ended = truth.ended.get(sent.request_id)
    if ended is None:
        if results:
            verdict.blame("results unexpected", f"{sent.request_id} {results[0].at}")
        return
    verdict.counts["results expected"] += 1
    due = _morning(ended) + REQUESTS_WITHIN
    if len(results) > 1:
        verdict.blame("results twice", sent.request_id)
    if results and results[0].at <= due:
        verdict.counts["results told"] += 1
    elif due <= end:
        verdict.blame("results missing or late", f"{sent.request_id} ended {ended}")


def _morning(at: datetime) -> datetime:
    if not is_quiet(at):
        return at
    day = at.date() + timedelta(days=1 if at.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, tzinfo=at.tzinfo)


def _pattern(name: str) -> re.Pattern[str]:
    text = re.escape(PHRASES.say(name, "zh").text)
    return re.compile(re.sub(r"\\\{\w+\\\}", r"(?s:.*?)", text))
