"""Settings from the environment, refused with words that an operator can act on."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_settings

TOKEN = "123456789:AAH-a_token_that_nobody_should_see_000"


@pytest.fixture(autouse=True)
def empty_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.__fields__:
        monkeypatch.delenv(name.upper(), raising=False)


def test_with_nothing_set_it_runs_on_sqlite_the_sandbox_and_web_chat() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite+aiosqlite:///var/helpdesk.sqlite"
    assert settings.uses_sandbox
    assert settings.telegram_bot_token == ""
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8000)


def test_variables_are_read_from_the_environment_and_from_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("HTTP_PORT=9000\nLOG_FORMAT=json\n")
    monkeypatch.setenv("HTTP_PORT", "9001")
    settings = load_settings()
    assert (settings.http_port, settings.log_format) == (9001, "json")


@pytest.mark.parametrize(
    "name", ["HTTP_PORT", "RECONCILIATION_API_URL", "WORK_FROM", "DATABASE_URL", "LOG_LEVEL", "SECRET_KEY"]
)
def test_an_empty_variable_counts_as_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert load_settings() == Settings()


def test_times_by_priority_have_defaults_and_may_be_set_one_by_one() -> None:
    assert load_settings().first_response == "urgent=30m, high=1h, normal=2h, low=4h"
    assert load_settings(first_response="urgent=15m").first_response == "urgent=15m"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("first_response", "quickly", "FIRST_RESPONSE: write it like urgent=30m"),
        ("first_response", "urgent=9h", "FIRST_RESPONSE: a higher priority must not have a longer time"),
        ("resolution", "urgent=0d", "RESOLUTION: every time must be longer"),
        ("resolution", "urgent=10m", "RESOLUTION: must not be shorter than FIRST_RESPONSE"),
    ],
)
def test_unusable_times_are_refused_by_name(name: str, value: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        load_settings(**{name: value})


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_usual_spellings_of_a_database_are_accepted(given: str, used: str) -> None:
    assert load_settings(database_url=given).database_url == used


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://h/d", "sqlite:/// or postgresql://"),
        ("HTTP_PORT", "70000", "65535"),
        ("HTTP_PORT", "web", "integer"),
        ("RECONCILIATION_API_URL", "api.example", "http://"),
        ("SECRET_KEY", "short", "16"),
        ("WORK_UNTIL", "08:00", "WORK_FROM"),
        ("LOG_LEVEL", "loud", "debug"),
        ("FLOOD_MESSAGES_PER_MINUTE", "0", "1"),
        ("WORKERS", "0", "1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_explained(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{name}: ")
    assert words in str(refused.value)


def test_every_unusable_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "web")
    monkeypatch.setenv("SECRET_KEY", "short")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["HTTP_PORT", "SECRET_KEY"]


@pytest.mark.parametrize(
    "url", ["postgresql://u@h/d", "sqlite:///var/x.sqlite", "sqlite:////srv/x.sqlite", None]
)
def test_several_workers_share_a_server_or_a_file(url: str | None) -> None:
    settings = load_settings(workers=2, database_url=url) if url else load_settings(workers=2)
    assert settings.workers == 2


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///:memory:?cache=shared"]
)
def test_several_workers_do_not_share_a_database_in_memory(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(workers=2, database_url=url)
    assert str(refused.value).startswith("WORKERS: ")
    assert "set DATABASE_URL=sqlite:///folder/file.sqlite or" in str(refused.value)
    assert load_settings(workers=1, database_url=url).workers == 1


@pytest.mark.parametrize("level", ["INFO", "Info", "info"])
def test_level_names_are_accepted_in_either_case(level: str) -> None:
    assert load_settings(log_level=level).log_level == "info"


def test_clock_times_are_read_as_written() -> None:
    settings = load_settings(work_from="08:30", work_until="17:00")
    assert (settings.work_from, settings.work_until) == (time(8, 30), time(17, 0))


def test_addresses_lose_their_last_slash() -> None:
    assert load_settings(reconciliation_api_url="https://api/").reconciliation_api_url == "https://api"


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        load_settings().http_port = 1


def test_secrets_are_not_shown() -> None:
    settings = load_settings(
        telegram_bot_token=TOKEN,
        secret_key="s" * 32,
        reconciliation_api_key="api-key-1",
        database_url="postgresql://u:hunter2@h/d",
    )
    shown = repr(settings) + str(settings)
    for secret in (TOKEN, "s" * 32, "api-key-1", "hunter2"):
        assert secret not in shown
    assert settings.telegram_bot_token == TOKEN


def test_an_unusable_secret_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(secret_key="hunter2")
    assert "hunter2" not in str(refused.value)


def test_proxies_are_named_by_addresses_and_networks() -> None:
    assert load_settings().trusted_proxies == "127.0.0.1"
    assert load_settings(trusted_proxies="10.1.7.0/24, ::1").trusted_proxies == "10.1.7.0/24, ::1"
    for wrong in ("balancer.example", "*", "10.1.7.5/24"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            load_settings(trusted_proxies=wrong)


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({}, False),
        ({"http_host": "0.0.0.0"}, True),  # noqa: S104
        ({"telegram_bot_token": "1:a"}, True),
        ({"http_host": "192.0.2.7", "telegram_bot_token": "1:a"}, False),
        ({"http_host": "0.0.0.0", "public_url": "https://help.example"}, False),  # noqa: S104
        ({"telegram_bot_token": "1:a", "public_url": "http://127.0.0.1:8000"}, True),
    ],
)
def test_links_that_residents_elsewhere_cannot_open_are_known(given: dict[str, str], warned: bool) -> None:
    assert load_settings(**given).links_stay_here is warned
