"""The process restarts, is upgraded, stopped, or finds its bureau, database or model broken."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import httpx
import pytest
from alembic import command as alembic

from bot.seal import Seal
from bot.storage.database import command, open_database
from bot.storage.migrations import configuration
from tests.doubles.bot_api import TOKEN, BotApi
from tests.doubles.whole_product import ROOT, WholeProduct
from tests.fakes.postgresql_server import PostgresqlServer, binaries
from tests.faults.bureau import SeparateBureau

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

WAITING = "4200002611202611200000000101"
STOP_SECONDS = 10.0
SECRET = "a secret of sixteen letters and more"
FIRST_REVISION = "0001"


def texts(replies: list[dict[str, str]]) -> list[str]:
    """What was said."""
    return [reply["text"] for reply in replies]


def test_a_form_goes_on_where_it_was_when_the_process_was_killed(tmp_path: Path) -> None:
    with WholeProduct(tmp_path) as product:
        asked = texts(product.says("calm", "帮我核对凭证"))
        assert texts(product.says("cut", "帮我核对凭证")) == asked
        expected = texts(product.says("calm", "微信"))
        product.kill()
        product.start()
        assert texts(product.says("cut", "微信")) == expected
        assert expected != asked


def test_what_an_older_release_had_accepted_is_answered_after_the_upgrade(tmp_path: Path) -> None:
    asyncio.run(leave_behind(tmp_path / "helpdesk.sqlite", "你好"))
    with WholeProduct(tmp_path, SECRET_KEY=SECRET) as product:
        deadline = time.monotonic() + 30
        shown = ""
        while "您好" not in shown and time.monotonic() < deadline:
            page = httpx.get(f"{product.url}/conversations/anna/messages", params={"after": 0})
            shown = str(page.json())
        assert "您好，我是户政缴费助手" in shown
        assert product.stop() < STOP_SECONDS
    url = f"sqlite+aiosqlite:///{tmp_path}/helpdesk.sqlite"
    assert asyncio.run(command(url, "check")) == 0


def test_a_broken_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    for model in models.glob("*.tar.gz"):
        model.write_bytes(model.read_bytes()[:20_000])
    environment = {**os.environ, "MODELS_DIR": str(models), "DATA_DIR": str(tmp_path), "HTTP_PORT": "0"}
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/helpdesk.sqlite"
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env={**environment, "SANDBOX_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    assert "helpdesk-" in ended.stderr
    assert "python -m bot train --force" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_bureau_away_is_said_honestly_and_found_again(tmp_path: Path) -> None:
    with SeparateBureau() as bureau, WholeProduct(tmp_path, **bureau.settings) as product:
        there = texts(product.says("anna", WAITING))
        assert "尾号 000101" in there[0]
        bureau.stop()
        away = texts(product.says("berta", WAITING))
        assert "尾号 000101 的缴费：" not in "".join(away)
        assert "查不到" not in "".join(away), "away is not the same as no such payment"
        assert "GD" in "".join(texts(product.says("berta", "转人工")))
        bureau.start()
        found = product.says_until("berta", WAITING, "尾号 000101 的缴费：", seconds=60)
        assert found == there


def test_a_stop_finishes_or_keeps_what_was_accepted(tmp_path: Path) -> None:
    with BotApi() as api, telegram_product(tmp_path, api) as product:
        api.say(1, "你好")
        api.wait_for_replies(1, 1, 30)
        chats = range(2, 42)
        for chat in chats:
            api.say(chat, "你好")
            api.say(chat, "谢谢")
        api.wait_until(lambda: len(api.pending) < 80, 30)
        assert product.stop() < STOP_SECONDS
        assert product.status == 0
        product.start()
        for chat in chats:
            api.wait_for_replies(chat, 2, 60)
        product.stop()
        for chat in chats:
            first, second = (sent.text for sent in api.replies(chat))
            assert first.startswith("您好")
            assert second.startswith("不客气")


def test_make_run_passes_the_stop_on(tmp_path: Path) -> None:
    product = WholeProduct(tmp_path)
    # Without its prerequisites: setting up and training are not what is tested here.
    words = ["make", "-o", "train", "run", f"VENV={Path(sys.executable).parents[1]}"]
    product.launch(words)
    try:
        product.wait()
        address = f"{product.url}/healthz"
        assert httpx.get(address).status_code == 200
        assert product.stop() < STOP_SECONDS
        with pytest.raises(httpx.TransportError):
            httpx.get(address)
        assert "Traceback" not in "".join(product.output)
    finally:
        product.stop()


@pytest.mark.skipif(binaries() is None, reason="needs PostgreSQL's server binaries")
def test_a_database_that_is_away_loses_nothing(tmp_path: Path) -> None:
    folder = binaries()
    assert folder is not None
    server = PostgresqlServer(folder)
    server.start()
    try:
        url = server.url("postgres").replace("+asyncpg", "")
        with BotApi() as api, telegram_product(tmp_path, api, DATABASE_URL=url) as product:
            assert product.says("anna", "你好", metadata={"message_id": "m1"})
            api.say(1, "你好")
            api.wait_for_replies(1, 1, 30)
            server.stop_for_a_while()
            api.say(1, "谢谢")
            refused = httpx.post(
                f"{product.url}/webhooks/rest/webhook",
                json={"sender": "anna", "message": "转人工", "metadata": {"message_id": "m2"}},
                timeout=60,
            )
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            server.start_again()
            again = {"message_id": "m2"}
            answered = product.says_until("anna", "转人工", "GD", seconds=60, metadata=again)
            assert texts(product.says("anna", "转人工", metadata=again)) == answered
            assert api.wait_for_replies(1, 2, 90)[1].text.startswith("不客气")
            assert product.stop() < STOP_SECONDS
            assert product.status == 0
            assert len(api.replies(1)) == 2
    finally:
        server.stop()


async def leave_behind(file: Path, text: str) -> None:
    """A database of the first release, with a message that was accepted and not answered."""
    engine = open_database(f"sqlite+aiosqlite:///{file}")
    async with engine.connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: alembic.upgrade(configuration(sync), FIRST_REVISION))
    await engine.dispose()
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(file)) as old:
        old.execute(
            "INSERT INTO conversations (id, channel, user_id, status, language, offered, created_at,"
            " last_message_at) VALUES (1, 'rest', 'anna', 'with_bot', 'zh', '[]', ?, ?)",
            (now, now),
        )
        old.execute(
            "INSERT INTO incoming (conversation_id, channel, message_id, kind, sealed, received_at)"
            " VALUES (1, 'rest', 'm1', 'text', ?, ?)",
            (Seal(SECRET).close(text), now),
        )
        old.commit()


def telegram_product(folder: Path, api: BotApi, **environment: str) -> WholeProduct:
    """The product with the Telegram channel on, polling the double."""
    return WholeProduct(
        folder,
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_BASE_URL=api.url,
        TELEGRAM_MESSAGES_PER_SECOND="100",
        **environment,
    )
