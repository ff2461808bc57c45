"""Logs for people (console) or machines (json); never a resident's words, never a token.

Ours say what happened in fields of their own. A library's line may hold anything: of those that see
residents' texts only the place is kept, of the others the first line, masked. An exception's message is kept
only when it is one of ours; of the others its kind and the way it took.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any, Iterator, MutableMapping

import structlog

from bot.errors import HelpdeskError
from bot.privacy import mask_identity

QUIET = ("httpx", "httpcore", "telegram", "rasa", "rasa_sdk", "apscheduler", "matplotlib", "alembic", "sanic",
         "sqlalchemy", "aiosqlite", "asyncio", "urllib3", "uvicorn")  # fmt: skip
"""Libraries that log addresses with tokens, values or texts, below WARNING."""

SEES_TEXTS = ("rasa", "rasa_sdk", "telegram", "aiosqlite", "sqlalchemy", "httpx", "httpcore")
"""Libraries through whose hands residents' texts go, so that their words are not repeated."""

TOKENS = re.compile(
    r"(?<![0-9])[0-9]{6,12}:[A-Za-z0-9_-]{30,}"  # Telegram's
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # a database address's user and password
    r"|(?i:(?<=bearer )|(?<=token=))[^\s&\"']+"
)
TOKEN_MARK = "‹token›"  # noqa: S105
FRAMES = 30

Event = MutableMapping[str, Any]


def configure_logs(log_format: str, level: str) -> None:
    """Sets up structlog and the standard library's logging as one; `level` in either case."""
    threshold = logging.getLevelName(level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                _without_foreign_words,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_exception_words,
                _masked,
                _renderer(log_format),
            ],
        )
    )
    logging.raiseExceptions = False  # a line that cannot be written would be printed with its values
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def _renderer(log_format: str) -> Any:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _without_foreign_words(_logger: Any, _method: str, event: Event) -> Event:
    name = str(event.get("logger", ""))
    if name.split(".")[0] == "bot":
        return event
    record: logging.LogRecord = event["_record"]
    ours = {key: value for key, value in event.items() if key in KEPT}
    if name.split(".")[0] in SEES_TEXTS:
        return {**ours, "event": f"{record.module}:{record.lineno}"}
    return {**ours, "event": str(event.get("event", "")).partition("\n")[0]}


KEPT = frozenset({"_record", "_from_structlog", "logger", "level", "timestamp", "exc_info"})


def _without_exception_words(_logger: Any, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException) -> Iterator[str]:
    """The chain of errors, causes first, without what may be somebody's words."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _told(cause)
    yield from _frames(error.__traceback__)
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    yield f"{kind}: {error}" if isinstance(error, HelpdeskError) else kind


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace)[-FRAMES:]:
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"


def _masked(_logger: Any, _method: str, event: Event) -> Event:
    return {key: _safe(value) for key, value in event.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, (bool, int, float, type(None))):
        return value
    return TOKENS.sub(TOKEN_MARK, mask_identity(str(value)))
