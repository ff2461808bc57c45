"""What the whole suite shares: the model, trained once, and the dialogue on it, loaded once."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from bot.logs import configure_logs
from bot.settings import load_settings

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue


# Each run on a developer's machine looks for new cases; CI judges a change by the same ones every time.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


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
