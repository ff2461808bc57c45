"""The model file appears whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.dialogue import training
from bot.errors import Bug


def test_a_training_that_fails_leaves_the_model_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = training.model_path(tmp_path)
    model.write_bytes(b"yesterday's")

    def breaks(path: Path) -> int:
        path.write_bytes(b"half a mo")
        return 1

    monkeypatch.setattr(training, "_train_with_rasa", breaks)
    with pytest.raises(Bug):
        training.train(tmp_path, force=True)
    assert model.read_bytes() == b"yesterday's"
    assert {path.name for path in tmp_path.iterdir()} == {model.name, "train.log", ".lock"}


def test_two_who_start_at_once_train_once_and_see_a_whole_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Path] = []
    both = threading.Barrier(2, timeout=30)

    def trains(path: Path) -> int:
        trained.append(path)
        path.write_bytes(b"a model")
        return 0

    def starts() -> None:
        both.wait()
        assert training.train(tmp_path).read_bytes() == b"a model"

    monkeypatch.setattr(training, "_train_with_rasa", trains)
    threads = [threading.Thread(target=starts) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(trained) == 1
