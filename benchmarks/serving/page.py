"""`docs/performance.md` and its pictures, from what was measured; its words are in the template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2

from benchmarks.serving.figures import late_over_early
from benchmarks.serving.plots import draw
from benchmarks.serving.results import ONE_ON_ONE, Results, median

TEMPLATE = Path(__file__).with_name("performance.md.jinja")
PROFILE = re.compile(r"<!-- profile -->.*<!-- /profile -->", re.DOTALL)
"""What the profile writes into the page itself."""
NO_PROFILE = "<!-- profile -->\n<!-- /profile -->"
FIGURES = ("throughput", "p95_at_rate", "memory", "driving")
ALONE = ("start", "memory")
MISSING = "not measured"


def write_page(results: Results, measured: Mapping[str, Any], docs: Path) -> None:
    """Writes the page anew, apart from its profile, and draws its pictures."""
    docs.mkdir(parents=True, exist_ok=True)
    path = docs / "performance.md"
    before = PROFILE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    words = _template().render(
        **{**measured, "sizes": measured["sizes"] or {"stock": None, "ours": None}},
        results=results,
        where=measured["surroundings"],
        ours=_side(measured, "ours"),
        stock=_side(measured, "stock"),
        doubled={
            name: median(measured["replicas"].get(side, ()), "throughput")
            for name, side in (("one_on_one", ONE_ON_ONE), ("one", "1"), ("two", "2"))
        },
        doubled_runs=len(measured["replicas"].get("2", ())),
        late_over_early_stock=_late_over_early(measured, "stock"),
        conversations=len(measured["by_length"]["ours"] or ()),
        failed=_counted(measured, "failed"),
        silent=_counted(measured, "silent"),
        floors=list(_floors(measured["floor"] or {})),
        pictures=draw(measured, docs / "performance"),
        profile=before.group(0) if before else NO_PROFILE,
    )
    path.write_text(words, encoding="utf-8")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(keep_trailing_newline=True, autoescape=False)
    environment.filters |= {
        "shown": _shown,
        "ratio": lambda value: _shown(value, "%.3g"),
        "percent": lambda value: _shown(None if value is None else 100 * value, "%.0f%%"),
        "ms": lambda value: _shown(None if value is None else 1000 * value, "%.1f ms"),
        "mb": lambda value: _shown(None if value is None else value / 1e6, "%.0f MB"),
        "versions": lambda written: (
            ", ".join(f"{name} {one}" for name, one in json.loads(written or "{}").items()) or MISSING
        ),
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _side(measured: Mapping[str, Any], side: str) -> dict[str, Any]:
    """The medians of one side."""
    training = measured["training"][side]
    trained = training if isinstance(training, list) else [training]
    return {
        **{name: median(measured["runs"][side], name) for name in FIGURES},
        "alone": {name: median(measured["alone"][side], name) for name in ALONE},
        "training": median(trained, "clock"),
        "training_processor": median(trained, "processor"),
    }


def _counted(measured: Mapping[str, Any], name: str) -> dict[str, int]:
    return {side: sum(run[name] for run in some) for side, some in measured["runs"].items()}


def _late_over_early(measured: Mapping[str, Any], side: str) -> float | None:
    found = measured["by_length"][side]
    return late_over_early(found) if found else None


def _floors(found: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    for name in ("SQLite", "PostgreSQL"):
        if f"message {name}" in found:
            message, floor = found[f"message {name}"], found["inference"] + found[f"write {name}"]
            yield {
                "name": name,
                "inference": found["inference"],
                "write": found[f"write {name}"],
                "floor": floor,
                "message": message,
                "ratio": message / floor,
            }


def _shown(value: float | None, pattern: str) -> str:
    return MISSING if value is None else pattern % value
