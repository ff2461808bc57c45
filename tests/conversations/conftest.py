"""A help desk for each test, and residents to talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.phrasebook import Phrasebook
from bot.storage.database import migrate, open_database
from tests.conversations.agent import Agent
from tests.conversations.office import Office
from tests.conversations.resident import PHRASES, Resident

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue


@pytest.fixture(scope="session")
async def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and no row, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite"
    engine = open_database(f"sqlite+aiosqlite:///{path}")
    await migrate(engine)
    await engine.dispose()
    return path


@pytest.fixture
async def office(
    dialogue: RasaDialogue, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """The help desk on a database of its own: Tuesday 2026-11-24, 10:30 in Shanghai."""
    # To read the words again for each test would take longer than most tests do.
    monkeypatch.setattr(Phrasebook, "load", lambda: PHRASES)
    office = Office(dialogue, empty_database, tmp_path)
    yield office
    await office.close()


@pytest.fixture
def resident(office: Office) -> Resident:
    """Somebody who paid a fee."""
    return office.resident("wang")


@pytest.fixture
def agent(office: Office) -> Agent:
    """Somebody at the desk."""
    return Agent(office)


@pytest.fixture
def neighbour(office: Office) -> Resident:
    """Somebody else."""
    return office.resident("li")
