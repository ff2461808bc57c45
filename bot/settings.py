"""One frozen Settings, read from the environment (and `.env`), validated before anything starts."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any, Literal, Optional
from urllib.parse import urlsplit

from pydantic import BaseSettings, Field, ValidationError, root_validator, validator

from bot.tickets.deadlines import FIRST_RESPONSE, RESOLUTION, targets_of
from bot.tickets.hours import WorkingHours
from bot.webhooks.addresses import networks_of

ROOT = Path(__file__).resolve().parent.parent

SECRET = frozenset(
    {
        "database_url",
        "smtp_url",
        "sms_gateway_key",
        "reconciliation_api_key",
        "reconciliation_staff_api_key",
        "telegram_bot_token",
        "secret_key",
    }
)
"""What is never shown, not even in a traceback."""


class SettingsError(ValueError):
    """The environment holds a value that cannot be used; the message names it and what is accepted."""


class Settings(BaseSettings):
    """Everything an operator may set; with nothing set, it runs on SQLite, the sandbox and web chat.

    A variable that is set but empty counts as not set.

    Seconds, minutes and hours are named in the field; clock times are Asia/Shanghai (+08:00).
    """

    http_host: str = "127.0.0.1"
    http_port: int = Field(8000, ge=0, le=65535)
    database_url: str = "sqlite+aiosqlite:///var/helpdesk.sqlite"
    workers: int = Field(1, ge=1, le=32)
    reconciliation_api_url: Optional[str] = None
    reconciliation_api_key: str = ""
    reconciliation_staff_api_key: str = ""
    reconciliation_four_eyes_fen: int = Field(100_000, ge=0)
    sandbox_port: int = Field(8090, ge=0, le=65535)
    telegram_bot_token: str = ""
    telegram_api_base_url: str = "https://api.telegram.org"
    telegram_webhook_url: str = ""
    telegram_messages_per_second: float = Field(30, gt=0)
    telegram_chat_messages_per_second: float = Field(1, gt=0)
    secret_key: str = ""
    rest_token: str = ""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    data_dir: Path = Path("var")
    models_dir: Path = Path("models")

    message_max_chars: int = Field(2000, ge=100)
    flood_messages_per_minute: int = Field(30, ge=1)
    attachment_max_mib: int = Field(10, ge=1, le=20)
    attachments_daily_mib: int = Field(50, ge=1)
    ownership_tries: int = Field(5, ge=1)
    ownership_window_minutes: int = Field(30, ge=1)
    work_from: time = time(9, 0)
    work_until: time = time(17, 30)
    first_response: str = ""
    resolution: str = ""
    session_idle_hours: float = Field(24, gt=0)
    session_gap_minutes: int = Field(60, ge=5, le=1440)
    watch_days: int = Field(30, ge=1)
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    remind_at: time = time(10, 0)
    public_url: str = ""
    trusted_proxies: str = "127.0.0.1"
    webhook_allow_private: str = ""
    smtp_url: str = ""
    smtp_from: str = ""
    sms_gateway_url: str = ""
    sms_gateway_key: str = ""

    class Config:
        env_file = ".env"
        env_file_encoding = "utf-8"
        frozen = True
        extra = "ignore"

    @root_validator(pre=True)
    def _empty_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value != ""}

    @validator("log_format", "log_level", pre=True)
    def _any_case(cls, word: Any) -> Any:
        return word.lower() if isinstance(word, str) else word

    @validator("database_url")
    def _async_driver(cls, url: str) -> str:
        """Accepts the usual spellings and names the asynchronous driver that we ship."""
        spellings = {
            "postgres://": "postgresql+asyncpg://",
            "postgresql://": "postgresql+asyncpg://",
            "sqlite://": "sqlite+aiosqlite://",
        }
        for plain, driven in spellings.items():
            if url.startswith(plain):
                url = driven + url[len(plain) :]
        if not url.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        # libpq's name for it, as in every hosting provider's address; the driver calls it ssl.
        return url.replace("sslmode=", "ssl=")

    @validator("workers")
    def _shared_database(cls, workers: int, values: dict[str, Any]) -> int:
        if workers > 1 and _is_in_memory(values.get("database_url", "")):
            raise ValueError(
                "more than one process needs a database that they share: set DATABASE_URL=sqlite:///folder/"
                "file.sqlite or DATABASE_URL=postgresql://user:password@host/name, or WORKERS=1"
            )
        return workers

    @validator(
        "reconciliation_api_url",
        "telegram_api_base_url",
        "telegram_webhook_url",
        "public_url",
        "sms_gateway_url",
    )
    def _web_address(cls, url: Optional[str]) -> Optional[str]:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/") if url else url

    @validator("smtp_url")
    def _mail_server(cls, url: str) -> str:
        if url and not url.startswith(("smtp://", "smtps://")):
            raise ValueError("must start with smtp:// or smtps://")
        return url

    @validator("smtp_from", always=True)
    def _sender_of_mail(cls, sender: str, values: dict[str, Any]) -> str:
        if values.get("smtp_url") and "@" not in sender:
            raise ValueError("must be an e-mail address where SMTP_URL is set")
        return sender

    @validator("webhook_allow_private", "trusted_proxies")
    def _networks(cls, written: str) -> str:
        networks_of(written)
        return written

    @validator("secret_key")
    def _long_enough(cls, key: str) -> str:
        if key and len(key) < 16:
            raise ValueError("must have at least 16 characters")
        return key

    @validator("work_until")
    def _after_work_from(cls, until: time, values: dict[str, Any]) -> time:
        if "work_from" in values and until <= values["work_from"]:
            raise ValueError("must be later than WORK_FROM")
        return until

    @validator("first_response", "resolution")
    def _targets(cls, written: str, values: dict[str, Any], field: Any) -> str:
        """Working time by priority, as in `urgent=30m, low=1d`; what is left out has its default."""
        default = {"first_response": FIRST_RESPONSE, "resolution": RESOLUTION}[field.name]
        written = written or default
        if "work_until" in values:
            day = WorkingHours(values["work_from"], values["work_until"]).day
            targets = targets_of(written, day, default)
            if field.name == "resolution" and "first_response" in values:
                first = targets_of(values["first_response"], day, FIRST_RESPONSE)
                if any(targets[priority] < first[priority] for priority in targets):
                    raise ValueError("must not be shorter than FIRST_RESPONSE")
        return written

    def __repr_args__(self) -> list[tuple[Optional[str], Any]]:
        return [
            (name, "***" if name in SECRET and value else value) for name, value in super().__repr_args__()
        ]

    @property
    def public_address(self) -> str:
        """What residents' links start with: PUBLIC_URL, or where this process listens."""
        host = "localhost" if self.http_host in ("0.0.0.0", "::") else self.http_host  # noqa: S104
        return self.public_url or f"http://{host}:{self.http_port}"

    @property
    def links_stay_here(self) -> bool:
        """True when residents elsewhere are given links that open on this machine alone."""
        elsewhere = bool(self.telegram_bot_token) or not _is_loopback(self.http_host)
        return elsewhere and _is_loopback(urlsplit(self.public_address).hostname or "")

    @property
    def uses_sandbox(self) -> bool:
        """True when no real reconciliation system is configured."""
        return not self.reconciliation_api_url


def _is_in_memory(database_url: str) -> bool:
    path = database_url.partition("://")[2].partition("?")[0].lstrip("/")
    return database_url.startswith("sqlite") and path in ("", ":memory:")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def load_settings(**overrides: Any) -> Settings:
    """Reads the environment once; raises SettingsError naming every unusable variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from error
