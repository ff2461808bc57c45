"""The whole product with the Telegram channel on, polling the Bot API double."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.bot_api import TOKEN, BotApi
from tests.doubles.whole_product import WholeProduct


def telegram_product(folder: Path, api: BotApi, **environment: str) -> WholeProduct:
    """Not started yet; its database and keys in `folder`."""
    return WholeProduct(
        folder,
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_BASE_URL=api.url,
        TELEGRAM_MESSAGES_PER_SECOND="100",
        **environment,
    )
