"""The figures as measures and tables, named but not yet in anybody's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Callable, Mapping, Optional, Sequence, Union

from bot.statistics.model import Days, Share, Spread, Tally
from bot.statistics.service import Figures

PRIORITIES = ("urgent", "high", "normal", "low")
SCORES = (5, 4, 3, 2, 1)
SMALL_TALK = frozenset({"affirm", "deny", "greet", "goodbye", "thanks", "switch_language", "out_of_scope"})
"""What is said between questions and is none."""

TABLES = (
    "days", "hours", "channels", "languages", "reasons", "causes", "questions", "misheard", "answer",
    "resolution", "agents", "scores", "said", "late", "watches", "requests", "proposals",
)  # fmt: skip
"""Every table's name, in the order of a report."""

Value = Union[str, int, float, Share, date, datetime, None]


class Kind(str, Enum):
    """How a value is written: a `NAMED` one has words of its own, in the column's family."""

    TEXT = "text"
    NAMED = "named"
    COUNT = "count"
    SHARE = "share"
    MINUTES = "minutes"
    SCORE = "score"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind = Kind.COUNT
    family: str = ""


@dataclass(frozen=True)
class Table:
    """Rows that can be looked at, or taken away as a file."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]

    @property
    def cells(self) -> list[list[tuple[Column, Value]]]:
        """Every row, each value with its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Measure:
    """One number that matters, beside the same of as many days before; `open` cases are not known yet."""

    name: str
    kind: Kind
    now: Value
    before: Value
    open: int = 0


@dataclass(frozen=True)
class Report:
    """Everything about some days."""

    days: Days
    now: datetime
    measures: Sequence[Measure]
    tables: Sequence[Table]
    is_empty: bool

    def table(self, name: str) -> Optional[Table]:
        """The table with this name, or None."""
        return next((table for table in self.tables if table.name == name), None)


def report_of(figures: Figures) -> Report:
    """Every measure and every table."""
    total = figures.total
    return Report(
        days=figures.days,
        now=figures.now,
        measures=_measures(figures),
        tables=(
            _days(figures),
            _hours(total),
            _where(total, "channel"),
            _where(total, "language"),
            _ranked("reasons", "reason", total.under("opened", "reason")),
            _ranked("causes", "cause", total.under("causes")),
            _questions(total),
            _misheard(figures),
            _durations(total, "answer"),
            _durations(total, "resolution"),
            _agents(total),
            _scores(total),
            _said(figures),
            _late(figures),
            _ranked("watches", "statistics.watch", figures.watches),
            _ranked("requests", "statistics.request", figures.requests),
            _ranked("proposals", "statistics.proposal", figures.proposals),
        ),
        is_empty=not total.of("messages", "all") and not total.of("opened", "all"),
    )


def _measures(figures: Figures) -> list[Measure]:
    total = figures.total

    def measure(name: str, kind: Kind, of: Callable[[Tally], Value], unknown: int = 0) -> Measure:
        return Measure(name, kind, of(total), of(figures.before), unknown)

    def fate(name: str, known: str) -> Measure:
        unknown = total.of("sessions", "all", "started") - total.of("sessions", "all", known)
        return measure(name, Kind.SHARE, lambda tally: _fate(tally, name, known), unknown)

    return [
        fate("contained", "known_day"),
        fate("durable", "known_week"),
        fate("handed_off", "ended"),
        measure("sessions", Kind.COUNT, lambda tally: tally.of("sessions", "all", "started")),
        measure("messages", Kind.COUNT, lambda tally: tally.of("messages", "all")),
        measure("opened", Kind.COUNT, lambda tally: tally.of("opened", "all")),
        measure("resolved", Kind.COUNT, lambda tally: tally.of("resolved", "all")),
        measure(
            "reopened", Kind.SHARE, _reopened, total.of("resolved", "all") - total.of("resolved", "known")
        ),
        measure("answer_in_time", Kind.SHARE, lambda tally: _in_time(tally, "answer")),
        measure("answer_median", Kind.MINUTES, lambda tally: _spread(tally, "answer").quantile(0.5)),
        measure("answer_p90", Kind.MINUTES, lambda tally: _spread(tally, "answer").quantile(0.9)),
        measure("resolution_in_time", Kind.SHARE, lambda tally: _in_time(tally, "resolution")),
        measure("resolution_median", Kind.MINUTES, lambda tally: _spread(tally, "resolution").quantile(0.5)),
        measure("score", Kind.SCORE, lambda tally: _mean(tally.under("ratings", "score"))),
        measure("rated", Kind.SHARE, _rated),
        Measure("notices", Kind.COUNT, figures.notices, None),
        Measure("late", Kind.COUNT, sum(one.unanswered + one.unresolved for one in figures.late), None),
    ]


def _days(figures: Figures) -> Table:
    columns = (
        Column("day", Kind.DAY),
        Column("messages"),
        Column("sessions"),
        Column("handed_off"),
        Column("opened"),
        Column("resolved"),
    )
    rows = [
        (
            day,
            tally.of("messages", "all"),
            tally.of("sessions", "all", "started"),
            tally.of("sessions", "all", "handed_off"),
            tally.of("opened", "all"),
            tally.of("resolved", "all"),
        )
        for day, tally in figures.daily.items()
    ]
    return Table("days", columns, rows)


def _hours(total: Tally) -> Table:
    columns = (
        Column("weekday", Kind.NAMED, "statistics.weekday"),
        *(Column(f"{hour:02d}") for hour in range(24)),
    )
    rows: list[tuple[Value, ...]] = [
        (str(weekday), *(total.of("messages", "when", weekday, hour) for hour in range(24)))
        for weekday in range(7)
    ]
    return Table("hours", columns, rows)


def _where(total: Tally, what: str) -> Table:
    columns = (
        Column(what, Kind.NAMED, what),
        Column("messages"),
        Column("sessions"),
        Column("contained", Kind.SHARE),
        Column("durable", Kind.SHARE),
        Column("handed_off", Kind.SHARE),
        Column("opened"),
    )
    names = {*total.names("messages", what), *total.names("sessions", what), *total.names("opened", what)}
    rows: list[tuple[Value, ...]] = []
    for name in sorted(names, key=lambda name: (-total.of("messages", what, name), name)):
        fates = total.under("sessions", what, name)
        rows.append(
            (
                name,
                total.of("messages", what, name),
                fates.get("started", 0),
                Share(fates.get("contained", 0), fates.get("known_day", 0)),
                Share(fates.get("durable", 0), fates.get("known_week", 0)),
                Share(fates.get("handed_off", 0), fates.get("ended", 0)),
                total.of("opened", what, name),
            )
        )
    return Table(f"{what}s", columns, rows)


def _questions(total: Tally) -> Table:
    asked = {name: count for name, count in total.under("intents").items() if name not in SMALL_TALK}
    return _ranked("questions", "statistics.intent", asked)


def _ranked(name: str, family: str, counts: Mapping[str, int]) -> Table:
    whole = sum(counts.values())
    columns = (Column(name, Kind.NAMED, family), Column("count"), Column("share", Kind.SHARE))
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return Table(name, columns, [(one, count, Share(count, whole)) for one, count in ordered])


def _misheard(figures: Figures) -> Table:
    columns = (
        Column("text", Kind.TEXT),
        Column("count"),
        Column("guess", Kind.NAMED, "statistics.intent"),
        Column("last", Kind.MOMENT),
    )
    return Table(
        "misheard", columns, [(one.text, one.count, one.guess, one.last) for one in figures.misheard]
    )


def _durations(total: Tally, what: str) -> Table:
    columns = (
        Column("priority", Kind.NAMED, "priority"),
        Column("cases"),
        Column("median", Kind.MINUTES),
        Column("p90", Kind.MINUTES),
        Column("in_time", Kind.SHARE),
    )
    rows: list[tuple[Value, ...]] = []
    for priority in PRIORITIES:
        spread = _minutes(total, what, "priority", priority)
        if spread.count:
            in_time = _kept(total, what, "priority", priority)
            rows.append((priority, spread.count, spread.quantile(0.5), spread.quantile(0.9), in_time))
    return Table(what, columns, rows)


def _agents(total: Tally) -> Table:
    columns = (
        Column("agent", Kind.NAMED, "agent"),
        Column("replies"),
        Column("answered"),
        Column("answer_median", Kind.MINUTES),
        Column("answer_in_time", Kind.SHARE),
        Column("resolved"),
        Column("resolution_median", Kind.MINUTES),
        Column("reopened", Kind.SHARE),
        Column("score", Kind.SCORE),
        Column("ratings"),
    )
    names = {*total.names("replied", "agent"), *total.names("resolved", "agent")}
    return Table("agents", columns, [_agent(total, name) for name in sorted(names)])


def _agent(total: Tally, name: str) -> tuple[Value, ...]:
    answers, ends = _minutes(total, "answer", "of", name), _minutes(total, "resolution", "of", name)
    scores = total.under("ratings", "of", name)
    return (
        name,
        total.of("replied", "agent", name),
        answers.count,
        answers.quantile(0.5),
        _kept(total, "answer", "of", name),
        total.of("resolved", "agent", name),
        ends.quantile(0.5),
        Share(total.of("resolved", "reopened_of", name), total.of("resolved", "known_of", name)),
        _mean(scores),
        sum(scores.values()),
    )


def _scores(total: Tally) -> Table:
    given = total.under("ratings", "score")
    whole = sum(given.values())
    columns = (Column("score", Kind.NAMED, "statistics.score"), Column("count"), Column("share", Kind.SHARE))
    rows = [
        (str(score), given.get(str(score), 0), Share(given.get(str(score), 0), whole)) for score in SCORES
    ]
    return Table("scores", columns, rows if whole else [])


def _said(figures: Figures) -> Table:
    columns = (
        Column("at", Kind.MOMENT),
        Column("ticket", Kind.TEXT),
        Column("score"),
        Column("words", Kind.TEXT),
    )
    return Table("said", columns, [(one.at, one.ticket_number, one.score, one.words) for one in figures.said])


def _late(figures: Figures) -> Table:
    columns = (
        Column("priority", Kind.NAMED, "priority"),
        Column("live"),
        Column("unanswered"),
        Column("unresolved"),
    )
    by_priority = {one.priority: one for one in figures.late}
    found = [by_priority[priority] for priority in PRIORITIES if priority in by_priority]
    return Table("late", columns, [(one.priority, one.live, one.unanswered, one.unresolved) for one in found])


def _minutes(total: Tally, what: str, by: str, name: str) -> Spread:
    return Spread({int(minutes): count for minutes, count in total.under(what, by, name, "minutes").items()})


def _spread(total: Tally, what: str) -> Spread:
    buckets: dict[int, int] = {}
    for priority in total.names(what, "priority"):
        for minutes, count in _minutes(total, what, "priority", priority).buckets.items():
            buckets[minutes] = buckets.get(minutes, 0) + count
    return Spread(buckets)


def _kept(total: Tally, what: str, by: str, name: str) -> Share:
    in_time = total.of(what, by, name, "in_time")
    return Share(in_time, in_time + total.of(what, by, name, "late"))


def _in_time(total: Tally, what: str) -> Share:
    shares = [_kept(total, what, "priority", priority) for priority in total.names(what, "priority")]
    return Share(sum(share.part for share in shares), sum(share.whole for share in shares))


def _fate(total: Tally, name: str, known: str) -> Share:
    return Share(total.of("sessions", "all", name), total.of("sessions", "all", known))


def _reopened(total: Tally) -> Share:
    return Share(total.of("resolved", "reopened"), total.of("resolved", "known"))


def _mean(scores: dict[str, int]) -> Optional[float]:
    count = sum(scores.values())
    return sum(int(score) * given for score, given in scores.items()) / count if count else None


def _rated(total: Tally) -> Share:
    return Share(sum(total.under("ratings", "score").values()), total.of("ratings", "asked"))
