"""Phrases that say their own names."""

from __future__ import annotations

from typing import Any

from bot.messages import Button, Reply


class NamedPhrases:
    """Says the name of what it should say, with the values; `buttons` go with their names."""

    def __init__(self, buttons: dict[str, tuple[Button, ...]] | None = None) -> None:
        self.buttons = buttons or {}

    def say(self, name: str, language: str, /, **values: Any) -> Reply:
        said = [name, *(f"{key}={value}" for key, value in values.items())]
        if language != "zh":
            said.append(language)
        return Reply(text=" ".join(said), buttons=self.buttons.get(name, ()))
