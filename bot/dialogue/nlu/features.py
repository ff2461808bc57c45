"""Readings as rows of numbers: character and syllable n-grams, and the meaning of the sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scipy.sparse import csr_matrix, hstack

from bot.dialogue.nlu.matrix import Matrix
from bot.dialogue.nlu.ngrams import NGrams
from bot.dialogue.nlu.normalise import spell_out
from bot.dialogue.nlu.reading import Reading

Encode = Callable[[list[str]], Matrix]


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

    def rows(self, readings: list[Reading]) -> csr_matrix:
        """One row per reading."""
        syllables = self.syllables.rows([r.sounds for r in readings])
        return hstack([syllables, self.letters.rows([r.letters for r in readings])], format="csr")
