"""Canned answers (常用语): texts that agents send often, with variables that are filled in when chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Mapping, Optional, Protocol

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.reading import clean

LANGUAGES = ("zh", "en")
VARIABLES = ("resident", "agent", "ticket", "serial_tail", "expected_by")
VARIABLE = re.compile(r"\{(\w+)\}")
SHORTCUT = re.compile(r"[a-z0-9一-鿿_-]{1,24}")
TITLE_MAX_CHARS = 30
TEXT_MAX_CHARS = 1500


@dataclass(frozen=True)
class CannedAnswer:
    """One answer; `texts` by the resident's language, Chinese always there. `id` 0 before it is stored."""

    id: int
    shortcut: str
    title: str
    texts: Mapping[str, str]
    updated_at: datetime
    updated_by: str
    version: int

    def text(self, language: str) -> str:
        """The text in this language, else in Chinese."""
        return self.texts.get(language) or self.texts["zh"]

    def matches(self, words: str) -> bool:
        """True when every word is somewhere in it."""
        whole = " ".join([self.shortcut, self.title, *self.texts.values()]).lower()
        return all(word in whole for word in words.lower().split())


class CannedAnswerStore(Protocol):
    """What the service needs stored."""

    async def all(self) -> list[CannedAnswer]: ...
    async def get(self, answer_id: int) -> Optional[CannedAnswer]: ...
    def add(self, answer: CannedAnswer) -> None: ...
    def change(self, answer: CannedAnswer) -> None: ...
    def remove(self, answer: CannedAnswer) -> None: ...


class Work(Protocol):
    """One unit of work."""

    @property
    def canned_answers(self) -> CannedAnswerStore: ...


class CannedAnswersService:
    """Makes, changes and removes canned answers in the caller's unit of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def make(self, work: Work, agent: str, shortcut: str, title: str, texts: Mapping[str, str]) -> None:
        """Stages a new answer; `commit` raises Conflict when its shortcut is taken at that moment.

        Raises InvalidInput("bad_shortcut" | "shortcut_taken" | "bad_title" | "text_missing" | "text_too_long"
        | "unknown_variable").
        """
        answer = self._checked(0, agent, shortcut, title, texts, 0)
        await _refuse_taken(work, answer)
        work.canned_answers.add(answer)

    async def change(
        self,
        work: Work,
        agent: str,
        answer_id: int,
        version: int,
        shortcut: str,
        title: str,
        texts: Mapping[str, str],
    ) -> None:
        """Stages a changed answer; `commit` raises Conflict when it was changed since `version`.

        Raises NotFound, and InvalidInput as `make` does.
        """
        await _existing(work, answer_id)
        answer = self._checked(answer_id, agent, shortcut, title, texts, version)
        await _refuse_taken(work, answer)
        work.canned_answers.change(answer)

    async def remove(self, work: Work, answer_id: int) -> CannedAnswer:
        """Stages the end of an answer; returns it. Raises NotFound."""
        answer = await _existing(work, answer_id)
        work.canned_answers.remove(answer)
        return answer

    def _checked(
        self, answer_id: int, agent: str, shortcut: str, title: str, texts: Mapping[str, str], version: int
    ) -> CannedAnswer:
        shortcut, title = shortcut.strip().lstrip("/").lower(), clean(title)
        said = {language: clean(texts.get(language, ""), keep="\n") for language in LANGUAGES}
        if not SHORTCUT.fullmatch(shortcut):
            raise InvalidInput("bad_shortcut")
        if not 0 < len(title) <= TITLE_MAX_CHARS:
            raise InvalidInput("bad_title")
        if not said["zh"]:
            raise InvalidInput("text_missing")
        if any(len(text) > TEXT_MAX_CHARS for text in said.values()):
            raise InvalidInput("text_too_long")
        if any(set(VARIABLE.findall(text)) - set(VARIABLES) for text in said.values()):
            raise InvalidInput("unknown_variable")
        kept = {language: text for language, text in said.items() if text}
        return CannedAnswer(answer_id, shortcut, title, kept, self._clock.now(), agent, version)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled; one without a value stays as it is, for the agent to see."""
    return VARIABLE.sub(lambda found: values.get(found.group(1)) or found.group(0), text)


def left_open(text: str) -> bool:
    """True when a variable of a canned answer was not filled in."""
    return any(name in VARIABLES for name in VARIABLE.findall(text))


async def _existing(work: Work, answer_id: int) -> CannedAnswer:
    answer = await work.canned_answers.get(answer_id)
    if answer is None:
        raise NotFound(f"canned answer {answer_id}")
    return answer


async def _refuse_taken(work: Work, answer: CannedAnswer) -> None:
    for other in await work.canned_answers.all():
        if other.shortcut == answer.shortcut and other.id != answer.id:
            raise InvalidInput("shortcut_taken")
