"""A ticket's log in plain words: one sentence for each thing that somebody did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Mapping

from bot.channels.words import Words
from bot.clock import SHANGHAI
from bot.console.pages import fact_words
from bot.tickets.model import TicketNote
from bot.tickets.service import COMES

IN_THE_SENTENCE = ("tagged", "untagged", "overdue")
"""Whose note is part of the sentence."""


@dataclass(frozen=True)
class Told:
    """One entry: when, a sentence, and the agent's own words beside it."""

    at: datetime
    sentence: str
    words: str


def told(words: Words, entries: list[TicketNote], names: Mapping[str, str]) -> list[Told]:
    """The entries in words; `names` are the agents' by their login names."""
    return [Told(one.at, _sentence(words, one, names), _own_words(words, one)) for one in entries]


def _sentence(words: Words, entry: TicketNote, names: Mapping[str, str]) -> str:
    actor = words.of("actor", names.get(entry.actor, entry.actor))
    sentences = words.within("history")
    if entry.action not in sentences:
        return words("history.other", actor=actor, done=words.of("done", entry.action))
    values = {name: _value(words, name, value, names) for name, value in entry.data.items()}
    known = {"actor": actor, "note": entry.note, "promise": words.of("alerts.promise", entry.note), **values}
    return sentences[entry.action].format_map(_Known(known))


def _own_words(words: Words, entry: TicketNote) -> str:
    if entry.action in IN_THE_SENTENCE:
        return ""
    return words.of("reason", entry.note) if entry.action in COMES else entry.note


def _value(words: Words, name: str, value: str, names: Mapping[str, str]) -> str:
    if name in ("to", "from"):
        return names.get(value, words.of("priority", value)) if value else words("inbox.tab.unassigned")
    if name == "promise":
        return words.of("alerts.promise", value)
    if name == "until":
        return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%m-%d %H:%M}"
    if name.endswith("_fen"):
        return fact_words(words, name, value)
    return words.of(name, value)


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "—"
