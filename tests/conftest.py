"""What the whole suite shares: the model, trained once, and the dialogue on it, loaded once."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.logs import configure_logs
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue


@pytest.fixture(scope="session")
def model() -> Path:
    """The model for today's data; trained now if it is not there."""
    from bot.dialogue.training import train

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Rasa warns of its own age
        return train(load_settings().models_dir)


@pytest.fixture(scope="session")
def dialogue(model: Path) -> RasaDialogue:
    """The dialogue on that model; it keeps nothing between conversations."""
    from bot.dialogue import tensorflow_free

    tensorflow_free.install()
    configure_logs("console", "warning")  # Rasa's own would show every message, slowly
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bot.dialogue.engine import RasaDialogue

        return RasaDialogue.load(model)
