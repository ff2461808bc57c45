"""The words on buttons and pages (not the bot's replies), one catalogue file a language."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import yaml
from starlette.requests import Request

from bot.phrasebook import SAFE_LOADER

LANGUAGES = ("zh", "en")


class Words:
    """A language's words by dotted name; a missing one raises KeyError, so that a test finds it."""

    def __init__(self, language: str, words: Mapping[str, Any]) -> None:
        self.language = language
        self._words = dict(_flat(words))

    def __call__(self, name: str, /, **values: Any) -> str:
        """The words under `name` with `{placeholders}` filled."""
        text = self._words[name]
        return text.format(**values) if values else text

    def of(self, family: str, value: str) -> str:
        """The words for a value of a family, or the value itself when the catalogue does not know it."""
        return self._words.get(f"{family}.{value}", value)

    def within(self, family: str) -> dict[str, str]:
        """All words of a family, by the rest of their names."""
        start = family + "."
        return {name[len(start) :]: text for name, text in self._words.items() if name.startswith(start)}

    @property
    def names(self) -> set[str]:
        """Every name, for comparing languages."""
        return set(self._words)


def load_words(folder: Path) -> dict[str, Words]:
    """The catalogue of each language from `<folder>/<language>.yml`."""
    return {language: Words(language, _read(folder / f"{language}.yml")) for language in LANGUAGES}


def chosen_language(request: Request, cookie: str, by_browser: bool = True) -> str:
    """`?lang=`, else the cookie, else the browser's first choice, else Chinese."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(cookie)):
        if wanted in LANGUAGES:
            return str(wanted)
    first = request.headers.get("accept-language", "")[:2].lower()
    return first if by_browser and first in LANGUAGES else "zh"


def _read(path: Path) -> Mapping[str, Any]:
    words: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506
    return words


def _flat(words: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in words.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", str(value)))
    return found
