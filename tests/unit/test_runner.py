"""What is said at the start, before anything listens."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.dialogue import tensorflow_free

tensorflow_free.install()

from bot import runner  # noqa: E402
from bot.settings import Settings, load_settings  # noqa: E402


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(settings: Settings) -> int:
        return 0

    monkeypatch.setattr(runner, "_run", ended)
    monkeypatch.setattr(runner.uvloop, "install", lambda: None)


@pytest.mark.parametrize(("public_url", "times"), [("", 1), ("https://help.example", 0)])
def test_links_that_open_on_this_machine_only_are_warned_of_once(public_url: str, times: int) -> None:
    settings = load_settings(telegram_bot_token="1:a", public_url=public_url)
    with capture_logs() as logged:
        assert runner.run(settings) == 0
    warned = [entry for entry in logged if entry["event"] == "links_open_on_this_machine_only"]
    assert len(warned) == times
    assert all(entry["set"] == "PUBLIC_URL" for entry in warned)


def test_the_garbage_collector_that_paused_for_the_start_works_once_the_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = tmp_path / "model.tar.gz"
    model.touch()
    monkeypatch.setattr(runner, "model_path", lambda _: model)
    monkeypatch.setattr(runner.RasaDialogue, "load", lambda path: path)
    gc.disable()
    try:
        assert runner._load(load_settings()) == model
        assert gc.isenabled()
    finally:
        gc.enable()
