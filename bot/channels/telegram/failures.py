"""Telegram's errors, translated into ours."""

from __future__ import annotations

import os
from datetime import timedelta

from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.errors import AccessRefused, HelpdeskError, RateLimited, Slow, Unavailable
from bot.notifications.relay import Blocked, Undeliverable

# PTB's own switch: without it, each request to slow down brings a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")


def translated(error: TelegramError) -> HelpdeskError:
    """Our error for Telegram's; its words never hold the token."""
    if isinstance(error, RetryAfter):
        return RateLimited(retry_after(error))
    if isinstance(error, InvalidToken):
        return AccessRefused("Telegram refused the bot token")
    if isinstance(error, Forbidden) or _is_no_chat(error):
        return Blocked(error.message)
    if isinstance(error, BadRequest):
        return Undeliverable(error.message)  # a message that it will never take; the next one may do
    if isinstance(error, TimedOut):
        return Slow("no answer from Telegram")
    return Unavailable("Telegram cannot be reached")


def _is_no_chat(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and "chat not found" in error.message.lower()


def retry_after(error: RetryAfter) -> float:
    """The seconds that Telegram asked for."""
    value = error.retry_after
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
