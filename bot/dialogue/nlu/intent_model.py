"""Which intent a message has, and how sure that is: two readers, each with a gate before it.

A reader is a logistic regression over the in-scope intents; its gate says whether the message is in
scope at all. Hanzi and English go to one reader, toneless pinyin to the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from bot.dialogue.nlu import clauses
from bot.dialogue.nlu.features import Encode, SoundFeatures, WordFeatures
from bot.dialogue.nlu.linear_model import LinearModel, sigmoid, softmax
from bot.dialogue.nlu.ngrams import NGrams
from bot.dialogue.nlu.reading import Reading, read
from bot.dialogue.nlu.sentence_encoder import encode

OUT_OF_SCOPE = "out_of_scope"
_STRENGTH = 20.0
_GATE_STRENGTH = 10.0
_WHOLE_WEIGHT = 0.5


@dataclass(frozen=True)
class Head:
    """The gate and the intents over one set of features."""

    intents: LinearModel
    gate: LinearModel

    @classmethod
    def fit(cls, rows: csr_matrix, labels: Sequence[str]) -> Head:
        """The gate learns from everything, the intents from what is in scope."""
        inside = np.array([label != OUT_OF_SCOPE for label in labels])
        scope = ["in" if yes else "out" for yes in inside]
        chosen = [label for label, yes in zip(labels, inside, strict=True) if yes]
        intents = LinearModel.fit(rows[np.flatnonzero(inside)], chosen, _STRENGTH, balanced=True)
        return cls(intents, LinearModel.fit(rows, scope, _GATE_STRENGTH, balanced=True))

    def probabilities(self, rows: csr_matrix, temperature: float) -> np.ndarray:
        """A row per message: every intent, then out of scope."""
        outside = sigmoid(self.gate.scores(rows))
        intents = softmax(self.intents.scores(rows) / temperature) * (1 - outside)
        return np.hstack([intents, outside])


@dataclass(frozen=True)
class IntentModel:
    """Ranks the intents of a message; knows from which confidence on to believe it."""

    words: WordFeatures
    sounds: SoundFeatures
    words_head: Head
    sounds_head: Head
    temperature: float = 1.0
    threshold: float = 0.35

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], encoder: Encode = encode) -> IntentModel:
        """Trained on messages with their intents; everything is also learned as pinyin."""
        readings = [read(text) for text in texts]
        words = WordFeatures.fit(readings)
        sounds = SoundFeatures.fit(readings)
        return cls(
            words,
            sounds,
            Head.fit(words.rows(readings, encoder), labels),
            Head.fit(sounds.rows(readings), labels),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Every intent this model can name, out of scope last."""
        return (*self.words_head.intents.labels, OUT_OF_SCOPE)

    def probabilities(self, text: str) -> np.ndarray:
        """One probability for each of `labels`; a long message is also read clause by clause."""
        reading = read(text)
        parts = clauses.split(reading.words) if clauses.is_long(reading.words) else []
        if reading.in_pinyin or len(parts) < 2:
            return self._of_readings([reading])[0]
        each = self._of_readings([reading, *(read(part) for part in parts)])
        return _decide(each[0], each[1:])

    def rank(self, text: str) -> list[tuple[str, float]]:
        """Every intent with its probability, likeliest first."""
        chances = self.probabilities(text)
        return [(self.labels[column], float(chances[column])) for column in np.argsort(-chances)]

    def _of_readings(self, readings: list[Reading]) -> np.ndarray:
        if readings[0].in_pinyin:
            return self.sounds_head.probabilities(self.sounds.rows(readings), self.temperature)
        return self.words_head.probabilities(self.words.rows(readings, encode), self.temperature)

    def save(self, folder: Path) -> None:
        """Written as one npz of arrays and one json of names."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, np.ndarray] = {}
        names: dict[str, object] = {"temperature": self.temperature, "threshold": self.threshold}
        for name, grams in self._ngrams().items():
            names[name] = {"shape": grams.shape, "vocabulary": grams.vocabulary}
            arrays[name] = grams.rarity.astype(np.float32)
        for name, linear in self._linear_models().items():
            names[name] = linear.labels
            arrays[f"{name}.weights"], arrays[f"{name}.offsets"] = linear.weights, linear.offsets
        np.savez(folder / "weights.npz", **arrays)
        (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """What `save` wrote."""
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:

            def grams(name: str) -> NGrams:
                return NGrams.restore(names[name]["vocabulary"], arrays[name], names[name]["shape"])

            def linear(name: str) -> LinearModel:
                return LinearModel(tuple(names[name]), arrays[f"{name}.weights"], arrays[f"{name}.offsets"])

            return cls(
                WordFeatures(grams("characters"), grams("word_syllables")),
                SoundFeatures(grams("syllables"), grams("letters")),
                Head(linear("words.intents"), linear("words.gate")),
                Head(linear("sounds.intents"), linear("sounds.gate")),
                temperature=names["temperature"],
                threshold=names["threshold"],
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


def _decide(whole: np.ndarray, parts: np.ndarray) -> np.ndarray:
    decisive = parts[parts[:, :-1].max(axis=1).argmax()]
    return _WHOLE_WEIGHT * whole + (1 - _WHOLE_WEIGHT) * decisive


