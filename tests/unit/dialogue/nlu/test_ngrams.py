"""One message is weighed as scikit-learn weighs a thousand."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from bot.dialogue.nlu.features import Encode
from bot.dialogue.nlu.intent_model import Head, IntentModel
from bot.dialogue.nlu.matrix import Matrix
from bot.dialogue.nlu.ngrams import NGrams
from bot.dialogue.nlu.reading import Reading, read
from bot.dialogue.nlu.sentence_encoder import WIDTH

SETS = Path(__file__).resolve().parents[3] / "nlu" / "in_scope"
TEXTS = 1000


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    found: list[str] = []
    for path in sorted(SETS.glob("*.yml")):
        styles = yaml.safe_load(path.read_text(encoding="utf-8"))["styles"]
        found += [line for lines in styles.values() for line in lines if isinstance(line, str)]
    assert len(found) > TEXTS
    return [read(text) for text in [*found, "", " ", "𠮷\u3000𠮷", "好好好好  好"]]


@pytest.fixture(scope="module")
def trained(model: Path, tmp_path_factory: pytest.TempPathFactory) -> IntentModel:
    folder = tmp_path_factory.mktemp("model")
    with tarfile.open(model) as archive:
        archive.extractall(folder, filter="data")
    return IntentModel.load(next(folder.rglob("names.json")).parent)


def sentence_vectors() -> Encode:
    chance = np.random.default_rng(0)
    return lambda texts: chance.normal(size=(len(texts), WIDTH)).astype(np.float32)


@pytest.mark.parametrize("kind", ["characters", "word_syllables", "syllables", "letters"])
def test_a_texts_weights_are_those_of_scikit_learn(
    trained: IntentModel, readings: list[Reading], kind: str
) -> None:
    grams: NGrams = trained._ngrams()[kind]
    texts = [reading.words if kind == "characters" else reading.sounds for reading in readings]
    texts = [reading.letters for reading in readings] if kind == "letters" else texts
    for text, expected in zip(texts, grams.rows(texts), strict=True):
        columns, weights = grams.row(text)
        found = dict(zip(columns.tolist(), weights.tolist(), strict=True))
        wanted = dict(zip(expected.indices.tolist(), expected.data.tolist(), strict=True))
        assert found == pytest.approx(wanted, abs=1e-9)


def test_scores_of_hanzi_are_those_of_the_matrix(trained: IntentModel, readings: list[Reading]) -> None:
    rows = trained.words.rows(readings, sentence_vectors())
    each = trained.words.each(readings, sentence_vectors())
    same(trained.words_head, trained.words_head.scores_of(each), rows)


def test_scores_of_pinyin_are_those_of_the_matrix(trained: IntentModel, readings: list[Reading]) -> None:
    rows = trained.sounds.rows(readings)
    same(trained.sounds_head, trained.sounds_head.scores_of(trained.sounds.each(readings)), rows)


def same(head: Head, scores: tuple[Matrix, Matrix], rows: object) -> None:
    for found, expected in zip(scores, head.scores(rows), strict=True):
        assert np.abs(found - expected).max() < 1e-9
