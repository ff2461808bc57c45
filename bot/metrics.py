"""What Prometheus is told of this process, and of the house it belongs to. Nothing here names a resident.

Counters and times are this process's own; levels come from the database, so that every process that shares it
shows the same ones.
"""

from __future__ import annotations

from typing import Mapping

from prometheus_client import Counter, Gauge, Histogram

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
    "outbox": Gauge("helpdesk_outbox_lines", "Lines to residents not sent yet, or given up", ["state"]),
    "tickets": Gauge("helpdesk_tickets_live", "Live tickets", ["status"]),
    "webhooks": Gauge("helpdesk_webhook_deliveries", "Events not told yet, or given up", ["state"]),
}


def show_levels(levels: Mapping[str, Mapping[str, int]]) -> None:
    """Shows counts by name and state; what is left out is not shown, rather than shown as it was."""
    for name, gauge in LEVELS.items():
        gauge.clear()
        for state, count in levels.get(name, {}).items():
            gauge.labels(state).set(count)
