"""Updates that Telegram posts to us, acknowledged after the commit."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, Update

from bot.channels.body import read_limited
from bot.channels.problems import Problem
from bot.channels.telegram.intake import Intake

log = structlog.get_logger(__name__)

PATH = "/webhooks/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE = 1024 * 1024


def webhook_secret(secret_key: str, token: str) -> str:
    """What Telegram has to show with each update; nobody can make it without both keys."""
    return hmac.new(secret_key.encode(), b"telegram-webhook:" + token.encode(), hashlib.sha256).hexdigest()


def webhook_address(url: str) -> str:
    """The public address of the route; `url` may be that, or only where the server is."""
    return url if url.endswith(PATH) else url.rstrip("/") + PATH


def telegram_routes(bot: Bot, intake: Intake, secret: str) -> list[Route]:
    """The route that Telegram posts updates to."""

    async def receive(request: Request) -> Response:
        try:
            _check(request, secret)
            update = _read(_checked(await read_limited(request, MAX_UPDATE)), bot)
            if update:
                await _take(intake, update)
        except Problem as problem:
            return problem.response()
        return Response(status_code=200)

    return [Route(PATH, receive, methods=["POST"])]


def _check(request: Request, secret: str) -> None:
    shown = request.headers.get(HEADER, "")
    if not hmac.compare_digest(shown.encode(), secret.encode()):
        raise Problem(403, "forbidden", "The secret token is wrong.")


def _checked(body: bytes) -> dict[str, Any]:
    """The update as it came; a 400 problem for what is none."""
    try:
        raw: Any = json.loads(body)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
        log.warning("telegram_update_refused")
        raise Problem(400, "invalid_request", "The body is not a Telegram update.")
    return raw


def _read(raw: dict[str, Any], bot: Bot) -> Update | None:
    try:
        return Update.de_json(raw, bot)
    except Exception as error:
        # Refused, Telegram would bring it again and again, and nothing behind it; polling skips it as well.
        log.error("telegram_update_unreadable", update=raw["update_id"], error=type(error).__name__)
        return None


async def _take(intake: Intake, update: Update) -> None:
    try:
        await intake.take(update)
    except Exception as error:
        # Telegram keeps the update and brings it again.
        log.warning("telegram_update_not_taken", error=type(error).__name__)
        raise Problem(503, "unavailable", "Not stored; bring it again.") from None
