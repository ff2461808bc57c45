"""The words of `nlu_data/domain/`, for what is said outside a dialogue turn (agents, watches, limits)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Mapping, Protocol

import yaml

from bot.messages import Button, Reply
from bot.settings import ROOT

DOMAIN = ROOT / "nlu_data" / "domain"
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML has it: ten times as fast, and as safe."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Phrases(Protocol):
    """Says a named response in a language."""

    def say(self, name: str, language: str, /, **values: Any) -> Reply: ...


class Phrasebook:
    """Named responses in every language, as Rasa reads them: the variant whose condition names the language.

    A variant without a condition is Chinese; of several in one language the first is said. Raises KeyError
    for a name that the domain does not have.
    """

    def __init__(self, responses: Mapping[str, list[dict[str, Any]]]) -> None:
        self._variants: dict[tuple[str, str], dict[str, Any]] = {}
        for name, variants in responses.items():
            for variant in variants:
                self._variants.setdefault((name, _language(variant)), variant)

    @classmethod
    def load(cls, folder: Path = DOMAIN) -> "Phrasebook":
        """Reads every file of the domain folder; raises ValueError for a name that two files have."""
        responses: dict[str, list[dict[str, Any]]] = {}
        for path in sorted(folder.glob("*.yml")):
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER) or {}  # noqa: S506
            found = content.get("responses") or {}
            twice = responses.keys() & found.keys()
            if twice:
                raise ValueError(f"{path.name} repeats {', '.join(sorted(twice))}")
            responses.update(found)
        return cls(responses)

    def say(self, name: str, language: str, /, **values: Any) -> Reply:
        """The named response with `{placeholders}` filled from `values`, which may be called anything."""
        variant = self._variants.get((name, language)) or self._variants[(name, "zh")]
        buttons = tuple(
            Button(_fill(button["title"], values), _fill(button["payload"], values))
            for button in variant.get("buttons", ())
        )
        return Reply(text=_fill(variant["text"], values).strip(), buttons=buttons)


def _language(variant: Mapping[str, Any]) -> str:
    for condition in variant.get("condition", ()):
        if condition.get("name") == "language":
            return str(condition["value"])
    return "zh"


def _fill(text: str, values: Mapping[str, Any]) -> str:
    # Not str.format: payloads carry JSON braces of their own. In one go: a value's braces are just text.
    return PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), match.group(0))), text)
