"""Readings as rows of numbers: character and syllable n-grams, and the meaning of the sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack

from bot.dialogue.nlu.matrix import Matrix
from bot.dialogue.nlu.ngrams import NGrams
from bot.dialogue.nlu.normalise import spell_out
from bot.dialogue.nlu.reading import Reading

Encode = Callable[[list[str]], Matrix]


@dataclass(frozen=True)
class Row:
    """One reading: what its n-grams weigh in their columns, and its meaning, which fills the last columns."""

    columns: Matrix
    weights: Matrix
    meaning: Matrix | None = None

    @classmethod
    def of(cls, one: tuple[Matrix, Matrix], other: tuple[Matrix, Matrix], places: int, **more: Matrix) -> Row:
        """Two kinds of n-grams side by side; the first has so many places."""
        columns = np.concatenate([one[0], other[0] + places])
        return cls(columns, np.concatenate([one[1], other[1]]), **more)


@dataclass(frozen=True)
class WordFeatures:
    """What hanzi and English are compared by: characters, meaning, and sounds against homophones."""

    characters: NGrams
    syllables: NGrams

    @classmethod
    def fit(cls, readings: list[Reading]) -> WordFeatures:
        """The n-grams of the training messages."""
        return cls(
            NGrams.fit([r.words for r in readings], "char", 1, 4, seen=2),
            NGrams.fit([r.sounds for r in readings], "word", 1, 3, seen=2),
        )

    def each(self, readings: list[Reading], encode: Encode) -> list[Row]:
        """What `rows` gives, reading by reading."""
        meanings = encode([spell_out(r.words) for r in readings])
        places = len(self.characters.vocabulary)
        return [
            Row.of(self.characters.row(r.words), self.syllables.row(r.sounds), places, meaning=meaning)
            for r, meaning in zip(readings, meanings, strict=True)
        ]

    def rows(self, readings: list[Reading], encode: Encode) -> csr_matrix:
        """One row per reading."""
        meaning = encode([spell_out(r.words) for r in readings])
        return hstack(
            [
                self.characters.rows([r.words for r in readings]),
                self.syllables.rows([r.sounds for r in readings]),
                csr_matrix(meaning),
            ],
            format="csr",
        )


@dataclass(frozen=True)
class SoundFeatures:
    """What pinyin is compared by: syllables, and letters in case they were cut wrongly."""

    syllables: NGrams
    letters: NGrams

    @classmethod
    def fit(cls, readings: list[Reading]) -> SoundFeatures:
        """The n-grams of the training messages."""
        return cls(
            NGrams.fit([r.sounds for r in readings], "word", 1, 3, seen=2),
            NGrams.fit([r.letters for r in readings], "char", 3, 5, seen=3),
        )

    def each(self, readings: list[Reading]) -> list[Row]:
        """What `rows` gives, reading by reading."""
        places = len(self.syllables.vocabulary)
        return [Row.of(self.syllables.row(r.sounds), self.letters.row(r.letters), places) for r in readings]

    def rows(self, readings: list[Reading]) -> csr_matrix:
        """One row per reading."""
        syllables = self.syllables.rows([r.sounds for r in readings])
        return hstack([syllables, self.letters.rows([r.letters for r in readings])], format="csr")
