"""The benchmark's figures and page, from what was measured, or was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving.figures import LENGTH
from benchmarks.serving.page import write_page
from benchmarks.serving.pieces import Pieces
from benchmarks.serving.results import results_of

KEYS = [
    "throughput_ratio", "p95_ratio", "turn200_over_turn5", "start_ratio", "start_seconds", "memory_ratio",
    "training_ratio", "size_ratio", "replicas_ratio", "replicas_ratio_same_cores",
]  # fmt: skip


def run(**figures: Any) -> dict[str, Any]:
    """One run of one side."""
    return {
        "start": 60.0, "throughput": 5.0, "p95_at_rate": 2.0, "memory": 1_500_000_000, "failed": 0,
        "silent": 0, "driving": 0.1, **figures,
    }  # fmt: skip


def point(**figures: float) -> dict[str, float]:
    """One point of a curve."""
    return {"throughput": 100.0, "p50": 0.01, "p95": 0.02, "megabytes": 3.0, **figures}


@pytest.fixture
def measured() -> dict[str, Any]:
    """A whole benchmark."""
    ours = {"start": 6.0, "throughput": 100.0, "p95_at_rate": 0.05, "memory": 300_000_000}
    turns = [0.010] * 100 + [0.011] * (LENGTH - 100)
    return {
        "surroundings": {
            "commit": "abc", "date": "today", "processor": "p", "cores": 2, "memory_gib": 8, "system": "s",
            "load_before": 0.1, "ours": '{"python": "3.11.7"}', "stock": '{"python": "3.10.13"}',
            "stock_epochs": 100, "postgresql": "postgres 15",
        },
        "plan": {"runs": 3, "turns": 25},
        "ways": {"ours": {"SQLite": 100.0}, "stock": {"SQLite": 5.0, "Redis": None}},
        "best": {"ours": "SQLite", "stock": "SQLite"},
        "rate": 4.5,
        "runs": {
            "ours": [run(**ours), run(**ours | {"throughput": 90.0}), run(**ours | {"throughput": 400.0})],
            "stock": [run(), run(throughput=4.0), run(throughput=6.0)],
        },
        "agreement": {"messages": 800, "same": 0.75, "silent ours": 0.0, "silent stock": 0.01},
        "alone": {"ours": [run(**ours)], "stock": [run()]},
        "by_length": {"ours": [turns], "stock": [turns]},
        "replicas": {
            "1 on one core": [run(throughput=50.0)], "1": [run(throughput=76.0)], "2": [run(throughput=95.0)]
        },
        "training": {
            "ours": [{"clock": 30.0, "processor": 50.0}], "stock": {"clock": 600.0, "processor": 1000.0},
        },
        "sizes": {"ours": 900_000_000, "stock": 2_700_000_000},
        "floor": {"inference": 0.003, "write SQLite": 0.001, "message SQLite": 0.008},
        "by_residents": {"ours": {"1": point(), "64": point()}, "stock": {"1": point()}},
        "by_stored": {"100": point(), "100000": point()},
    }  # fmt: skip


def test_figures_are_medians_of_ours_over_stock(measured: dict[str, Any]) -> None:
    assert results_of(measured) == {
        "throughput_ratio": 20.0,
        "p95_ratio": 0.025,
        "turn200_over_turn5": pytest.approx(1.1),
        "start_ratio": 0.1,
        "start_seconds": 6.0,
        "memory_ratio": 0.2,
        "training_ratio": 0.05,
        "size_ratio": pytest.approx(1 / 3),
        "replicas_ratio": 1.9,
        "replicas_ratio_same_cores": 1.25,
    }


def test_what_took_for_ever_is_no_figure(measured: dict[str, Any]) -> None:
    measured["runs"]["stock"] = [run(p95_at_rate=float("inf"))]
    assert results_of(measured)["p95_ratio"] is None


def test_what_was_not_measured_is_said_to_be_missing(measured: dict[str, Any], tmp_path: Path) -> None:
    missing = {"by_length": {"ours": None, "stock": None}, "sizes": None, "replicas": {}, "agreement": None}
    nobody: dict[str, list[Any]] = {"ours": [], "stock": []}
    measured |= missing | {"floor": None, "by_stored": None, "runs": nobody, "alone": nobody}
    measured["by_residents"] = {"ours": {"1": None}, "stock": {}}
    measured["training"] = {"ours": [None], "stock": None}
    results = results_of(measured)
    assert list(results) == KEYS
    assert set(results.values()) == {None}
    write_page(results, measured, tmp_path)
    assert "not measured" in (tmp_path / "performance.md").read_text(encoding="utf-8")


def test_the_page_shows_the_figures_and_keeps_the_profile(measured: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text("old\n<!-- profile -->\nrules: 12 ms\n<!-- /profile -->\nold", encoding="utf-8")
    write_page(results_of(measured), measured, tmp_path)
    page = path.read_text(encoding="utf-8")
    assert "| 5.0 messages/s | 100.0 messages/s | 20 | ≥ 20 |" in page
    assert "| stock | Redis | did not run |" in page
    assert "<!-- profile -->\nrules: 12 ms\n<!-- /profile -->" in page
    assert "old" not in page
    for name in ("length", "stored", "residents"):
        assert f"performance/{name}.svg" in page
        assert (tmp_path / "performance" / f"{name}.svg").is_file()


def test_a_measurement_is_kept_for_its_commit_only(tmp_path: Path) -> None:
    assert Pieces(tmp_path, "one").of("start", lambda: 1) == 1
    assert Pieces(tmp_path, "one").of("start", lambda: 2) == 1
    assert Pieces(tmp_path, "two").of("start", lambda: 2) == 2


def test_what_fails_does_not_keep_the_rest_from_being_measured(tmp_path: Path) -> None:
    pieces = Pieces(tmp_path, "one")
    assert pieces.of("start", lambda: 1 / 0) is None
    assert pieces.of("memory", lambda: 3) == 3
    assert pieces.failed == ["start"]
    assert Pieces(tmp_path, "one").of("start", lambda: 4) == 4
