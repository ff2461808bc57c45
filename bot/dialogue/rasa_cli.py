"""Rasa's own command line, for this project: `python -m bot.dialogue.rasa_cli train|shell|test|run …`."""

from __future__ import annotations

import os
import sys

from bot.dialogue import tensorflow_free


def main() -> None:
    """Run Rasa's command line without TensorFlow, with the project's own components importable."""
    tensorflow_free.install()
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    sys.path.insert(0, os.getcwd())
    from rasa.__main__ import main as rasa_main

    rasa_main()


if __name__ == "__main__":
    main()
