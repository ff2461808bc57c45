"""Ours against a stock pipeline on the same messages, in one run: `python benchmarks/nlu.py`.

Both are trained by Rasa from `nlu_data/nlu` and asked through `Agent.parse_message`, one message at a
time, on one core. The stock pipeline is Jieba + CountVectors + LogisticRegression + Fallback: DIET needs
TensorFlow, which this project does without.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import warnings
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIPELINES = {"stock": ROOT / "benchmarks/stock_nlu/config.yml", "ours": ROOT / "config.yml"}
COMPARED = ("accuracy", "macro_f1", "auroc", "declined_at_95", "accepted_inside", "declined_outside")
COSTS = ("p50_ms", "p95_ms", "train_s", "load_s", "rss_mb")


def main() -> int:
    """Measure each pipeline in a process of its own, print the table and the ratios."""
    context = multiprocessing.get_context("spawn")
    measured = {}
    for name, config in PIPELINES.items():
        with context.Pool(1) as pool:
            measured[name] = pool.apply(measure, (str(config),))
        print(name, json.dumps(measured[name]), flush=True)
    print(_table(measured))
    return 0


def measure(config: str) -> dict[str, float]:
    """Train, load and question one pipeline on the unseen test half."""
    _prepare()
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    from bot.dialogue.evaluation import Scores, evaluate, unseen_examples

    with tempfile.TemporaryDirectory() as folder:
        os.environ["RASA_CACHE_DIRECTORY"] = f"{folder}/cache"
        start = time.perf_counter()
        model = train_nlu(config, str(ROOT / "nlu_data/nlu"), folder, fixed_model_name="nlu")
        trained = time.perf_counter()
        if model is None:
            raise SystemExit(f"{config} was not trained")
        agent = Agent.load(model)
        loaded = time.perf_counter()
        examples = [example for example in unseen_examples() if example.half == "test"]
        with asyncio.Runner() if sys.version_info >= (3, 11) else _Loop() as loop:

            def rank(text: str) -> list[tuple[str, float]]:
                parsed = loop.run(agent.parse_message(text))
                return [(guess["name"], guess["confidence"]) for guess in _real(parsed["intent_ranking"])]

            rank("你好")
            scores = Scores.of(evaluate(rank, _threshold(model), examples))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"train_s": trained - start, "load_s": loaded - trained, "rss_mb": memory}
    return {key: round(value, 4) for key, value in {**asdict(scores), **times}.items()}


def _prepare() -> None:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    os.environ.update(RASA_TELEMETRY_ENABLED="false", LOG_LEVEL="ERROR")
    from bot.dialogue import tensorflow_free

    tensorflow_free.install()
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


class _Loop:
    """What `asyncio.Runner` is since Python 3.11."""

    def __enter__(self) -> _Loop:
        self._loop = asyncio.new_event_loop()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.close()

    def run(self, awaitable: object) -> dict:  # type: ignore[type-arg]
        return self._loop.run_until_complete(awaitable)  # type: ignore[arg-type]


def _real(ranking: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    return [guess for guess in ranking if guess["name"] != "nlu_fallback"]


def _threshold(model: str) -> float:
    from bot.dialogue.evaluation import packed_model

    try:
        return packed_model(Path(model)).threshold
    except StopIteration:
        return 0.3


def _table(measured: dict[str, dict[str, float]]) -> str:
    lines = ["| test half | stock | ours | ours / stock |", "| --- | --- | --- | --- |"]
    for key in (*COMPARED, *COSTS):
        stock, ours = measured["stock"][key], measured["ours"][key]
        lines.append(f"| {key} | {stock:.3f} | {ours:.3f} | {ours / stock:.2f} |")
    wrong = (1 - measured["ours"]["accuracy"]) / (1 - measured["stock"]["accuracy"])
    lines.append(f"| misunderstood | | | {wrong:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
