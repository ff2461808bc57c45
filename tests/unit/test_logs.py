"""Logs say what happened and never what somebody said."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.errors import Unavailable
from bot.logs import QUIET, configure_logs

TEXT = "我家住在南京路一号"
ID_CARD = "110101199003070038"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in QUIET}
    yield
    structlog.reset_defaults()
    logging.raiseExceptions = True
    root.handlers[:], root.level = handlers, level
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def configured(capsys: pytest.CaptureFixture[str], log_format: str = "json", level: str = "debug") -> Any:
    configure_logs(log_format, level)
    capsys.readouterr()

    def read() -> str:
        return capsys.readouterr().err

    return read


def ours() -> Any:
    return structlog.get_logger("bot.somewhere")


def test_json_lines_carry_time_level_place_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    ours().info("message_answered", incoming=7, channel="web")
    line = json.loads(read())
    assert line.pop("timestamp")
    assert line == {
        "event": "message_answered",
        "level": "info",
        "logger": "bot.somewhere",
        "incoming": 7,
        "channel": "web",
    }


def test_the_standard_library_speaks_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    logging.getLogger("bot.elsewhere").warning("odd %s", "thing")
    line = json.loads(read())
    assert (line["event"], line["level"], line["logger"]) == ("odd thing", "warning", "bot.elsewhere")


def test_console_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys, "console")
    ours().warning("delivery_given_up", delivery=3)
    line = read()
    assert "warning" in line
    assert "delivery_given_up" in line
    assert "delivery=3" in line


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "ERROR", "Info"])
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_only_lines_at_the_level_or_above_appear(
    capsys: pytest.CaptureFixture[str], level: str, log_format: str
) -> None:
    read = configured(capsys, log_format, level)
    names = ["debug", "info", "warning", "error"]
    for name in names:
        getattr(ours(), name)(f"ours_{name}_")
        getattr(logging.getLogger("bot.std"), name)(f"std_{name}_")
    printed = read()
    threshold = names.index(level.lower())
    for index, name in enumerate(names):
        assert (f"ours_{name}_" in printed) is (index >= threshold)
        assert (f"std_{name}_" in printed) is (index >= threshold)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_identity_numbers_and_tokens_are_masked_wherever_they_are(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    read = configured(capsys, log_format)
    ours().warning(f"odd {ID_CARD}", text=f"号{ID_CARD}", nested={"a": [ID_CARD, TOKEN]})
    ours().warning("odd", url=f"/bot{TOKEN}/x")
    logging.getLogger("some.library").warning(
        "GET https://api.telegram.org/bot%s/getMe Bearer s3cr3t?token=abc123 %s", TOKEN, ID_CARD
    )
    logging.getLogger("some.library").error("postgresql://user:hunter2@host/db")
    printed = read()
    for secret in (ID_CARD, TOKEN, "s3cr3t", "abc123", "hunter2"):
        assert secret not in printed
    assert printed.count("‹token›") >= 4


def test_rasas_events_with_texts_are_not_logged_even_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    rasa = structlog.get_logger("rasa.core.processor")
    rasa.debug("processor.message.parse", parse_data_text=TEXT)
    rasa.info("processor.slots.log", slot_values=TEXT)
    logging.getLogger("rasa.core.processor").debug("Received user message '%s'", TEXT)
    assert read() == ""


def test_of_rasas_warnings_only_the_place_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    structlog.get_logger("rasa.nlu.x").warning(f"odd {TEXT}", text=TEXT)
    logging.getLogger("rasa.core.y").error(f"failed on {TEXT}: %s", TEXT)
    logging.getLogger("telegram.ext").warning("update %s", {"text": TEXT})
    lines = [json.loads(line) for line in read().splitlines()]
    assert [line["logger"] for line in lines] == ["rasa.nlu.x", "rasa.core.y", "telegram.ext"]
    assert all(TEXT not in json.dumps(line, ensure_ascii=False) for line in lines)
    assert lines[1]["event"].startswith("test_logs:")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_exception_shows_its_kind_and_way_but_not_its_words(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    read = configured(capsys, log_format)

    def broken() -> None:
        try:
            raise KeyError(TEXT)
        except KeyError as error:
            raise ValueError(f"cannot read {TEXT}") from error

    for logger in (ours(), logging.getLogger("bot.std"), logging.getLogger("rasa.core.processor")):
        try:
            broken()
        except ValueError:
            logger.exception("turn_failed")
    printed = read()
    assert TEXT not in printed
    assert printed.count("builtins.KeyError") == 3
    assert printed.count("builtins.ValueError") == 3
    assert printed.count("in broken") >= 3


def test_our_own_errors_keep_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    try:
        raise Unavailable("the database")
    except Unavailable:
        ours().exception("turn_failed")
    assert "bot.errors.Unavailable: the database" in read()


def test_a_librarys_second_line_may_hold_anything(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    logging.getLogger("some.library").error("Task exception was never retrieved\nfuture: <%s>", TEXT)
    printed = read()
    assert "Task exception was never retrieved" in printed
    assert TEXT not in printed


async def test_a_failed_turn_logs_no_word_of_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    read = configured(capsys)
    try:
        raise RuntimeError(f"the model choked on {TEXT} {ID_CARD}")
    except RuntimeError:
        structlog.get_logger("bot.clerk").exception("turn_failed", incoming=1)
    printed = read()
    assert "turn_failed" in printed
    assert TEXT not in printed
    assert ID_CARD not in printed


def test_whole_real_addresses_of_the_bot_api_are_quiet_below_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = configured(capsys)
    for name in ("httpx", "telegram.Bot", "httpcore.http11", "uvicorn.access", "sqlalchemy.engine.Engine"):
        logging.getLogger(name).info("POST https://api.telegram.org/bot%s/sendMessage %s", TOKEN, TEXT)
    assert read() == ""
