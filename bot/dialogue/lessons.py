"""Learning from what was not understood: list it, label it, and the next training takes it in.

Messages were masked before they were stored. A label is appended to the data file of its intent, so that
what the model learns from can be read, reviewed and taken back like any other change.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Optional

from bot.dialogue.nlu.normalise import normalise
from bot.errors import InvalidInput, NotFound
from bot.settings import ROOT, Settings
from bot.storage.database import migrate, open_database
from bot.storage.misunderstandings import Misunderstanding
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory

DATA = ROOT / "nlu_data" / "nlu"
SIMILAR = 0.5
GRAM = 2
LABELLED_BY = "command line"
LISTED = "\t{id}\t{text}\n\t\tguessed {guess} or {runner_up}, {confidence:.2f}, {cause}\n"


@dataclass(frozen=True)
class Group:
    """Misunderstood messages that say much the same, newest first."""

    members: tuple[Misunderstanding, ...]


def grouped(misunderstandings: Iterable[Misunderstanding]) -> list[Group]:
    """The messages in groups of similar ones (overlap of character pairs), largest group first."""
    groups: list[list[Misunderstanding]] = []
    for one in misunderstandings:
        home = next((group for group in groups if _similar(one.text, group[0].text)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return [Group(tuple(group)) for group in sorted(groups, key=len, reverse=True)]


def append_example(text: str, intent: str, data: Path = DATA) -> Path:
    """Adds the text to its intent's examples; returns the file. Raises InvalidInput for an unknown intent."""
    line = " ".join(text.split())
    for path in sorted(data.glob("*.yml")):
        written = _with_example(path.read_text(encoding="utf-8"), line, intent)
        if written is not None:
            path.write_text(written, encoding="utf-8")
            return path
    raise InvalidInput("unknown_intent", f"no examples of {intent!r} in {data}")


async def teach(work: UnitOfWork, misunderstanding_id: int, intent: str, by: str, data: Path = DATA) -> Path:
    """Labels one message and adds it to the training data; commits. Raises NotFound and InvalidInput."""
    found = await work.misunderstandings.get(misunderstanding_id)
    if found is None:
        raise NotFound(f"no misunderstood message {misunderstanding_id}")
    if found.label is not None:
        raise InvalidInput("already_labelled", f"{misunderstanding_id} is labelled {found.label} already")
    path = append_example(found.text, intent, data)
    work.misunderstandings.label(misunderstanding_id, intent, by)
    await work.commit()
    return path


async def command(settings: Settings, arguments: argparse.Namespace) -> int:
    """`python -m bot nlu review` and `… nlu label ID INTENT`."""
    engine = open_database(settings.database_url)
    try:
        await migrate(engine)
        async with UnitOfWorkFactory(engine)() as work:
            if arguments.action == "review":
                return await _review(work, arguments.limit)
            path = await teach(work, arguments.id, arguments.intent, LABELLED_BY)
            sys.stdout.write(f"added to {path.relative_to(ROOT)}; `make train` takes it in\n")
            return 0
    finally:
        await engine.dispose()


async def _review(work: UnitOfWork, limit: int) -> int:
    groups = grouped(await work.misunderstandings.unlabelled(limit))
    if not groups:
        sys.stdout.write("nothing to review: every message was understood or labelled\n")
    for number, group in enumerate(groups, start=1):
        sys.stdout.write(f"group {number}: {len(group.members)} message(s)\n")
        for one in group.members:
            sys.stdout.write(LISTED.format(**vars(one)))
    return 0


def _with_example(content: str, line: str, intent: str) -> Optional[str]:
    block = re.search(
        rf"^- intent: {re.escape(intent)}\n(?P<indent> +)examples: \|\n"
        r"(?P<examples>(?:(?P=indent) +- .*\n?)+)",
        content,
        re.MULTILINE,
    )
    if block is None:
        return None
    examples = block["examples"].rstrip("\n") + "\n"
    if any(known.strip() == f"- {line}" for known in examples.splitlines()):
        return content
    added = f"{examples}{block['indent']}  - {line}\n"
    return content[: block.start("examples")] + added + content[block.end("examples") :]


def _similar(one: str, other: str) -> bool:
    first, second = _grams(one), _grams(other)
    if not first or not second:
        return first == second
    return len(first & second) / min(len(first), len(second)) >= SIMILAR


def _grams(text: str) -> set[str]:
    plain = normalise(text).replace(" ", "")
    return {plain[i : i + GRAM] for i in range(max(1, len(plain) - GRAM + 1))} if plain else set()
