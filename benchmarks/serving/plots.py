"""The pictures of `docs/performance.md`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

rcParams["svg.hashsalt"] = "helpdesk"
rcParams["svg.fonttype"] = "none"

COLOURS = {"ours": "#0b6e4f", "stock": "#b3541e"}
SMOOTH = 7
"""Turns that one point of the curve is the median of."""


def draw(measured: Mapping[str, Any], folder: Path) -> list[str]:
    """Draws what was measured; returns the names of the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, plot in (("length", _length), ("stored", _stored), ("residents", _residents)):
        figure = Figure(figsize=(7.5, 3.6), layout="constrained")
        axes = figure.add_subplot()
        if plot(axes, measured):
            axes.grid(alpha=0.3)
            axes.legend(frameon=False)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn.append(name)
    return drawn


def _length(axes: Axes, measured: Mapping[str, Any]) -> bool:
    for side, conversations in measured["by_length"].items():
        if conversations:
            turns = [statistics.median(one) * 1000 for one in zip(*conversations, strict=True)]
            smooth = [
                statistics.median(turns[max(0, place - SMOOTH // 2) : place + SMOOTH // 2 + 1])
                for place in range(len(turns))
            ]
            axes.plot(range(1, len(turns) + 1), smooth, label=side, color=COLOURS[side])
    axes.set(xlabel="turn of the conversation", ylabel="ms a message", yscale="log")
    return bool(axes.lines)


def _stored(axes: Axes, measured: Mapping[str, Any]) -> bool:
    found = measured["by_stored"] or {}
    for figure, style in (("p50", "-"), ("p95", "--")):
        axes.plot(
            [int(count) for count in found],
            [1000 * one[figure] for one in found.values()],
            style, marker="o", label=f"ours, {figure}", color=COLOURS["ours"],
        )  # fmt: skip
    axes.set(xlabel="stored conversations", ylabel="ms a message", xscale="log")
    axes.set_ylim(bottom=0)
    return bool(found)


def _residents(axes: Axes, measured: Mapping[str, Any]) -> bool:
    for side, by_count in measured["by_residents"].items():
        points = [(int(count), one["throughput"]) for count, one in by_count.items() if one]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=side, color=COLOURS[side])
    axes.set(xlabel="residents at once", ylabel="messages a second", xscale="log", yscale="log")
    return bool(axes.lines)
