"""Weighted n-grams of characters or words (TF-IDF), kept as a vocabulary and an array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.dialogue.nlu.matrix import Matrix


@dataclass(frozen=True)
class NGrams:
    """Turns texts into rows of unit length over the n-grams seen in training."""

    vectorizer: TfidfVectorizer
    unit: str
    shortest: int
    longest: int

    @classmethod
    def fit(cls, texts: list[str], unit: str, shortest: int, longest: int, seen: int = 1) -> NGrams:
        """The n-grams of `unit` ("char" or "word") that occur in at least `seen` texts."""
        vectorizer = _vectorizer(unit, shortest, longest, min_df=seen)
        return cls(vectorizer.fit(texts), unit, shortest, longest)

    @classmethod
    def restore(cls, vocabulary: list[str], rarity: Matrix, shape: list[str | int]) -> NGrams:
        """What `vocabulary`, `rarity` and `shape` described."""
        unit, shortest, longest = str(shape[0]), int(shape[1]), int(shape[2])
        vectorizer = _vectorizer(unit, shortest, longest, vocabulary=vocabulary)
        vectorizer.idf_ = rarity
        return cls(vectorizer, unit, shortest, longest)

    @property
    def vocabulary(self) -> list[str]:
        """The n-grams in the order of their columns."""
        return [str(gram) for gram in self.vectorizer.get_feature_names_out()]

    @property
    def rarity(self) -> Matrix:
        """The inverse document frequency of each column."""
        return np.asarray(self.vectorizer.idf_)

    @property
    def shape(self) -> list[str | int]:
        """Unit, shortest and longest n-gram."""
        return [self.unit, self.shortest, self.longest]

    def rows(self, texts: list[str]) -> csr_matrix:
        """One row per text."""
        return self.vectorizer.transform(texts)


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
