"""Ours beside a stock Rasa deployment of the same assistant: `make bench`.

Measures piece after piece (a run that was cut short goes on where it ended), and writes
`benchmarks/results.json`, `docs/performance.md` and its pictures. `--runs 1` is a quick look. The first time
on a machine the stock peer is trained, which takes long.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.serving.bench import Bench, Plan
from benchmarks.serving.databases import postgresql
from benchmarks.serving.figures import TURNS
from benchmarks.serving.page import write_page
from benchmarks.serving.peers import ROOT
from benchmarks.serving.pieces import Pieces
from benchmarks.serving.redis_server import redis_server
from benchmarks.serving.results import results_of
from benchmarks.serving.surroundings import commit


def main() -> int:
    """Measures and writes; returns 1 when a figure is missing."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whatever was started is ended
    uvloop.install()
    plan = Plan(Path(arguments.stock).resolve(), arguments.epochs, arguments.runs, arguments.turns)
    pieces = Pieces(plan.folder / f"pieces-{plan.runs}-{plan.turns}", commit())
    if arguments.again:
        pieces.forget()
    with ExitStack() as stack:
        server = stack.enter_context(postgresql())
        redis = stack.enter_context(redis_server())
        measured = Bench(plan, pieces, server, redis).measure()
        results = results_of(measured)
        details = {**measured, "not measured": pieces.failed}
        written = json.dumps(_finite({**results, "details": details}), indent=1, ensure_ascii=False)
        (ROOT / arguments.results).write_text(f"{written}\n", encoding="utf-8")
        write_page(results, measured, ROOT / arguments.docs)
    for name, value in results.items():
        print(f"{name:20s} {'-' if value is None else f'{value:10.3f}'}")
    return 1 if pieces.failed or None in results.values() else 0


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what took for ever is null."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure ours beside a stock Rasa deployment.")
    parser.add_argument("--stock", default="var/stock", help="folder of the stock peer and the pieces")
    parser.add_argument("--epochs", type=int, default=100, help="of the stock peer's training")
    parser.add_argument("--runs", type=int, default=5, help="how often the sides take turns")
    parser.add_argument("--turns", type=int, default=TURNS, help="messages of each of the 32 residents")
    parser.add_argument("--again", action="store_true", help="keep nothing of an earlier run of this commit")
    parser.add_argument("--results", default="benchmarks/results.json", help="where the figures go")
    parser.add_argument("--docs", default="docs", help="folder of performance.md and its pictures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
