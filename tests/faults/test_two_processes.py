"""Two processes on one database: one polls, both send; one dies, and the other goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_product import telegram_product
from tests.doubles.whole_product import texts
from tests.fakes.postgresql_server import PostgresqlServer, binaries

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]
NEEDS_SERVER = pytest.mark.skipif(binaries() is None, reason="needs PostgreSQL's server binaries")

CHATS = range(1, 31)
SECRET = "a secret of sixteen letters and more"
STOP_SECONDS = 10.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=NEEDS_SERVER)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shared.sqlite"
        return
    folder = binaries()
    assert folder is not None
    server = PostgresqlServer(folder)
    server.start()
    yield server.url("postgres").replace("+asyncpg", "")
    server.stop()


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as api:
        yield api


def all_say(api: BotApi, text: str) -> None:
    for chat in CHATS:
        api.say(chat, text)


def all_heard(api: BotApi, number: int, words: str) -> None:
    """Everybody's line of that number begins with the words, and nobody has more."""
    for chat in CHATS:
        assert api.wait_for_replies(chat, number, 60)[number - 1].text.startswith(words)
    assert all(len(api.replies(chat)) == number for chat in CHATS)


def test_one_of_two_is_killed_and_everybody_is_answered_once(url: str, api: BotApi, tmp_path: Path) -> None:
    shared = {"DATABASE_URL": url, "SECRET_KEY": SECRET}
    first, second = (telegram_product(tmp_path, api, **shared) for _ in range(2))
    with first, second:
        all_say(api, "你好")
        all_heard(api, 1, "您好")
        assert "telegram_polled_elsewhere" not in "".join(first.output + second.output)
        once = {"message_id": "m1"}
        answers = [texts(product.says("anna", "谢谢", metadata=once)) for product in (first, second)]
        assert answers[0] == answers[1]
        first.kill()
        all_say(api, "谢谢")
        all_heard(api, 2, "不客气")
        assert second.stop() < STOP_SECONDS
        assert second.status == 0


def test_the_second_stands_by_and_a_stop_hands_over(url: str, api: BotApi, tmp_path: Path) -> None:
    shared = {"DATABASE_URL": url, "SECRET_KEY": SECRET}
    first, second = (telegram_product(tmp_path / name, api, **shared) for name in ("one", "two"))
    with first, second:
        all_say(api, "你好")
        all_heard(api, 1, "您好")
        assert first.stop() < STOP_SECONDS
        all_say(api, "谢谢")
        all_heard(api, 2, "不客气")
