"""Which intent a message has, and how sure that is: two readers, each with a gate before it.

A reader is a logistic regression over the in-scope intents; its gate says whether the message is in
scope at all. Hanzi and English go to one reader, toneless pinyin to the other. What their scores are worth,
and from which probability on to believe them, is found by cross-validation.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold

from bot.dialogue.nlu import clauses
from bot.dialogue.nlu.calibration import Calibration
from bot.dialogue.nlu.features import Encode, Row, SoundFeatures, WordFeatures
from bot.dialogue.nlu.linear_model import LinearModel
from bot.dialogue.nlu.matrix import Matrix
from bot.dialogue.nlu.ngrams import NGrams
from bot.dialogue.nlu.normalise import spell_out
from bot.dialogue.nlu.reading import Reading, read
from bot.dialogue.nlu.sentence_encoder import encode, usual_tokens
from bot.dialogue.nlu.variation import vary

OUT_OF_SCOPE = "out_of_scope"
_STRENGTH = 20.0
_GATE_STRENGTH = 10.0
_FOLDS = 3
_PROCESSES = min(2, os.cpu_count() or 1)
"""The models of one training do not depend on each other; two at a time halve its length."""
_ACCEPTED = 0.97
_WHOLE, _STRONGEST, _LAST = 0.5, 0.25, 0.25


Folds = list[tuple[Matrix, Matrix]]


@dataclass(frozen=True)
class Head:
    """The gate and the intents over one set of features."""

    intents: LinearModel
    gate: LinearModel

    @classmethod
    def fit(cls, rows: csr_matrix, labels: Matrix, quick: bool = False) -> Head:
        """The gate learns from everything, the intents from what is in scope.

        `quick` is for cross-validation: fewer steps, and twice the strength because each message comes once
        there and twice, with its variation, in the real training.
        """
        inside, more = labels != OUT_OF_SCOPE, 2 if quick else 1
        intents = LinearModel.fit(rows[np.flatnonzero(inside)], labels[inside], more * _STRENGTH, quick)
        return cls(intents, LinearModel.fit(rows, np.where(inside, "in", "out"), more * _GATE_STRENGTH))

    @classmethod
    def packed(cls, intents: LinearModel, gate: LinearModel) -> Head:
        """Of models that will only answer: their weights are kept once, as single messages read them."""
        weights, places = cls(intents, gate)._weights, len(intents.labels)
        head = cls(
            replace(intents, weights=weights[:, :places].T), replace(gate, weights=weights[:, places:].T)
        )
        head.__dict__["_weights"] = weights
        return head

    def scores(self, rows: csr_matrix) -> tuple[Matrix, Matrix]:
        """For each row a score per intent, and one for being out of scope."""
        return self.intents.scores(rows), self.gate.scores(rows)

    def scores_of(self, rows: Sequence[Row]) -> tuple[Matrix, Matrix]:
        """What `scores` gives, for a few rows at once quicker by much."""
        scores = np.stack([self._score(row) for row in rows])
        return scores[:, :-1], scores[:, -1:]

    def _score(self, row: Row) -> Matrix:
        score = row.weights @ self._weights[row.columns] + self._offsets
        if row.meaning is not None:
            score += row.meaning.astype(np.float64) @ self._weights[-len(row.meaning) :]
        return np.asarray(score)

    @cached_property
    def _weights(self) -> Matrix:
        """A line per feature, so that what one message needs lies together; the gate is the last column."""
        return np.ascontiguousarray(np.vstack([self.intents.weights, self.gate.weights]).T)

    @cached_property
    def _offsets(self) -> Matrix:
        return np.concatenate([self.intents.offsets, self.gate.offsets]).astype(np.float64)


@dataclass(frozen=True)
class IntentModel:
    """Ranks the intents of a message; knows from which confidence on to believe it."""

    words: WordFeatures
    sounds: SoundFeatures
    words_head: Head
    sounds_head: Head
    calibration: Calibration
    tokens: Matrix
    """What the encoder hears most often."""

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], encoder: Encode = encode) -> IntentModel:
        """Trained on messages and their variations; everything is also learned as pinyin."""
        readings, varied = [read(text) for text in texts], [read(vary(text)) for text in texts]
        names = np.array(labels)
        words, sounds = WordFeatures.fit(readings), SoundFeatures.fit(readings)
        rows = words.rows(readings + varied, encoder)
        plain, folds = rows[: len(names)], _folds(names)
        words_head, sounds_head, *validators = Parallel(n_jobs=_PROCESSES, max_nbytes=None)(
            [
                delayed(Head.fit)(rows, np.concatenate([names, names])),
                delayed(Head.fit)(sounds.rows(readings), names),
                *(delayed(Head.fit)(plain[seen], names[seen], quick=True) for seen, _ in folds),
            ]
        )
        calibration = _cross_validated(plain, names, folds, validators)
        tokens = usual_tokens(spell_out(r.words) for r in readings if not r.in_pinyin)
        return cls(words, sounds, words_head, sounds_head, calibration, tokens)

    @property
    def threshold(self) -> float:
        """The least probability to believe."""
        return self.calibration.threshold

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Every intent this model can name, out of scope last."""
        return (*self.words_head.intents.labels, OUT_OF_SCOPE)

    def probabilities(self, reading: Reading) -> Matrix:
        """One probability for each of `labels`; a long message is also read clause by clause."""
        parts = clauses.split(reading.words) if clauses.is_long(reading.words) else []
        if len(parts) < 2:
            return np.asarray(self._of_readings([reading])[0])
        each = self._of_readings([reading, *(reading.part(part) for part in parts)])
        return _weigh(each[0], each[1:])

    def rank(self, text: str) -> list[tuple[str, float]]:
        """Every intent with its probability, likeliest first."""
        return self.ranking(read(text))

    def ranking(self, reading: Reading) -> list[tuple[str, float]]:
        """What `rank` gives for a message that is read already."""
        chances = self.probabilities(reading)
        return [(self.labels[column], float(chances[column])) for column in np.argsort(-chances)]

    def _of_readings(self, readings: list[Reading]) -> Matrix:
        if readings[0].in_pinyin:
            scores = self.sounds_head.scores_of(self.sounds.each(readings))
        else:
            scores = self.words_head.scores_of(self.words.each(readings, encode))
        return self.calibration.probabilities(*scores)

    def save(self, folder: Path) -> None:
        """Written as one npz of arrays and one json of names."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Matrix] = {}
        names: dict[str, object] = {"calibration": asdict(self.calibration)}
        for name, grams in self._ngrams().items():
            names[name] = {"shape": grams.shape, "vocabulary": grams.vocabulary}
            arrays[name] = grams.rarity.astype(np.float32)
        for name, linear in self._linear_models().items():
            names[name] = linear.labels
            arrays[f"{name}.weights"] = linear.weights.astype(np.float16)
            arrays[f"{name}.offsets"] = linear.offsets
        np.savez(folder / "weights.npz", tokens=self.tokens, **arrays)
        (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """What `save` wrote."""
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:

            def grams(name: str) -> NGrams:
                return NGrams.restore(names[name]["vocabulary"], arrays[name], names[name]["shape"])

            def linear(name: str) -> LinearModel:
                weights = arrays[f"{name}.weights"].astype(np.float32)
                return LinearModel(tuple(names[name]), weights, arrays[f"{name}.offsets"])

            return cls(
                WordFeatures(grams("characters"), grams("word_syllables")),
                SoundFeatures(grams("syllables"), grams("letters")),
                Head.packed(linear("words.intents"), linear("words.gate")),
                Head.packed(linear("sounds.intents"), linear("sounds.gate")),
                Calibration(**names["calibration"]),
                arrays["tokens"],
            )

    def _ngrams(self) -> dict[str, NGrams]:
        return {
            "characters": self.words.characters,
            "word_syllables": self.words.syllables,
            "syllables": self.sounds.syllables,
            "letters": self.sounds.letters,
        }

    def _linear_models(self) -> dict[str, LinearModel]:
        return {
            "words.intents": self.words_head.intents,
            "words.gate": self.words_head.gate,
            "sounds.intents": self.sounds_head.intents,
            "sounds.gate": self.sounds_head.gate,
        }


def _folds(labels: Matrix) -> Folds:
    """What each validating model sees, and what it is asked."""
    splits = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    return list(splits.split(np.zeros(len(labels)), labels))


def _cross_validated(rows: csr_matrix, labels: Matrix, folds: Folds, heads: Sequence[Head]) -> Calibration:
    """The calibration on messages scored by models that were trained without them."""
    columns = {name: column for column, name in enumerate(sorted(set(labels) - {OUT_OF_SCOPE}))}
    intents, gate = np.zeros((len(labels), len(columns))), np.zeros(len(labels))
    for (_, unseen), head in zip(folds, heads, strict=True):
        intents[unseen], outside = head.scores(rows[unseen])
        gate[unseen] = outside.ravel()
    truth = np.array([columns.get(name, 0) for name in labels])
    return Calibration.fit(intents, gate, truth, labels != OUT_OF_SCOPE, _ACCEPTED)


def _weigh(whole: Matrix, parts: Matrix) -> Matrix:
    """The whole story, its strongest clause and its last one, where the question usually is."""
    strongest = parts.max(axis=0)
    mixed = _WHOLE * whole + _STRONGEST * strongest / strongest.sum() + _LAST * parts[-1]
    return np.asarray(mixed)
