"""Logistic regression kept as two plain arrays, so that a trained model is data and not code."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from bot.dialogue.nlu.matrix import Matrix


@dataclass(frozen=True)
class LinearModel:
    """Scores for each label: a weight per feature and an offset."""

    labels: tuple[str, ...]
    weights: Matrix
    offsets: Matrix

    @classmethod
    def fit(cls, features: csr_matrix, labels: Matrix, strength: float, quick: bool = False) -> LinearModel:
        """Trained with inverse regularisation `strength`, every label counting alike; `quick` stops early."""
        regression = LogisticRegression(
            C=strength, max_iter=45 if quick else 80, tol=1e-2, class_weight="balanced"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(features, labels)
        return cls(
            tuple(str(label) for label in regression.classes_),
            regression.coef_.astype(np.float32),
            regression.intercept_.astype(np.float32),
        )

    def scores(self, features: csr_matrix) -> Matrix:
        """A row per message, a column per label; for two labels one column, for the second."""
        return np.asarray(features @ self._columns + self.offsets)

    @cached_property
    def _columns(self) -> Matrix:
        """The weights as sparse rows are multiplied fastest."""
        return np.ascontiguousarray(self.weights.T)


def softmax(scores: Matrix) -> Matrix:
    """Probabilities from scores, row by row."""
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def sigmoid(scores: Matrix) -> Matrix:
    """Probability from a score."""
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))))
