"""The evaluation in words, tables and pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.metrics import f1_score, roc_curve

from bot.dialogue.evaluation import Outcome, Scores, by, calibration_table, confusions

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen before)

_NAMES = {
    "messages": "messages in scope",
    "outside": "messages out of scope",
    "accuracy": "accuracy (likeliest in-scope intent)",
    "delivered": "delivered right (right and above the threshold)",
    "top_two": "right within the first two",
    "macro_f1": "macro-F1",
    "auroc": "out-of-scope AUROC",
    "declined_at_95": "out of scope declined when 95% in scope are accepted",
    "accepted_inside": "in scope accepted at the shipped threshold",
    "declined_outside": "out of scope declined at the shipped threshold",
    "calibration_error": "expected calibration error",
    "p50_ms": "parse p50, ms",
    "p95_ms": "parse p95, ms",
}


def print_report(outcomes: Sequence[Outcome], errors_of: str = "") -> None:
    """Both halves side by side, then styles and intents; with `errors_of`, that half's mistakes."""
    sys.stdout.write(text_report(outcomes))
    for outcome in outcomes:
        if errors_of and outcome.example.half == errors_of and _is_mistake(outcome):
            guesses = ", ".join(f"{name} {chance:.2f}" for name, chance in outcome.ranking[:3])
            told = f"{outcome.example.intent}/{outcome.example.style}: {outcome.example.text}"
            sys.stdout.write(f"{told} -> {guesses}\n")


def text_report(outcomes: Sequence[Outcome]) -> str:
    """The whole report as Markdown, without pictures."""
    halves = dict(sorted(by(lambda o: o.example.half, outcomes).items()))
    parts = ["# How well the bot understands", _figures(halves)]
    for half, of_half in halves.items():
        parts += [f"## {half}: by style", _styles(of_half), f"## {half}: by intent", _intents(of_half)]
        parts += [f"## {half}: most confused", _confusions(of_half)]
        parts += [f"## {half}: confidence against truth", _calibration(of_half)]
    return "\n\n".join(parts) + "\n"


def write_report(outcomes: Sequence[Outcome], folder: Path) -> Path:
    """`index.md` with its pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    test = by(lambda o: o.example.half, outcomes).get("test", list(outcomes))
    for name, draw in _pictures().items():
        draw(test)
        pyplot.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
        pyplot.close()
    pictures = "".join(f"![{name}]({name}.png)\n" for name in _pictures())
    page = folder / "index.md"
    page.write_text(text_report(outcomes) + f"\n## test: pictures\n\n{pictures}", encoding="utf-8")
    return page


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _figures(halves: dict[str, list[Outcome]]) -> str:
    scores = {half: Scores.of(of_half) for half, of_half in halves.items()}
    threshold = next(iter(halves.values()))[0].threshold
    names = [field.name for field in fields(Scores)]
    rows = [[_NAMES[name], *(getattr(one, name) for one in scores.values())] for name in names]
    return _table(["", *scores], [*rows, ["shipped threshold", *[threshold] * len(scores)]])


def _styles(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for style, of_style in by(lambda o: o.example.style, outcomes).items():
        inside, outside = [o for o in of_style if o.inside], [o for o in of_style if not o.inside]
        right = float(np.mean([o.guess == o.example.intent for o in inside]))
        accepted = float(np.mean([o.accepted for o in inside]))
        declined = float(np.mean([not o.accepted for o in outside])) if outside else float("nan")
        rows.append([style, len(inside), right, accepted, declined])
    return _table(["style", "messages", "accuracy", "accepted", "out of scope declined"], rows)


def _intents(outcomes: Sequence[Outcome]) -> str:
    inside = [o for o in outcomes if o.inside]
    names = sorted({o.example.intent for o in inside})
    truth, guesses = [o.example.intent for o in inside], [o.guess for o in inside]
    f1 = f1_score(truth, guesses, labels=names, average=None, zero_division=0)
    grouped = by(lambda o: o.example.intent, inside)
    rows = [
        [name, len(grouped[name]), float(np.mean([o.guess == name for o in grouped[name]])), float(score)]
        for name, score in sorted(zip(names, f1, strict=True), key=lambda pair: pair[1])
    ]
    return _table(["intent", "messages", "recall", "F1"], rows)


def _confusions(outcomes: Sequence[Outcome]) -> str:
    rows = [[meant, understood, count] for (meant, understood), count in confusions(outcomes)[:15]]
    return _table(["meant", "understood", "times"], rows)


def _calibration(outcomes: Sequence[Outcome]) -> str:
    return _table(["claimed", "came true", "messages"], calibration_table(outcomes))


def _pictures() -> dict[str, Callable[[Sequence[Outcome]], None]]:
    return {"roc": _draw_roc, "reliability": _draw_reliability, "confusion": _draw_confusion}


def _draw_roc(outcomes: Sequence[Outcome]) -> None:
    inside, confidence = [o.inside for o in outcomes], [o.confidence for o in outcomes]
    false_accepts, true_accepts, _ = roc_curve(inside, confidence)
    pyplot.figure(figsize=(4, 4))
    pyplot.plot(false_accepts, true_accepts)
    pyplot.xlabel("out of scope accepted")
    pyplot.ylabel("in scope accepted")


def _draw_reliability(outcomes: Sequence[Outcome]) -> None:
    claimed, came_true, _ = zip(*calibration_table(outcomes), strict=True)
    pyplot.figure(figsize=(4, 4))
    pyplot.plot([0, 1], [0, 1], linestyle=":", color="grey")
    pyplot.plot(claimed, came_true, marker="o")
    pyplot.xlabel("confidence claimed")
    pyplot.ylabel("came true")


def _draw_confusion(outcomes: Sequence[Outcome]) -> None:
    inside = [o for o in outcomes if o.inside]
    names = sorted({o.example.intent for o in inside} | {o.guess for o in inside})
    counts = np.zeros((len(names), len(names)))
    for outcome in inside:
        counts[names.index(outcome.example.intent), names.index(outcome.guess)] += 1
    pyplot.figure(figsize=(11, 10))
    pyplot.imshow(np.log1p(counts), cmap="Blues")
    pyplot.xticks(range(len(names)), names, rotation=90, fontsize=7)
    pyplot.yticks(range(len(names)), names, fontsize=7)
    pyplot.xlabel("understood")
    pyplot.ylabel("meant")


def _is_mistake(outcome: Outcome) -> bool:
    right = outcome.guess == outcome.example.intent
    return outcome.accepted != outcome.inside or (outcome.inside and not right)
