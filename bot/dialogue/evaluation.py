"""How well the bot understands: `python -m bot evaluate [--model models/x.tar.gz] [--report reports/nlu]`.

Without `--model` the model is trained first from `nlu_data/nlu`. Tune on `dev` only; `test` is for telling.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from bot.dialogue.examples import OUT_OF_SCOPE, Example, evaluation_examples, training_examples
from bot.dialogue.likeness import unlike
from bot.dialogue.nlu.intent_model import IntentModel
from bot.dialogue.nlu.sentence_encoder import VectorCache

Ranking = list[tuple[str, float]]
Rank = Callable[[str], Ranking]
VECTORS = Path(".rasa/sentence_vectors.npz")
IN_SCOPE_ACCEPTED = 0.95
_BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Outcome:
    """One message and what the model made of it."""

    example: Example
    ranking: Ranking
    threshold: float
    seconds: float

    @property
    def guess(self) -> str:
        """The likeliest in-scope intent."""
        return next(name for name, _ in self.ranking if name != OUT_OF_SCOPE)

    @property
    def confidence(self) -> float:
        """The probability of `guess`."""
        return next(chance for name, chance in self.ranking if name != OUT_OF_SCOPE)

    @property
    def accepted(self) -> bool:
        """Whether the bot acts on its guess, rather than asking back or declining."""
        return self.ranking[0][0] != OUT_OF_SCOPE and self.confidence >= self.threshold

    @property
    def inside(self) -> bool:
        """Whether the message is in scope in truth."""
        return self.example.intent != OUT_OF_SCOPE


@dataclass(frozen=True)
class Scores:
    """The figures of one half."""

    messages: int
    outside: int
    accuracy: float
    delivered: float
    top_two: float
    macro_f1: float
    auroc: float
    declined_at_95: float
    accepted_inside: float
    declined_outside: float
    calibration_error: float
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Scores:
        """Measured on outcomes in and out of scope."""
        inside, outside = [o for o in outcomes if o.inside], [o for o in outcomes if not o.inside]
        truth, guesses = [o.example.intent for o in inside], [o.guess for o in inside]
        confidences = np.array([o.confidence for o in inside])
        least = np.quantile(confidences, 1 - IN_SCOPE_ACCEPTED)
        times = np.array([o.seconds for o in outcomes]) * 1000
        return cls(
            len(inside),
            len(outside),
            _share(o.guess == o.example.intent for o in inside),
            _share(o.accepted and o.guess == o.example.intent for o in inside),
            _share(o.example.intent in _first_two(o.ranking) for o in inside),
            float(f1_score(truth, guesses, average="macro")),
            float(roc_auc_score([o.inside for o in outcomes], [o.confidence for o in outcomes])),
            _share(o.confidence < least for o in outside),
            _share(o.accepted for o in inside),
            _share(not o.accepted for o in outside),
            calibration_error(outcomes),
            float(np.quantile(times, 0.5)),
            float(np.quantile(times, 0.95)),
        )


def evaluate(rank: Rank, threshold: float, examples: Sequence[Example]) -> list[Outcome]:
    """What the model makes of each example, one at a time."""
    outcomes = []
    for example in examples:
        start = time.perf_counter()
        ranking = rank(example.text)
        outcomes.append(Outcome(example, ranking, threshold, time.perf_counter() - start))
    return outcomes


def calibration_table(outcomes: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    """For each tenth of confidence: what was claimed, what came true (a guess outside is wrong), how many."""
    claimed = np.array([o.confidence for o in outcomes])
    came_true = np.array([o.guess == o.example.intent for o in outcomes])
    tenth = np.clip(np.digitize(claimed, _BINS) - 1, 0, 9)
    return [
        (float(claimed[tenth == t].mean()), float(came_true[tenth == t].mean()), int((tenth == t).sum()))
        for t in range(10)
        if (tenth == t).any()
    ]


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """The expected difference between what was claimed and what came true."""
    return sum(abs(said - true) * count for said, true, count in calibration_table(outcomes)) / len(outcomes)


def by(key: Callable[[Outcome], str], outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Outcomes grouped, in order of first appearance."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return groups


def confusions(outcomes: Sequence[Outcome]) -> list[tuple[tuple[str, str], int]]:
    """(meant, understood) with counts, most frequent first."""
    wrong = ((o.example.intent, o.guess) for o in outcomes if o.inside and o.guess != o.example.intent)
    return Counter(wrong).most_common()


def unseen_examples() -> list[Example]:
    """The messages to judge by, without those that are all but the same in the training data."""
    examples, taught = evaluation_examples(), [example.text for example in training_examples()]
    return [examples[place] for place in unlike([example.text for example in examples], taught)]


def trained_model(vectors: Path = VECTORS) -> IntentModel:
    """Trained now, from the training data."""
    examples = training_examples()
    texts, intents = [e.text for e in examples], [e.intent for e in examples]
    return IntentModel.fit(texts, intents, VectorCache(vectors).encode)


def packed_model(path: Path) -> IntentModel:
    """The intent model inside a Rasa model archive; the archive must exist."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
        return IntentModel.load(next(Path(folder).rglob("names.json")).parent)


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate, print, and write the report; 0 whatever the figures are."""
    options = _parser().parse_args(argv)
    model = packed_model(options.model) if options.model else trained_model()
    model.rank("warm up")
    outcomes = evaluate(model.rank, model.threshold, unseen_examples())
    from bot.dialogue.evaluation_report import print_report, write_report

    print_report(outcomes, errors_of="dev" if options.errors else "")
    if options.report:
        sys.stdout.write(f"report: {write_report(outcomes, options.report)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, help="a Rasa model archive; without it one is trained now")
    parser.add_argument("--report", type=Path, default=Path("reports/nlu"), help="its folder")
    parser.add_argument("--errors", action="store_true", help="list every mistake on dev")
    return parser


def _first_two(ranking: Ranking) -> list[str]:
    return [name for name, _ in ranking if name != OUT_OF_SCOPE][:2]


def _share(answers: object) -> float:
    listed = list(answers)  # type: ignore[call-overload]
    return sum(listed) / len(listed) if listed else float("nan")


if __name__ == "__main__":
    raise SystemExit(main())
