"""What Prometheus is told of this process, and of the house it belongs to. Nothing here names a resident.

Counters and times are of all workers of this start, also of those that died since: each writes its own into a
file of `SHARED`, and whoever is asked adds them up. Levels come from the database, so that every process that
shares it shows the same ones.
"""

from __future__ import annotations

import os
from typing import Iterator, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The library's name for the folder; it has to be set before the library is imported."""

Levels = Mapping[str, Mapping[str, int]]
"""How much of something there is, by name and state."""

ACCEPTED = Counter("helpdesk_messages_accepted_total", "Residents' messages stored", ["channel"])
ANSWERED = Counter("helpdesk_messages_answered_total", "Residents' messages answered", ["channel"])
TURN_SECONDS = Histogram(
    "helpdesk_turn_seconds",
    "From taking a message up until its answer was stored",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
BUREAU_CALLS = Counter(
    "helpdesk_reconciliation_calls_total",
    "Calls of the reconciliation system by what came of them",
    ["outcome"],
)
WEBHOOK_ATTEMPTS = Counter("helpdesk_webhook_attempts_total", "Attempts to tell a webhook", ["outcome"])

LEVELS = {
    "outbox": ("helpdesk_outbox_lines", "Lines to residents not sent yet, or given up", "state"),
    "tickets": ("helpdesk_tickets_live", "Live tickets", "status"),
    "webhooks": ("helpdesk_webhook_deliveries", "Events not told yet, or given up", "state"),
}


def exposition(levels: Levels) -> bytes:
    """Everything in Prometheus' own format; levels that are left out are not shown."""
    counted: CollectorRegistry = REGISTRY
    if SHARED in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    shown = CollectorRegistry()
    shown.register(_Shown(levels))
    return generate_latest(counted) + generate_latest(shown)


class _Shown(Collector):
    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A gauge for each name, with what was counted now."""
        for name, (metric, words, label) in LEVELS.items():
            gauge = GaugeMetricFamily(metric, words, labels=[label])
            for state, count in self._levels.get(name, {}).items():
                gauge.add_metric([state], count)
            yield gauge
