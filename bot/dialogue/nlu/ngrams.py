"""Weighted n-grams of characters or words (TF-IDF), kept as a vocabulary and an array.

Training weighs all its texts at once with scikit-learn. That takes half a millisecond for a single text, so
messages are weighed here; a test holds the two together.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.dialogue.nlu.matrix import Matrix

_BLANKS = re.compile(r"\s\s+")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class NGrams:
    """Turns texts into rows of unit length over the n-grams seen in training."""

    vocabulary: list[str]
    """The n-grams in the order of their columns."""
    rarity: Matrix
    """The inverse document frequency of each column."""
    unit: str
    shortest: int
    longest: int
    fitted: TfidfVectorizer | None = None

    @classmethod
    def fit(cls, texts: list[str], unit: str, shortest: int, longest: int, seen: int = 1) -> NGrams:
        """The n-grams of `unit` ("char" or "word") that occur in at least `seen` texts."""
        fitted = _vectorizer(unit, shortest, longest, min_df=seen).fit(texts)
        grams = [str(gram) for gram in fitted.get_feature_names_out()]
        return cls(grams, np.asarray(fitted.idf_), unit, shortest, longest, fitted)

    @classmethod
    def restore(cls, vocabulary: list[str], rarity: Matrix, shape: list[str | int]) -> NGrams:
        """What `vocabulary`, `rarity` and `shape` described."""
        unit, shortest, longest = str(shape[0]), int(shape[1]), int(shape[2])
        return cls(vocabulary, rarity.astype(np.float64), unit, shortest, longest)

    @property
    def shape(self) -> list[str | int]:
        """Unit, shortest and longest n-gram."""
        return [self.unit, self.shortest, self.longest]

    def rows(self, texts: list[str]) -> csr_matrix:
        """One row per text."""
        return (self.fitted or self._restored()).transform(texts)

    def row(self, text: str) -> tuple[Matrix, Matrix]:
        """The columns of one text's n-grams, in no order, and what each weighs there."""
        counts = Counter(map(self._columns.get, self._grams(text)))
        counts.pop(None, None)
        columns = np.fromiter(counts, np.intp, len(counts))
        often = np.fromiter(counts.values(), np.float32, len(counts))
        weights = (np.log(often) + 1) * self.rarity[columns]
        return columns, weights / (np.sqrt(weights @ weights) or 1.0)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {gram: column for column, gram in enumerate(self.vocabulary)}

    def _grams(self, text: str) -> list[str]:
        sizes = range(self.shortest, self.longest + 1)
        if self.unit == "char":
            text = _BLANKS.sub(" ", text)
            return [text[start : start + size] for size in sizes for start in range(len(text) - size + 1)]
        words = _WORD.findall(text)
        return [
            " ".join(words[start : start + size]) for size in sizes for start in range(len(words) - size + 1)
        ]

    def _restored(self) -> TfidfVectorizer:
        vectorizer = _vectorizer(self.unit, self.shortest, self.longest, vocabulary=self.vocabulary)
        vectorizer.idf_ = self.rarity
        return vectorizer


def _vectorizer(unit: str, shortest: int, longest: int, **options: object) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=unit,
        ngram_range=(shortest, longest),
        token_pattern=r"\S+" if unit == "word" else None,
        lowercase=False,
        sublinear_tf=True,
        dtype=np.float32,
        **options,
    )
