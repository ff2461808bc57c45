"""Locks beside a SQLite file end with the process that has them, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.bootstrap import build_house
from bot.errors import Unavailable
from bot.messages import Contact
from bot.settings import load_settings
from bot.storage.beside import beside
from bot.storage.database import open_database
from bot.storage.leadership import FileLeadership
from bot.storage.outbox_queue import queue_for
from bot.storage.turnstile import FileTurnstile
from tests.fakes.house import FakeHouse

SOON = 0.02
PATIENCE = 20.0
CONVERSATION = 7
HOLDS = """
import asyncio, sys
from pathlib import Path
from bot.storage.leadership import FileLeadership
from bot.storage.turnstile import FileTurnstile

async def at_it():
    print("at it", flush=True)
    await asyncio.Event().wait()

async def hold():
    async with FileTurnstile(Path(sys.argv[2])).one_at_a_time(int(sys.argv[3])):
        await at_it()

async def lead():
    await FileLeadership(Path(sys.argv[2])).lead(sys.argv[3], at_it)

asyncio.run({"hold": hold, "lead": lead}[sys.argv[1]]())
"""


@contextlib.contextmanager
def other_process(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, *map(str, words)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert "at it\n" in process.stdout  # after what it logs
        yield process
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock is."""
    return tmp_path / "some.sqlite.lock"


@pytest.fixture
async def turnstile(path: Path) -> AsyncIterator[FileTurnstile]:
    """This process's."""
    opened = FileTurnstile(path, PATIENCE)
    yield opened
    await opened.aclose()


async def passes(turnstile: FileTurnstile, conversation_id: int, seconds: float = 0.2) -> bool:
    """True when it is let through in that time."""

    async def through() -> bool:
        async with turnstile.one_at_a_time(conversation_id):
            return True

    try:
        return await asyncio.wait_for(through(), seconds)
    except asyncio.TimeoutError:
        return False


async def test_a_conversation_is_held_until_the_other_process_is_killed(
    path: Path, turnstile: FileTurnstile
) -> None:
    with other_process("hold", path, CONVERSATION) as other:
        assert not await passes(turnstile, CONVERSATION)
        assert await passes(turnstile, CONVERSATION + 1)
        other.send_signal(signal.SIGKILL)
        assert await passes(turnstile, CONVERSATION, PATIENCE / 2)


async def test_every_number_is_held_by_itself(path: Path, turnstile: FileTurnstile) -> None:
    other = FileTurnstile(path)
    for number in (0, 1, -1, 2**40, -(2**32)):
        async with turnstile.one_at_a_time(number):
            for near in (number - 1, number + 1, -number - 1, 2 * number + 3):
                assert await passes(other, near), (number, near)
            assert not await passes(other, number)
    await other.aclose()


async def test_names_are_held_among_processes(path: Path, turnstile: FileTurnstile) -> None:
    other = FileTurnstile(path)
    async with turnstile.by_name("login wangli"), other.by_name("login chenjie"):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(_enter(other, "login wangli"), 0.2)
    await asyncio.wait_for(_enter(other, "login wangli"), 5)
    await other.aclose()


async def _enter(turnstile: FileTurnstile, name: str) -> None:
    async with turnstile.by_name(name):
        pass


async def test_a_file_that_cannot_be_opened_is_trouble_that_passes(tmp_path: Path) -> None:
    turnstile = FileTurnstile(tmp_path / "nowhere" / "lock")
    with pytest.raises(Unavailable):
        async with turnstile.one_at_a_time(CONVERSATION):
            pass
    (tmp_path / "nowhere").mkdir()
    assert await passes(turnstile, CONVERSATION)
    await turnstile.aclose()


async def test_the_next_one_leads_when_the_leader_is_killed(path: Path) -> None:
    leads = asyncio.Event()

    async def work() -> None:
        leads.set()

    with other_process("lead", path, "polling") as other:
        task = asyncio.create_task(FileLeadership(path, SOON).lead("polling", work))
        await asyncio.sleep(10 * SOON)
        assert not leads.is_set()
        other.send_signal(signal.SIGKILL)
        await asyncio.wait_for(task, 10)
    assert leads.is_set()


async def test_who_cannot_open_the_file_stands_by(tmp_path: Path) -> None:
    leads = asyncio.Event()

    async def work() -> None:
        leads.set()

    task = asyncio.create_task(FileLeadership(tmp_path / "nowhere" / "lock", SOON).lead("polling", work))
    await asyncio.sleep(5 * SOON)
    assert not task.done()
    (tmp_path / "nowhere").mkdir()
    await asyncio.wait_for(task, 10)
    assert leads.is_set()


async def test_one_file_has_one_lock_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    engines = [open_database(f"sqlite+aiosqlite:///{tmp_path}/{name}/x.sqlite") for name in ("real", "link")]
    assert {beside(engine, "turnstile") for engine in engines} == {tmp_path / "real" / "x.sqlite.turnstile"}


async def test_who_looks_for_lines_and_finds_none_waits_for_no_writer(house: FakeHouse) -> None:
    queue = queue_for(house.engine, house.work, "one")
    await house.conversation()
    async with house.engine.execution_options(writes=True).connect() as writer, writer.begin():
        assert await asyncio.wait_for(queue.take(house.clock.now(), 10, ()), 2) == []


async def test_the_product_closes_what_it_opened(database_url: str, tmp_path: Path) -> None:
    product = build_house(load_settings(database_url=database_url, secret_key="s" * 16), "http://bureau")
    async with product.work() as work:
        conversation = await work.conversations.open(Contact("telegram", "anna"), product.clock.now(), "zh")
    async with product.turnstile.one_at_a_time(conversation.id):
        assert f"{tmp_path}/helpdesk.sqlite.turnstile" in files_open_in(tmp_path)
    await product.aclose()
    assert files_open_in(tmp_path) == []


def files_open_in(folder: Path) -> list[str]:
    """The files there that this process has open."""
    links = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return [link for link in links if link.startswith(f"{folder}/")]
