"""Logs for people (console) or machines (json); never a resident's words, never a token."""

from __future__ import annotations

import logging
from typing import Any

import structlog

from bot.privacy import mask_identity

QUIET = ("httpx", "httpcore", "telegram", "rasa", "rasa_sdk", "apscheduler", "matplotlib", "alembic", "sanic", "uvicorn")
"""Libraries that log addresses with tokens, or texts, below WARNING."""


def configure_logs(log_format: str, level: str) -> None:
    """Sets up structlog and the standard library's logging once."""
    threshold = getattr(logging, level.upper())
    logging.basicConfig(level=threshold, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            _only_ours,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.processors.format_exc_info,
            _masked,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        cache_logger_on_first_use=False,
    )


def _only_ours(_logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    # Rasa's structured log carries messages' texts; its warnings are enough.
    if str(event.get("event", "")).count(".") >= 2 and method in ("debug", "info"):
        raise structlog.DropEvent
    return event


def _masked(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: mask_identity(value) if isinstance(value, str) else value for key, value in event.items()}
