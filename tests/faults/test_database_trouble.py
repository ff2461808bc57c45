"""The disk is full, or somebody else holds the database: what a resident on the REST channel sees."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.errors import Unavailable
from bot.messages import Reply
from bot.storage import sqlite
from tests.doubles.web_house import WebHouse, open_web_house
from tests.fakes.house import message

WEBHOOK = "/webhooks/rest/webhook"
PATIENCE = 0.3


@pytest.fixture
async def house(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebHouse]:
    """A house that waits a moment only for a locked database."""
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", PATIENCE)
    opened = await open_web_house(tmp_path)
    yield opened
    await opened.aclose()


@pytest.fixture
async def web(house: WebHouse) -> AsyncIterator[httpx.AsyncClient]:
    """The resident's client."""
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


class Disk:
    """Takes so many more pages, and no more."""

    def __init__(self) -> None:
        self._most = 2**30
        self._connections: list[sqlite3.Connection] = []

    def fill(self, file: Path) -> None:
        """From now on there is no room left."""
        with closing(sqlite3.connect(file)) as connection:
            self._limit(connection.execute("PRAGMA page_count").fetchone()[0])

    def clear(self) -> None:
        """There is room again."""
        self._limit(2**30)

    def connected(self, connection: object, _record: object) -> None:
        """A connection that messages are written by."""
        if isinstance(connection, sqlite3.Connection):
            self._connections.append(connection)
            self._limit(self._most)

    def _limit(self, pages: int) -> None:
        self._most = pages
        for connection in self._connections:
            with suppress(sqlite3.ProgrammingError):  # it was closed
                connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk() -> Iterator[Disk]:
    """With room for everything, at first."""
    disk = Disk()
    sa.event.listen(sa.engine.Engine, "connect", disk.connected)
    yield disk
    sa.event.remove(sa.engine.Engine, "connect", disk.connected)


async def say(web: httpx.AsyncClient, text: str, message_id: str) -> httpx.Response:
    """One message of the resident's."""
    body = {"sender": "42", "message": text, "metadata": {"message_id": message_id}}
    return await web.post(WEBHOOK, json=body)


async def test_a_full_disk_is_said_and_nothing_is_half_written(
    house: WebHouse, web: httpx.AsyncClient, disk: Disk, tmp_path: Path
) -> None:
    await say(web, "你好", "m0")
    disk.fill(tmp_path / "web.sqlite")
    refused = None
    long = "我要人工" + "。" * 1500
    for number in range(1, 40):  # the pages that are there already take a few messages more
        answer = await say(web, long, f"m{number}")
        if answer.status_code != 200:
            refused = answer, number
            break
    assert refused is not None
    answer, number = refused
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    before = await rows(house)
    assert (await say(web, long, f"m{number}")).status_code == 503
    assert await rows(house) == before, "a refused message leaves nothing, or its acceptance only"

    disk.clear()
    recovered = await say(web, long, f"m{number}")
    assert recovered.status_code == 200
    assert len(recovered.json()) == 1
    again = await say(web, long, f"m{number}")
    assert again.json() == recovered.json()
    assert (await rows(house))["tickets"] == 1


async def test_a_message_waits_for_whoever_holds_the_database(
    house: WebHouse, web: httpx.AsyncClient, tmp_path: Path
) -> None:
    await say(web, "你好", "m0")
    with closing(sqlite3.connect(tmp_path / "web.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = await say(web, "转人工", "m1")
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        other.execute("ROLLBACK")
    answer = await say(web, "转人工", "m1")
    assert answer.status_code == 200
    assert "已转人工" in answer.json()[0]["text"]
    assert (await rows(house))["tickets"] == 1


async def test_waiting_in_vain_uses_no_connection_up(house: WebHouse, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "web.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(3):
            with pytest.raises(Unavailable):
                await house.desk.accept(message(f"{number}", channel="rest"))
        other.execute("ROLLBACK")
    assert house.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_what_was_accepted_before_the_trouble_is_answered_after_it_without_asking_again(
    house: WebHouse, web: httpx.AsyncClient, disk: Disk, tmp_path: Path
) -> None:
    await say(web, "你好", "m0")
    real = house.dialogue.respond

    async def fills_the_disk(turn: object, text: str) -> object:
        disk.fill(tmp_path / "web.sqlite")
        return [*await real(turn, text), Reply("长" * 20_000)]  # type: ignore[arg-type]

    house.dialogue.respond = fills_the_disk  # type: ignore[method-assign,assignment]
    answer = await say(web, "转人工", "m1")
    house.dialogue.respond = real  # type: ignore[method-assign]
    assert answer.status_code == 503
    assert (await rows(house))["tickets"] == 0
    disk.clear()
    assert await house.desk.recover() == 1
    shown = (await web.get("/conversations/42/messages", params={"after": 0})).json()
    assert "已转人工" in str(shown)
    assert (await rows(house))["tickets"] == 1


async def rows(house: WebHouse) -> dict[str, int]:
    """How many there are of what a message may leave behind."""
    counts = {}
    async with house.engine.connect() as connection:
        for table in ("incoming", "messages", "tickets", "outbox", "tracker_events"):
            counts[table] = int((await connection.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar())
    return counts
