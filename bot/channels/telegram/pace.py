"""How fast Telegram is written to: a chat a few lines at once, then one a second; all by the bot's rate."""

from __future__ import annotations

from aiolimiter import AsyncLimiter
from cachetools import TTLCache

AT_ONCE = 4
"""Lines of one answer; Telegram allows short bursts."""

CHATS_REMEMBERED = 10_000
REMEMBERED_SECONDS = 60.0


def at_once(per_second: float) -> tuple[float, float]:
    """The whole bot's rate as so many lines in so many seconds; a limiter lets nothing through below one."""
    return max(1.0, per_second), max(1.0, 1 / per_second)


class Pace:
    """python-telegram-bot's own limiter knows the whole bot's rate and the groups', not one chat's."""

    def __init__(self, per_second: float = 1.0) -> None:
        self._seconds = AT_ONCE / per_second
        self._chats: TTLCache[int, AsyncLimiter] = TTLCache(CHATS_REMEMBERED, REMEMBERED_SECONDS)

    async def keep(self, chat_id: int) -> None:
        """Returns when the chat may be written to; others do not wait for it."""
        limiter = self._chats.get(chat_id) or AsyncLimiter(AT_ONCE, self._seconds)
        self._chats[chat_id] = limiter
        await limiter.acquire()
