"""The figures of the table, from what was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.serving.figures import late_over_early

Results = dict[str, float | None]

ONE_ON_ONE = "1 on one core"
"""Of the replicas: one process with its database, sandbox and residents, all on one core."""


def results_of(measured: Mapping[str, Any]) -> Results:
    """Ours ÷ stock; None where one of both is missing. Bigger is better for throughput and replicas only."""
    runs, alone, ours = measured["runs"], measured["alone"], measured["by_length"]["ours"]
    training = measured["training"]
    return {
        "throughput_ratio": _ratio(runs, "throughput"),
        "p95_ratio": _ratio(runs, "p95_at_rate"),
        "turn200_over_turn5": late_over_early(ours) if ours else None,
        "start_ratio": _ratio(alone, "start"),
        "start_seconds": median(alone["ours"], "start"),
        "memory_ratio": _ratio(alone, "memory"),
        # The processor's time: on the clock, whatever else ran during the stock peer's hour would count.
        "training_ratio": _divided(
            median(training["ours"], "processor"), median([training["stock"]], "processor")
        ),
        "size_ratio": _divided((measured["sizes"] or {}).get("ours"), (measured["sizes"] or {}).get("stock")),
        # A core for each process and for all that it brings with it: else one process has two.
        "replicas_ratio": _replicas(measured, ONE_ON_ONE),
        "replicas_ratio_same_cores": _replicas(measured, "1"),
    }


def _replicas(measured: Mapping[str, Any], one: str) -> float | None:
    found = measured["replicas"]
    return _divided(median(found.get("2", ()), "throughput"), median(found.get(one, ()), "throughput"))


def median(runs: Sequence[Mapping[str, Any] | None], name: str) -> float | None:
    """The median of a figure over the runs that have it."""
    known = [run[name] for run in runs if run and run[name] is not None and math.isfinite(run[name])]
    return float(statistics.median(known)) if known else None


def _ratio(runs: Mapping[str, Sequence[Mapping[str, Any]]], name: str) -> float | None:
    return _divided(median(runs["ours"], name), median(runs["stock"], name))


def _divided(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None
