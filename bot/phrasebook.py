"""The words of `nlu_data/domain/`, for what is said outside a dialogue turn (agents, watches, limits)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Protocol

import yaml

from bot.messages import Author, Button, Reply
from bot.settings import ROOT

DOMAIN = ROOT / "nlu_data" / "domain"


class Phrases(Protocol):
    """Says a named response in a language."""

    def say(self, name: str, language: str, **values: Any) -> Reply: ...


class Phrasebook:
    """Named responses in every language, as Rasa reads them: the variant whose condition names the language.

    A variant without a condition is Chinese. Raises KeyError for a name that the domain does not have.
    """

    def __init__(self, responses: Mapping[str, list[dict[str, Any]]]) -> None:
        self._variants = {
            (name, _language(variant)): variant for name, variants in responses.items() for variant in variants
        }

    @classmethod
    def load(cls, folder: Path = DOMAIN) -> "Phrasebook":
        """Reads every file of the domain folder."""
        responses: dict[str, list[dict[str, Any]]] = {}
        for path in sorted(folder.glob("*.yml")):
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            responses.update(content.get("responses") or {})
        return cls(responses)

    def say(self, name: str, language: str, author: Author = Author.BOT, **values: Any) -> Reply:
        """The named response with `{placeholders}` filled from `values`."""
        variant = self._variants.get((name, language)) or self._variants[(name, "zh")]
        buttons = tuple(
            Button(_fill(button["title"], values), _fill(button["payload"], values))
            for button in variant.get("buttons", ())
        )
        return Reply(text=_fill(variant["text"], values).strip(), buttons=buttons, author=author)


def _language(variant: Mapping[str, Any]) -> str:
    for condition in variant.get("condition", ()):
        if condition.get("name") == "language":
            return str(condition["value"])
    return "zh"


def _fill(text: str, values: Mapping[str, Any]) -> str:
    # Not str.format: payloads carry JSON braces of their own.
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text
