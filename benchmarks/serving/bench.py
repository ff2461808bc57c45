"""What is measured, in which order: the table's figures first, then the curves."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.serving import costs, figures, floor
from benchmarks.serving.cores import on_one_core
from benchmarks.serving.databases import PostgresqlDatabases, SqliteFiles
from benchmarks.serving.peers import Start, ours, stock
from benchmarks.serving.pieces import Pieces
from benchmarks.serving.results import ONE_ON_ONE
from benchmarks.serving.stored import by_stored
from benchmarks.serving.surroundings import surroundings

SHARE_OF_STOCK = 0.9
"""Both sides are offered nine tenths of what stock can take: at all of it, its queue grows without end."""
STORED = [100, 1_000, 10_000, 100_000]
RESIDENTS, STOCK_RESIDENTS = [1, 4, 8, 16, 32, 64, 128, 256], [1, 8, 32]
MESSAGES, STOCK_MESSAGES = 400, 48
"""So many at least for each point of that curve."""
TRIAL_TURNS = 8
ALONE, STORED_TURNS = 200, 20
REPLICAS_MORE = 4
"""More runs, and longer ones, where one figure of a noisy machine is divided by another not far from it."""
TALKS = 2
"""Long conversations after each start."""
TRAININGS = 3
ONE = "SQLite, 1 process"
"""How both sides start without settings: what start and memory are measured of."""
DIGITS = re.compile(r"[0-9A-Z]*[0-9][0-9A-Z]*")
"""Numbers of tickets, dates and times: they differ from one moment to the next."""

Measured = dict[str, Any]
Ways = dict[str, dict[str, Start]]
"""How each side can be run, by name."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    folder: Path
    """The stock peer's, and where measurements are kept."""
    epochs: int
    runs: int
    turns: int

    @property
    def python(self) -> Path:
        """The stock peer's interpreter."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def model(self) -> Path:
        """The stock peer's model."""
        return self.folder / "models" / f"stock-{self.epochs}.tar.gz"


class Bench:
    """One comparison on this machine."""

    def __init__(
        self, plan: Plan, pieces: Pieces, server: PostgresqlDatabases | None, redis: int | None
    ) -> None:
        self._plan = plan
        self._of = pieces.of
        self._server = server
        self._redis = redis

    def measure(self) -> Measured:
        """Everything by its name; None for what could not be measured."""
        plan = self._plan
        self._of("set-up", lambda: costs.set_up_stock(plan.folder, plan.epochs))
        measured: Measured = {
            "surroundings": surroundings(plan),
            "plan": {"runs": plan.runs, "turns": plan.turns},
        }
        ways = self._ways()
        alone = {side: some[ONE] for side, some in ways.items()}
        measured["ways"] = {
            side: {name: self._trial(side, name, start) for name, start in some.items()}
            for side, some in ways.items()
        }
        measured["best"] = best = {side: _fastest(tried) for side, tried in measured["ways"].items()}
        chosen = {side: ways[side][name] for side, name in best.items()}
        measured["rate"] = rate = SHARE_OF_STOCK * (measured["ways"]["stock"][best["stock"]] or 0.0)
        measured["runs"] = self._alternating("run", chosen, rate)
        measured["agreement"] = _agreement(measured["runs"])
        others = {side: start for side, start in alone.items() if best[side] != ONE}
        measured["alone"] = {**measured["runs"], **self._alternating("alone", others)}
        curves = self._of(
            "curves-stock", lambda: figures.curves(chosen["stock"], STOCK_RESIDENTS, STOCK_MESSAGES)
        )
        measured["by_length"] = {
            "ours": self._by_length(alone["ours"]),
            "stock": curves and curves["length"],
        }
        measured["replicas"] = self._replicas()
        measured["training"] = {
            "stock": self._of("training-stock", lambda: costs.stock_training(plan.folder, plan.epochs)),
            "ours": [self._of(f"training-ours-{run}", costs.our_training) for run in range(TRAININGS)],
        }
        measured["sizes"] = self._of("sizes", self._sizes)
        measured["floor"] = self._of("floor", self._floor)
        measured["by_residents"] = {
            "ours": self._by_residents(chosen["ours"]),
            "stock": curves["residents"] if curves else {},
        }
        measured["by_stored"] = self._of("stored", self._by_stored)
        return measured

    def _ways(self) -> Ways:
        files, server, plan = SqliteFiles(), self._server, self._plan
        peer = partial(stock, plan.python, plan.model)
        ways: Ways = {
            "ours": {ONE: partial(ours, files), "SQLite, 2 processes": partial(ours, files, workers=2)},
            "stock": {ONE: partial(peer, files)},
        }
        if server:
            ways["ours"]["PostgreSQL, 2 processes"] = partial(ours, server, workers=2)
            ways["stock"]["PostgreSQL, 1 process"] = partial(peer, server)
            if self._redis:
                two = partial(peer, server, workers=2, redis=self._redis)
                ways["stock"]["PostgreSQL and Redis, 2 processes"] = two
        return ways

    def _trial(self, side: str, name: str, start: Start) -> float | None:
        """Messages a second; also brings everything into the page cache."""

        def measure() -> float:
            return figures.measure(start, min(TRIAL_TURNS, self._plan.turns))[0].throughput

        tried: float | None = self._of(f"way-{side}-{name}".replace(" ", "-"), measure)
        return tried

    def _alternating(
        self, name: str, sides: Mapping[str, Start], rate: float = 0.0, plan: Plan | None = None
    ) -> dict[str, list[Any]]:
        plan = plan or self._plan
        measured: dict[str, list[Any]] = {side: [] for side in sides}
        for run in range(plan.runs):
            for side, start in sides.items():
                one = self._of(f"{name}-{run}-{side}", partial(_run, start, plan.turns, rate, run))
                measured[side] += [one] if one else []
        return measured

    def _replicas(self) -> dict[str, list[Any]]:
        """Ours on PostgreSQL: one process on one core, one on two, two on two."""
        if self._server is None:
            return {}
        one, two = partial(ours, self._server), partial(ours, self._server, workers=2)
        sides = {ONE_ON_ONE: partial(on_one_core, one, self._server.processes), "1": one, "2": two}
        plan = self._plan
        longer = replace(plan, runs=plan.runs + REPLICAS_MORE, turns=max(plan.turns, figures.LONGEST_TALK))
        return self._alternating("replicas", sides, plan=longer)

    def _by_length(self, start: Start) -> list[list[float]]:
        """Long conversations of as many starts as there are runs."""
        starts = [range(run * TALKS, run * TALKS + TALKS) for run in range(self._plan.runs)]
        found = [
            self._of(f"length-ours-{run}", partial(figures.by_length, start, seeds))
            for run, seeds in enumerate(starts)
        ]
        return [conversation for some in found for conversation in some or ()]

    def _by_residents(self, start: Start) -> dict[str, Any]:
        return {
            str(count): self._of(
                f"residents-ours-{count}", partial(figures.with_residents, start, count, MESSAGES)
            )
            for count in RESIDENTS
        }

    def _by_stored(self) -> dict[str, Any]:
        found = by_stored(partial(ours, SqliteFiles(), 1), self._plan.folder / "stored", STORED, STORED_TURNS)
        return {str(count): one for count, one in found.items()}

    def _sizes(self) -> dict[str, int]:
        environment = costs.our_environment(self._plan.folder / "ours")
        return {"ours": costs.size(environment), "stock": costs.size(self._plan.folder / "venv")}

    def _floor(self) -> dict[str, float]:
        found = {
            "inference": floor.inference_seconds(),
            "write SQLite": floor.sqlite_write_seconds(),
            "message SQLite": figures.service_seconds(partial(ours, SqliteFiles()), ALONE),
        }
        if self._server:
            found["write PostgreSQL"] = floor.postgresql_write_seconds(self._server.address())
            found["message PostgreSQL"] = figures.service_seconds(partial(ours, self._server), ALONE)
        return found


def _run(start: Start, turns: int, rate: float, run: int) -> dict[str, Any]:
    found, talks = figures.measure(start, turns, rate, seed=run)
    if run or not rate:
        return found.as_dict()
    said = {f"{who} {place}": text for (who, place), text in talks.said.items()}
    return {**found.as_dict(), "said": said}


def _fastest(tried: Mapping[str, float | None]) -> str:
    return max(tried, key=lambda name: tried[name] or 0.0)


def _agreement(runs: Mapping[str, list[Any]]) -> dict[str, float] | None:
    """What share of the first run's messages got the same words; takes the words out of the runs."""
    said = {side: [run.pop("said", {}) for run in some] for side, some in runs.items()}
    one, other = (next(filter(None, said[side]), None) for side in ("ours", "stock"))
    if one is None or other is None:
        return None
    same = [DIGITS.sub("", one[key]) == DIGITS.sub("", other[key]) for key in one if key in other]
    return {
        "messages": len(same),
        "same": statistics.fmean(same) if same else 0.0,
        "silent ours": sum(not text for text in one.values()) / max(1, len(one)),
        "silent stock": sum(not text for text in other.values()) / max(1, len(other)),
    }
