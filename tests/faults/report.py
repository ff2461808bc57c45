"""The outcome as text, and as the table in a page."""

from __future__ import annotations

import platform
import re
from datetime import date
from pathlib import Path

from tests.faults.harness import Outcome, Plan

BEGINS, ENDS = "<!-- faults -->", "<!-- /faults -->"


def as_text(plan: Plan, outcome: Outcome) -> str:
    """The table for a terminal."""
    rows = _rows(plan, outcome)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>10}" for name, value in rows)


def write_into(page: Path, plan: Plan, outcome: Outcome) -> None:
    """Puts the table between the page's markers."""
    text = page.read_text(encoding="utf-8")
    lines = [f"| {name} | {value} |" for name, value in _rows(plan, outcome)]
    measured = f"Measured {date.today():%Y-%m-%d} on Python {platform.python_version()}:"
    table = "\n".join([BEGINS, measured, "", "| | |", "|---|---:|", *lines, ENDS])
    pattern = re.compile(f"{re.escape(BEGINS)}.*{re.escape(ENDS)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{page} has no {BEGINS} … {ENDS}")
    page.write_text(pattern.sub(lambda _: table, text), encoding="utf-8")


def _rows(plan: Plan, outcome: Outcome) -> list[tuple[str, str]]:
    return [
        *outcome.table.rows,
        ("seed", str(plan.seed)),
        ("median restart, seconds", f"{outcome.median_start:.1f}"),
        ("graceful stop at the end, seconds", f"{outcome.stop_seconds:.1f}"),
        ("its exit status", str(outcome.stop_status)),
    ]
