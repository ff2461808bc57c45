"""Ours beside a stock Rasa deployment of the same assistant: `make bench-serving`.

Each figure is the median of runs that alternate between the sides. Writes `benchmarks/results.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.serving import figures
from benchmarks.serving.figures import Figures
from benchmarks.serving.peers import ROOT, STOCK, Peer, ours, stock

RESULTS = ROOT / "benchmarks" / "results.json"
TURNS = 212
SHARE_OF_STOCK = 0.9
"""Both sides are offered nine tenths of what stock can take: at all of it, its queue grows without end."""

Sides = dict[str, Callable[[], AbstractContextManager[Peer]]]


def main() -> int:
    """Measures and writes; returns the exit status."""
    arguments = _arguments()
    stock_folder = Path(arguments.stock).resolve()
    training = {"stock": _train_stock(stock_folder, arguments.epochs), "ours": _train_ours()}
    model = stock_folder / "models" / f"stock-{arguments.epochs}.tar.gz"
    sides: Sides = {
        "stock": partial(stock, stock_folder / "venv" / "bin" / "python", model),
        "ours": partial(ours, arguments.database_url, arguments.workers),
    }
    runs = _alternating(sides, arguments.runs)
    rate = SHARE_OF_STOCK * max(
        _median(runs["stock"], "throughput"), _median(runs["stock"], "throughput_few")
    )
    loaded = {
        name: statistics.median(figures.p95_at_rate(side, rate, seed) for seed in range(arguments.runs))
        for name, side in sides.items()
    }
    growth = figures.growth(sides["ours"], TURNS)
    sizes = {"stock": _size(stock_folder / "venv"), "ours": _size(Path(sys.prefix))}
    results = _results(runs, loaded, growth, training, sizes)
    details = {
        "runs": {name: [one.as_dict() for one in some] for name, some in runs.items()},
        "rate": rate,
        "p95_at_rate": loaded,
        "growth": growth,
        "training": training,
        "sizes": sizes,
        "stock_epochs": arguments.epochs,
        "workers": arguments.workers,
        "database": (arguments.database_url or "sqlite").split(":")[0],
        **_surroundings(),
    }
    RESULTS.write_text(json.dumps({**results, "details": details}, indent=1) + "\n", encoding="utf-8")
    for name, value in results.items():
        print(f"{name:22s} {value:10.3f}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure ours beside a stock Rasa deployment.")
    parser.add_argument("--stock", default="var/stock", help="folder of the stock peer")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100, help="of the stock peer's training")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--database-url", default=None, help="ours; a new SQLite file when left out")
    return parser.parse_args()


def _alternating(sides: Sides, runs: int) -> dict[str, list[Figures]]:
    measured: dict[str, list[Figures]] = {name: [] for name in sides}
    for run in range(runs):
        for name, start in sides.items():
            measured[name].append(figures.measure(start, run))
            print(run, name, measured[name][-1], flush=True)
    return measured


def _results(
    runs: dict[str, list[Figures]],
    loaded: dict[str, float],
    growth: list[float],
    training: dict[str, float],
    sizes: dict[str, int],
) -> dict[str, float]:
    def ratio(name: str) -> float:
        return _median(runs["ours"], name) / _median(runs["stock"], name)

    return {
        "throughput_ratio": ratio("throughput"),
        "p95_ratio": loaded["ours"] / loaded["stock"],
        "turn200_over_turn5": figures.late_over_early(growth),
        "start_ratio": ratio("start"),
        "start_seconds": _median(runs["ours"], "start"),
        "memory_ratio": ratio("memory"),
        "training_ratio": training["ours"] / training["stock"],
        "size_ratio": sizes["ours"] / sizes["stock"],
    }


def _surroundings() -> dict[str, Any]:
    commit = ["git", "rev-parse", "HEAD"]
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": subprocess.run(
            commit, cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip(),
    }


def _median(runs: Sequence[Figures], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))


def _train_stock(folder: Path, epochs: int) -> float:
    """Seconds of the stock training; from an earlier run when its model is there."""
    known = folder / f"trained-{epochs}.seconds"
    if not known.is_file():
        command: list[Any] = [STOCK / "setup.sh", folder]
        done = subprocess.run(
            command, env={**os.environ, "EPOCHS": str(epochs)}, capture_output=True, text=True, check=True
        )
        known.write_text(done.stdout.strip().splitlines()[-1])
    return float(known.read_text())


def _train_ours() -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "bot", "train", "--force"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def _size(folder: Path) -> int:
    """Bytes on disk, as `du` counts them."""
    done = subprocess.run(["du", "-sb", folder], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


if __name__ == "__main__":
    sys.exit(main())
