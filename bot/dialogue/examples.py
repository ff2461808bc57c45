"""What the model learns from, and what it is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

OUT_OF_SCOPE = "out_of_scope"
TRAINING_FOLDER = Path("nlu_data/nlu")
EVALUATION_FOLDER = Path("tests/nlu")


@dataclass(frozen=True)
class Example:
    """A message and what is wanted in it; `style` and `half` are empty for training."""

    text: str
    intent: str
    source: str
    style: str = ""
    half: str = ""


def training_examples(folder: Path = TRAINING_FOLDER) -> list[Example]:
    """Every example of the training data."""
    return [example for path in sorted(folder.rglob("*.yml")) for example in _of_training_file(path)]


def evaluation_examples(folder: Path = EVALUATION_FOLDER) -> list[Example]:
    """Every message the model is judged by: of each list the even places are `dev`, the odd ones `test`."""
    paths = [*sorted((folder / "in_scope").glob("*.yml")), folder / "out_of_scope.yml"]
    return [example for path in paths if path.is_file() for example in _of_evaluation_file(path)]


def _of_training_file(path: Path) -> Iterator[Example]:
    for block in _yaml(path).get("nlu", []):
        for line in str(block.get("examples", "")).splitlines() if "intent" in block else ():
            if line.startswith("- ") and line[2:].strip():
                yield Example(line[2:].strip(), block["intent"], path.name)


def _of_evaluation_file(path: Path) -> Iterator[Example]:
    content = _yaml(path)
    for style, lines in content["styles"].items():
        for place, line in enumerate(lines):
            half = "test" if place % 2 else "dev"
            yield Example(str(line), content.get("intent", OUT_OF_SCOPE), path.name, style, half)


def _yaml(path: Path) -> dict:  # type: ignore[type-arg]
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
