"""The storage, the desk and the services again, on a real PostgreSQL; and two processes that share one.

`make postgresql` runs this. The server's binaries come with Debian's package `postgresql`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import sqlalchemy as sa

from bot.bootstrap import build_house
from bot.desk import Desk
from bot.errors import Unavailable
from bot.messages import Author
from bot.settings import Settings
from bot.storage import tables
from bot.storage.database import migrate, open_database
from bot.storage.turnstile import SharedTurnstile
from tests.fakes.dialogue import FakeDialogue
from tests.fakes.house import FakeHouse, house, message
from tests.fakes.postgresql_server import FOLDERS, PostgresqlServer, binaries
from tests.unit.desk.test_acceptance import *  # noqa: F403
from tests.unit.desk.test_agent_serves import *  # noqa: F403
from tests.unit.desk.test_defects import *  # noqa: F403
from tests.unit.desk.test_folding import *  # noqa: F403
from tests.unit.desk.test_offers import *  # noqa: F403
from tests.unit.desk.test_order import *  # noqa: F403
from tests.unit.desk.test_recovery import *  # noqa: F403
from tests.unit.desk.test_transcript import *  # noqa: F403
from tests.unit.desk.test_turn import *  # noqa: F403
from tests.unit.notifications.test_service import *  # noqa: F403
from tests.unit.notifications.test_watcher import *  # noqa: F403
from tests.unit.storage.test_migrations import *  # noqa: F403
from tests.unit.storage.test_repositories import *  # noqa: F403
from tests.unit.storage.test_unit_of_work import *  # noqa: F403
from tests.unit.storage.test_unit_of_work import slow_writer
from tests.unit.test_attachments import *  # noqa: F403
from tests.unit.test_personal_data import *  # noqa: F403
from tests.unit.tickets.test_casework import *  # noqa: F403
from tests.unit.tickets.test_service import *  # noqa: F403

__all__ = ["house"]

pytestmark = pytest.mark.postgresql

SHARED = "helpdesk"

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    """A running server with one migrated database."""
    folder = binaries()
    if folder is None:
        words = f"no PostgreSQL server binaries in {', '.join(str(one) for one in FOLDERS)}"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    running = PostgresqlServer(folder)
    running.start()
    try:
        asyncio.run(_make_shared_database(running))
        yield running
    finally:
        running.stop()


async def _make_shared_database(running: PostgresqlServer) -> None:
    await _execute(running, "postgres", f'CREATE DATABASE "{SHARED}"')
    engine = open_database(running.url(SHARED))
    await migrate(engine)
    await engine.dispose()


async def _execute(running: PostgresqlServer, database: str, statement: str) -> None:
    connection = await asyncpg.connect(running.url(database).replace("+asyncpg", ""))
    await connection.execute(statement)
    await connection.close()


@pytest.fixture
async def database_url(server: PostgresqlServer) -> str:
    """An emptied database; one database a test would cost a second each."""
    names = ", ".join(table.name for table in tables.metadata.sorted_tables)
    await _execute(server, SHARED, f"TRUNCATE {names} RESTART IDENTITY")
    return server.url(SHARED)


@pytest.fixture
async def bare_database_url(server: PostgresqlServer) -> AsyncIterator[str]:
    """A database without a schema."""
    name = f"bare{next(numbers)}"
    await _execute(server, "postgres", f'CREATE DATABASE "{name}"')
    yield server.url(name)
    await _execute(server, "postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def second(house: FakeHouse, database_url: str) -> AsyncIterator[FakeHouse]:
    """Another process on the same database, with a dialogue of its own."""
    other = FakeHouse(open_database(database_url), clock=house.clock)
    yield other
    await other.aclose()


def share_dialogue(one: FakeHouse, other: FakeHouse) -> FakeDialogue:
    """Lets both processes speak through one dialogue, so that overlaps are seen."""
    other.dialogue = one.dialogue
    other.desk = other.new_desk()
    return one.dialogue


async def test_two_processes_never_answer_one_conversation_at_once(
    house: FakeHouse, second: FakeHouse
) -> None:
    dialogue = share_dialogue(house, second)
    desks = [house.desk, second.desk]
    accepted = [await desks[n % 2].accept(message(f"{n}号")) for n in range(12)]
    await asyncio.gather(*(desks[n % 2].answer(one) for n, one in enumerate(accepted)))
    assert not dialogue.overlapped
    assert dialogue.heard == [f"{n}号" for n in range(12)]
    assert await house.said() == [f"re: {n}号" for n in range(12)]


async def test_one_message_in_two_processes_is_answered_once(house: FakeHouse, second: FakeHouse) -> None:
    dialogue = share_dialogue(house, second)
    one = message("你好", message_id="42")
    answers = await asyncio.gather(
        *(desk.handle(one) for desk in (house.desk, second.desk) for _ in range(3))
    )
    assert all(answer == answers[0] for answer in answers)
    assert dialogue.heard == ["你好"]
    assert await house.transcript() == [(Author.RESIDENT, "你好"), (Author.BOT, "re: 你好")]


async def test_a_process_that_starts_leaves_alone_what_another_is_answering(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    recovering = asyncio.create_task(second.desk.recover())
    done, _ = await asyncio.wait([recovering], timeout=0.3)
    assert not done
    gate.set()
    await asyncio.gather(slow, recovering)
    assert second.dialogue.heard == []
    assert await house.said() == ["re: 慢"]


async def test_other_conversations_are_answered_while_one_is_held_elsewhere(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢", user="anna")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    waiting = asyncio.create_task(second.desk.handle(message("等", user="anna")))
    lines = await asyncio.wait_for(second.desk.handle(message("快", user="berta")), 5)
    assert [line.text for line in lines] == ["re: 快"]
    assert not waiting.done()
    gate.set()
    await asyncio.gather(slow, waiting)
    assert await house.said("anna") == ["re: 慢", "re: 等"]


async def test_a_slow_transaction_holds_up_its_own_conversation_only(house: FakeHouse) -> None:
    slow, go_on = await slow_writer(house, await house.conversation("anna"))
    await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert not slow.done()
    go_on.set()
    await slow


async def test_a_process_that_hangs_is_not_waited_for_for_ever_and_answers_nothing_twice(
    house: FakeHouse, second: FakeHouse
) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    impatient = desk_with(second, SharedTurnstile(second.engine, patience=0.1))
    assert await impatient.recover() == 1
    assert await house.said() == ["re: 慢"]
    gate.set()
    assert [line.text for line in await slow] == ["re: 慢"]
    assert await house.said() == ["re: 慢"]


def desk_with(process: FakeHouse, turnstile: SharedTurnstile) -> Desk:
    process.turnstile = turnstile
    return process.new_desk()


async def test_a_process_that_died_leaves_no_lock_behind(house: FakeHouse, second: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.turnstile.one_at_a_time(conversation.id):
        await house.turnstile.aclose()  # as its connection ends with it
        async with second.turnstile.one_at_a_time(conversation.id):
            assert await locks(second) == 1
    assert await locks(second) == 0


async def test_a_conversation_is_let_go_after_its_answer(house: FakeHouse) -> None:
    house.dialogue.acts["坏"] = _break
    for text in ("好", "坏"):
        await house.desk.handle(message(text))
    assert await locks(house) == 0


async def _break(_turn: object) -> None:
    raise RuntimeError


async def locks(process: FakeHouse) -> int:
    """How many conversations are held, by whomever."""
    async with process.engine.connect() as connection:
        statement = sa.text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int((await connection.execute(statement)).scalar_one())


async def test_a_cancelled_answer_lets_its_conversation_go(house: FakeHouse, second: FakeHouse) -> None:
    house.dialogue.hold("慢")
    task = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.wait_for(second.desk.recover(), 5) == 1
    assert await house.said() == ["re: 慢"]


async def test_the_house_is_built_on_postgresql_and_closes(database_url: str, tmp_path: object) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path, secret_key="a secret of sixteen")
    built = build_house(settings, "http://127.0.0.1:1")
    desk = built.desk(FakeDialogue())
    assert [line.text for line in await desk.handle(message("你好"))] == ["re: 你好"]
    await built.aclose()


async def test_after_the_server_was_restarted_messages_are_answered_again(
    house: FakeHouse, server: PostgresqlServer
) -> None:
    await house.desk.handle(message("之前"))
    accepted = await house.desk.accept(message("之后"))
    await asyncio.to_thread(server.restart)
    await house.desk.answer(accepted)
    assert await house.said() == ["re: 之前", "re: 之后"]


async def test_while_the_server_is_away_a_message_waits(house: FakeHouse, server: PostgresqlServer) -> None:
    accepted = await house.desk.accept(message("你好"))
    await asyncio.to_thread(server.stop_for_a_while)
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await house.desk.answer(accepted)
        with pytest.raises(Unavailable):
            await house.desk.accept(message("再来"))
    finally:
        await asyncio.to_thread(server.start_again)
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 你好"]
