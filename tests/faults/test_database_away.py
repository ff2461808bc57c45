"""PostgreSQL is stopped for a minute, for real: what residents see, and that nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_product import telegram_product
from tests.doubles.whole_product import WholeProduct, texts
from tests.fakes.postgresql_server import PostgresqlServer, binaries

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.skipif(binaries() is None, reason="needs PostgreSQL's server binaries"),
]

STOP_SECONDS = 10.0
AWAY_SECONDS = 60.0
EVERY_SECONDS = 10.0


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    """A server of the test's own."""
    folder = binaries()
    assert folder is not None
    running = PostgresqlServer(folder)
    running.start()
    yield running
    running.stop()


def write(product: WholeProduct, sender: str, text: str, message_id: str) -> httpx.Response:
    """One message over REST, whatever comes of it."""
    body = {"sender": sender, "message": text, "metadata": {"message_id": message_id}}
    return httpx.post(f"{product.url}/webhooks/rest/webhook", json=body, timeout=60)


def test_a_minute_without_the_database_loses_nothing(server: PostgresqlServer, tmp_path: Path) -> None:
    url = server.url("postgres").replace("+asyncpg", "")
    with BotApi() as api, telegram_product(tmp_path, api, DATABASE_URL=url) as product:
        assert product.says("anna", "你好", metadata={"message_id": "m1"})
        api.say(1, "你好")
        api.wait_for_replies(1, 1, 30)

        server.stop_for_a_while()
        gone_at = time.monotonic()
        chats = iter(range(2, 100))
        api.say(1, "谢谢")
        while time.monotonic() - gone_at < AWAY_SECONDS:
            refused = write(product, "anna", "转人工", "m2")
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert "try again later" in refused.json()["detail"]
            assert httpx.get(f"{product.url}/healthz").status_code == 200
            assert httpx.get(f"{product.url}/readyz").status_code == 503
            api.say(next(chats), "谢谢")
            time.sleep(EVERY_SECONDS)
        server.start_again()

        again = {"message_id": "m2"}
        answered = product.says_until("anna", "转人工", "GD", seconds=60, metadata=again)
        assert texts(product.says("anna", "转人工", metadata=again)) == answered
        last = next(chats)
        api.say(last, "谢谢")
        for chat in (*range(2, last), last):
            assert api.wait_for_replies(chat, 1, 90)[0].text.startswith("不客气")
        assert api.wait_for_replies(1, 2, 90)[1].text.startswith("不客气")
        assert product.stop() < STOP_SECONDS
        assert product.status == 0
        assert len(api.replies(1)) == 2
        assert all(len(api.replies(chat)) == 1 for chat in range(2, last + 1))
