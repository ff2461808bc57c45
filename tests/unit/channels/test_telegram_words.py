"""Text in parts, and buttons in rows."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.telegram.buttons import keyboard
from bot.channels.telegram.failures import translated
from bot.channels.telegram.splitting import split
from bot.channels.telegram.webhook import PATH, webhook_address, webhook_secret
from bot.clock import SHANGHAI
from bot.errors import AccessRefused, HelpdeskError, RateLimited, Slow, Unavailable
from bot.messages import Author, Button, Line
from bot.notifications.relay import Blocked, Undeliverable


def line(*buttons: Button) -> Line:
    return Line(5, 1, Author.BOT, "", "选", buttons, {}, None, datetime(2026, 11, 20, tzinfo=SHANGHAI))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_short_text_stays_whole() -> None:
    assert split("您好。请问？") == ["您好。请问？"]
    assert split("  ") == []


def test_a_cut_follows_the_last_sentence_that_fits() -> None:
    assert split("一二三。四五六！七八九", 9) == ["一二三。四五六！", "七八九"]
    assert split("他说“好。”然后走了", 6) == ["他说“好。”", "然后走了"]


def test_amounts_and_addresses_are_not_sentence_ends() -> None:
    assert split("Pay 40.00 now. Then wait for it", 20) == ["Pay 40.00 now.", "Then wait for it"]


def test_without_sentences_a_pause_will_do_and_else_the_limit() -> None:
    assert split("一二三，四五六七八", 6) == ["一二三，", "四五六七八"]
    assert split("一二三四五六七八", 3) == ["一二三", "四五六", "七八"]


def test_a_scrap_is_not_left_behind() -> None:
    assert split("好。一二三四五六七八九十一二", 10) == ["好。一二三四五六七八", "九十一二"]


@given(st.text(st.sampled_from("一二，。 \n😀a."), max_size=300), st.integers(2, 40))
def test_parts_fit_and_lose_nothing_but_spaces(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(0 < units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_short_titles_stand_in_two_columns() -> None:
    markup = keyboard(line(Button("是", "/a"), Button("不是", "/b"), Button("转人工", "/c")))
    assert markup
    assert [[one.text for one in row] for row in markup.inline_keyboard] == [
        ["是", "不是"],
        ["转人工"],
    ]


def test_one_long_title_makes_one_column() -> None:
    markup = keyboard(line(Button("是", "/a"), Button("请告诉我到账的时间", "/b")))
    assert markup
    assert len(markup.inline_keyboard) == 2


def test_a_button_carries_its_place_and_fits() -> None:
    markup = keyboard(line(Button("查", "/query_status" + "x" * 500)))
    assert markup
    assert markup.inline_keyboard[0][0].callback_data == "b:5:0"
    assert keyboard(line()) is None


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (RetryAfter(3), RateLimited),
        (Forbidden("bot was blocked by the user"), Blocked),
        (BadRequest("Chat not found"), Blocked),
        (BadRequest("Message text is empty"), Undeliverable),
        (TimedOut(), Slow),
        (NetworkError("httpx.ConnectError"), Unavailable),
        (InvalidToken("The token `1:secret` was rejected"), AccessRefused),
        (TelegramError("odd"), Unavailable),
    ],
)
def test_telegrams_errors_become_ours(error: TelegramError, ours: type[HelpdeskError]) -> None:
    got = translated(error)
    assert type(got) is ours
    assert "secret" not in str(got)


def test_the_seconds_to_wait_are_kept() -> None:
    got = translated(RetryAfter(3))
    assert isinstance(got, RateLimited)
    assert got.retry_after == 3.0


def test_the_webhooks_secret_needs_both_keys() -> None:
    secret = webhook_secret("key", "token")
    assert len(secret) == 64
    assert secret.isalnum()
    assert len({secret, webhook_secret("other", "token"), webhook_secret("key", "other")}) == 3


@pytest.mark.parametrize("url", ["https://fee.example", "https://fee.example/", f"https://fee.example{PATH}"])
def test_the_webhook_may_be_given_short_or_whole(url: str) -> None:
    assert webhook_address(url) == f"https://fee.example{PATH}"
