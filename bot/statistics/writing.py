"""Values of the statistics in a language: for a page, for a terminal, and as a file for a spreadsheet."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Mapping, Optional, Sequence

from bot.channels.words import Words
from bot.clock import SHANGHAI
from bot.spreadsheet import BYTE_ORDER_MARK, csv_rows, harmless
from bot.statistics.model import Share
from bot.statistics.report import Column, Kind, Measure, Report, Table, Value

NOTHING = "—"


class Writer:
    """Writes in one language; `names` are what agents are called, by login name."""

    def __init__(self, words: Words, names: Optional[Mapping[str, str]] = None) -> None:
        self._words = words
        self._names = names or {}

    def heading(self, column: Column) -> str:
        """What a column is called."""
        return self._words.of("statistics.column", column.name)

    def title(self, table: Table) -> str:
        """What a table is called."""
        return self._words(f"statistics.table.{table.name}")

    def cell(self, column: Column, value: Value) -> str:
        """A value as people read it."""
        if value is None:
            return NOTHING
        if column.kind is Kind.NAMED:
            return self._named(column, str(value))
        return self.value(value, column.kind)

    def value(self, value: Value, kind: Kind) -> str:
        """A value that needs no column to be understood."""
        if value is None:
            return NOTHING
        if isinstance(value, Share):
            return self._share(value)
        if kind is Kind.MINUTES and isinstance(value, int):
            return self._minutes(value)
        if isinstance(value, datetime):
            return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float):
            return f"{value:.2f}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    def difference(self, measure: Measure) -> str:
        """How a measure differs from before, or nothing where that cannot be said."""
        now, before = _rate(measure.now), _rate(measure.before)
        if now is None or before is None:
            return ""
        if measure.kind is Kind.SHARE:
            return self._words("statistics.points", n=f"{(now - before) * 100:+.1f}")
        if measure.kind is Kind.SCORE:
            return f"{now - before:+.2f}"
        return f"{(now - before) / before:+.0%}" if before else ""

    def csv(self, table: Table) -> str:
        """A table for a spreadsheet; a share becomes three columns, moments are +08:00."""
        headings = [name for column in table.columns for name in self._csv_headings(column)]
        rows = [
            [cell for column, value in row for cell in self._csv_cells(column, value)] for row in table.cells
        ]
        return BYTE_ORDER_MARK + csv_rows([headings, *rows])

    def summary_csv(self, report: Report) -> str:
        """The measures for a spreadsheet."""
        words = self._words
        named = (
            "measure",
            "value",
            "part",
            "whole",
            "unknown",
            "value_before",
            "part_before",
            "whole_before",
        )
        headings = [words(f"statistics.column.{name}") for name in named]
        rows = [
            [
                words(f"statistics.measure.{one.name}"),
                *_csv_parts(one.now),
                str(one.open) if one.open else "",
                *_csv_parts(one.before),
            ]
            for one in report.measures
        ]
        return BYTE_ORDER_MARK + csv_rows([headings, *rows])

    def text(self, report: Report) -> str:
        """Everything for a terminal."""
        words = self._words
        days, before = report.days, report.days.before
        lines = [words("statistics.between", first=days.first, last=days.last)]
        lines += [words("statistics.beside", first=before.first, last=before.last), ""]
        measures = [
            [
                words(f"statistics.measure.{one.name}"),
                self.value(one.now, one.kind),
                self.value(one.before, one.kind) if one.before is not None else "",
                words("statistics.unknown", n=one.open) if one.open else "",
            ]
            for one in report.measures
        ]
        lines += _aligned(measures)
        for table in report.tables:
            lines += ["", self.title(table)]
            rows = [[self.cell(column, value) for column, value in row] for row in table.cells]
            headings = [self.heading(column) for column in table.columns]
            lines += _aligned([headings, *rows]) if rows else [words("statistics.empty")]
        return "\n".join(lines) + "\n"

    def _named(self, column: Column, value: str) -> str:
        if column.family == "agent":
            return self._names.get(value, value)
        return self._words.of(column.family, value)

    def _share(self, share: Share) -> str:
        return NOTHING if share.rate is None else f"{share.rate:.1%} ({share.part:,}/{share.whole:,})"

    def _minutes(self, minutes: int) -> str:
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self._words("statistics.minutes", n=rest)
        if hours >= 10 or not rest:
            return self._words("statistics.hours", n=f"{minutes / 60:.1f}".removesuffix(".0"))
        return self._words("statistics.hours_minutes", h=hours, m=rest)

    def _csv_headings(self, column: Column) -> list[str]:
        name = self.heading(column)
        if column.kind is Kind.SHARE:
            return [
                name,
                *(self._words(f"statistics.column.{part}_of", name=name) for part in ("part", "whole")),
            ]
        if column.kind is Kind.MINUTES:
            return [self._words("statistics.column.minutes_of", name=name)]
        return [name]

    def _csv_cells(self, column: Column, value: Value) -> list[str]:
        if column.kind is Kind.SHARE:
            return _csv_parts(value)
        if isinstance(value, int):
            return [str(value)]
        return ["" if value is None else harmless(self.cell(column, value))]


def _csv_parts(value: Value) -> list[str]:
    if isinstance(value, Share):
        rate = "" if value.rate is None else f"{value.rate:.4f}"
        return [rate, str(value.part), str(value.whole)]
    if isinstance(value, float):
        return [f"{value:.2f}", "", ""]
    return ["" if value is None else str(value), "", ""]


def _rate(value: Value) -> Optional[float]:
    if isinstance(value, Share):
        return value.rate
    return float(value) if isinstance(value, (int, float)) else None


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Columns on a terminal: Chinese takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
