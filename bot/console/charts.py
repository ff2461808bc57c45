"""Charts as numbers that a template draws: places and sizes in the units of the drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Sequence

WIDTH, HEIGHT = 960, 240
LEFT, TOP, BOTTOM = 44, 12, 26
FIELD_WIDTH, FIELD_HEIGHT = 38, 27
"""Of a heat map, with the gap to the next one."""
GRID = 4
BY_DAY, BY_WEEK = 62, 400
"""So many days are drawn one by one, or by seven; more by thirty."""
LABELS = 8
HEAT_LEVELS = 5


@dataclass(frozen=True)
class Tick:
    """A line across the chart, or a name below it."""

    at: float
    text: str


@dataclass(frozen=True)
class Column:
    """Two parts of a whole, one upon the other; `title` says it in words."""

    x: float
    width: float
    part_y: float
    part_height: float
    rest_y: float
    rest_height: float
    title: str


@dataclass(frozen=True)
class Point:
    """One value of a line."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Field:
    """An hour of a heat map; `level` from 0, nothing, to 4, the most."""

    x: int
    y: int
    level: int
    text: str
    title: str


@dataclass(frozen=True)
class Frame:
    """What every chart over days is drawn into; a column stands for so many days."""

    days: int
    ticks: Sequence[Tick]
    labels: Sequence[Tick]


@dataclass(frozen=True)
class Columns:
    """Stacked columns over days."""

    frame: Frame
    columns: Sequence[Column]


@dataclass(frozen=True)
class Lines:
    """Two lines over days."""

    frame: Frame
    lines: Sequence[Sequence[Point]]


@dataclass(frozen=True)
class Names:
    """What the columns of a chart stand for, so many days each."""

    days: int
    names: Sequence[str]


def spans(days: Sequence[date], *series: Sequence[int]) -> tuple[Names, list[list[int]]]:
    """Days drawn together, named, and each series added up for them."""
    size = 1 if len(days) <= BY_DAY else 7 if len(days) <= BY_WEEK else 30
    # If they don't come out even, the first piece is the short one: a last one would look like a fall.
    ends = range(len(days), 0, -size)
    pieces = [slice(max(0, end - size), end) for end in reversed(ends)]
    names = [_span(days[piece]) for piece in pieces]
    return Names(size, names), [[sum(values[piece]) for piece in pieces] for values in series]


def columns(names: Names, parts: Sequence[int], wholes: Sequence[int], titles: Sequence[str]) -> Columns:
    """Columns as high as the whole, with the part at their foot."""
    top, frame = _frame(names, max(wholes, default=0))
    step = (WIDTH - LEFT) / max(1, len(names.names))
    drawn = []
    for place, (part, whole) in enumerate(zip(parts, wholes, strict=True)):
        part_height, height = part / top * _room(), whole / top * _room()
        foot = HEIGHT - BOTTOM
        drawn.append(
            Column(
                x=round(LEFT + place * step + step * 0.12, 1),
                width=round(step * 0.76, 1),
                part_y=round(foot - part_height, 1),
                part_height=round(part_height, 1),
                rest_y=round(foot - height, 1),
                rest_height=round(height - part_height, 1),
                title=titles[place],
            )
        )
    return Columns(frame, drawn)


def lines(names: Names, series: Sequence[Sequence[int]], titles: Sequence[Sequence[str]]) -> Lines:
    """Lines over the same scale."""
    top, frame = _frame(names, max((value for values in series for value in values), default=0))
    step = (WIDTH - LEFT) / max(1, len(names.names))
    drawn = [
        [
            Point(
                round(LEFT + (place + 0.5) * step, 1),
                round(HEIGHT - BOTTOM - value / top * _room(), 1),
                said[place],
            )
            for place, value in enumerate(values)
        ]
        for values, said in zip(series, titles, strict=True)
    ]
    return Lines(frame, drawn)


def heat(rows: Sequence[tuple[str, Sequence[int]]]) -> list[Field]:
    """A field for each hour of each day of the week."""
    most = max((count for _, counts in rows for count in counts), default=0)
    return [
        Field(
            x=LEFT + hour * FIELD_WIDTH,
            y=place * FIELD_HEIGHT,
            level=_level(count, most),
            text=short(count) if count else "",
            title=f"{name} {hour:02d}:00 · {count}",
        )
        for place, (name, counts) in enumerate(rows)
        for hour, count in enumerate(counts)
    ]


def short(count: int) -> str:
    """A count in at most four characters: 950, 1.2k, 37k, 2.4M."""
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            shown = f"{count / size:.1f}" if count < 10 * size else str(count // size)
            return shown.removesuffix(".0") + unit
    return str(count)


def _level(count: int, most: int) -> int:
    return math.ceil(count / most * (HEAT_LEVELS - 1)) if most else 0


def _frame(names: Names, most: int) -> tuple[int, Frame]:
    top = _round_up(max(most, GRID))
    ticks = [
        Tick(round(HEIGHT - BOTTOM - part / GRID * _room(), 1), short(top * part // GRID))
        for part in range(GRID + 1)
    ]
    step = (WIDTH - LEFT) / max(1, len(names.names))
    every = max(1, math.ceil(len(names.names) / LABELS))
    labels = [
        Tick(round(LEFT + (place + 0.5) * step, 1), name[:5])
        for place, name in enumerate(names.names)
        if place % every == 0
    ]
    return top, Frame(names.days, ticks, labels)


def _round_up(value: int) -> int:
    """The next number that four equal steps lead up to in round numbers."""
    size = int(10 ** max(0, len(str(value)) - 2))
    for step in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25):
        if value <= step * size * GRID:
            return step * size * GRID
    return 25 * size * GRID


def _room() -> int:
    return HEIGHT - TOP - BOTTOM


def _span(days: Sequence[date]) -> str:
    first, last = days[0].strftime("%m-%d"), days[-1].strftime("%m-%d")
    return first if first == last else f"{first} – {last}"
