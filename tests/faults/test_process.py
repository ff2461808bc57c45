"""The process is killed, upgraded, stopped, or finds its model broken."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from alembic import command as alembic

from bot.seal import Seal
from bot.storage.database import command, open_database
from bot.storage.migrations import configuration
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_product import telegram_product
from tests.doubles.whole_product import ROOT, WholeProduct, texts

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

STOP_SECONDS = 10.0
SECRET = "a secret of sixteen letters and more"
FIRST_REVISION = "0001"
CHAT = 7


def test_a_form_goes_on_where_it_was_when_the_process_was_killed(tmp_path: Path) -> None:
    with WholeProduct(tmp_path) as product:
        asked = texts(product.says("calm", "帮我核对凭证"))
        assert texts(product.says("cut", "帮我核对凭证")) == asked
        expected = texts(product.says("calm", "微信"))
        product.kill()
        product.start()
        assert texts(product.says("cut", "微信")) == expected
        assert expected != asked


def test_what_an_older_release_left_behind_is_answered_and_sent_after_the_upgrade(tmp_path: Path) -> None:
    asyncio.run(leave_behind(tmp_path / "helpdesk.sqlite"))
    with BotApi() as api:
        api.say(CHAT, "谢谢")  # which waits at Telegram
        with telegram_product(tmp_path, api, SECRET_KEY=SECRET) as product:
            first, second, third = api.wait_for_replies(CHAT, 3, 30)
            assert first.text == "到账了"
            assert second.text.startswith("您好，我是户政缴费助手")
            assert third.text.startswith("不客气")
            assert product.stop() < STOP_SECONDS
        assert len(api.replies(CHAT)) == 3
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
            api.wait_until(lambda chat=chat: heard(api, chat)[-1:] == ["不客气"], 60)
        product.stop()
        for chat in chats:
            # Where both waited when their turn came, one answer is for both.
            assert heard(api, chat) in (["您好", "不客气"], ["不客气"])


def heard(api: BotApi, chat: int) -> list[str]:
    """How the lines begin."""
    return [re.split("[，。]", sent.text)[0] for sent in api.replies(chat)]


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


async def leave_behind(file: Path) -> None:
    """A database of the first release, with a line that was not sent and a message that was not answered."""
    engine = open_database(f"sqlite+aiosqlite:///{file}")
    async with engine.connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: alembic.upgrade(configuration(sync), FIRST_REVISION))
    await engine.dispose()
    # Long enough ago that it is no burst with what the resident writes after the upgrade.
    earlier = datetime.now(timezone.utc) - timedelta(minutes=2)
    then = earlier.strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(file)) as old:
        old.execute(
            "INSERT INTO conversations (id, channel, user_id, status, language, offered, created_at,"
            " last_message_at) VALUES (1, 'telegram', ?, 'with_bot', 'zh', '[]', ?, ?)",
            (str(CHAT), then, then),
        )
        old.execute(
            "INSERT INTO messages (id, conversation_id, author, author_name, text, buttons, custom,"
            " created_at) VALUES (1, 1, 'system', '', '到账了', '[]', '{}', ?)",
            (then,),
        )
        old.execute(
            "INSERT INTO outbox (message_id, conversation_id, channel, user_id, state, attempts,"
            " next_attempt_at, last_error, created_at) VALUES (1, 1, 'telegram', ?, 'pending', 0, ?, '', ?)",
            (str(CHAT), then, then),
        )
        old.execute(
            "INSERT INTO incoming (conversation_id, channel, message_id, kind, sealed, received_at)"
            " VALUES (1, 'telegram', 'm1', 'text', ?, ?)",
            (Seal(SECRET).close("你好"), then),
        )
        old.commit()
