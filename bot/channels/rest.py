"""Residents who come through another program: Rasa's REST convention, unmodified clients welcome."""

from __future__ import annotations

import hmac
import re
import uuid
from hashlib import sha256
from typing import Any, Awaitable, Callable, Mapping, Optional

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.attachments.links import FileLinks
from bot.channels.body import checked_id, line_id, read_json_object, required_id, required_text
from bot.channels.files import file_json
from bot.channels.problems import Problem
from bot.desk import Desk
from bot.messages import Contact, IncomingMessage, Line, MessageKind

Parse = Callable[[str], Awaitable[Mapping[str, Any]]]

CHANNEL = "rest"
LANGUAGES = ("zh", "en")
PAGE = 100
PARSE_MAX_CHARS = 2000
PAYLOAD = re.compile(r"/[A-Za-z_][\w.+-]*\s*(\{.*\})?\s*", re.DOTALL)


def rest_routes(
    desk: Desk, parse: Parse, links: FileLinks, token: str = "", address: str = ""
) -> list[Route]:
    """The webhook, the pushed messages and the parser; `token` (empty: open) guards them as Rasa's does.

    Files are named under `address`, where this service is found; empty: where the request found it.
    """

    async def receive(request: Request) -> JSONResponse:
        _check_token(request, token)
        message = _message(await read_json_object(request))
        lines = await desk.handle(message)
        return JSONResponse([_answer(message.contact.user_id, line) for line in lines])

    async def messages(request: Request) -> JSONResponse:
        _check_token(request, token)
        sender = checked_id(request.path_params["sender"], "sender")
        after = line_id(request.query_params.get("after", ""))
        lines = await desk.lines_after(Contact(CHANNEL, sender), after, PAGE)
        base = address or str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "messages": [line_json(line, links, base) for line in lines],
                "cursor": lines[-1].id if lines else after,
            }
        )

    async def parse_text(request: Request) -> JSONResponse:
        _check_token(request, token)
        text = required_text(await read_json_object(request), "text", PARSE_MAX_CHARS)
        return JSONResponse(await parse(_storable(text)))

    return [
        Route("/webhooks/rest/webhook", receive, methods=["POST"]),
        Route("/conversations/{sender:path}/messages", messages),
        Route("/model/parse", parse_text, methods=["POST"]),
    ]


def kind_of(text: str) -> MessageKind:
    """BUTTON when the text is a payload such as `/query_status{"serial_number": "42"}`, else TEXT."""
    return MessageKind.BUTTON if PAYLOAD.fullmatch(text) else MessageKind.TEXT


def scoped_message_id(owner: str, message_id: str) -> str:
    """A caller's own message id made unique in the channel, so that nobody gets another's answer."""
    return f"{sha256(owner.encode()).hexdigest()[:32]}-{message_id}"


def line_json(line: Line, links: FileLinks, base: str = "") -> dict[str, Any]:
    """A line of the transcript, as programs read it; `file` where an agent sent one with it."""
    file = file_json(line, links, base)
    return {
        "id": line.id,
        "author": line.author.value,
        "author_name": line.author_name,
        "text": line.text,
        "buttons": [{"title": button.title, "payload": button.payload} for button in line.buttons],
        "created_at": line.created_at.isoformat(),
        **({"file": file} if file else {}),
    }


def _message(body: dict[str, Any]) -> IncomingMessage:
    sender = required_id(body, "sender")
    text = required_text(body, "message")
    metadata = body.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise Problem(400, "invalid_metadata", "metadata must be an object.")
    return IncomingMessage(
        contact=Contact(CHANNEL, sender),
        message_id=scoped_message_id(sender, _message_id(metadata)),
        text=_storable(text),
        kind=kind_of(text),
        language=_language(metadata),
    )


def _message_id(metadata: dict[str, Any]) -> str:
    if metadata.get("message_id") is None:
        return uuid.uuid4().hex
    return required_id(metadata, "message_id", 120)


def _language(metadata: dict[str, Any]) -> Optional[str]:
    named = metadata.get("language")
    if named is None:
        return None
    if not isinstance(named, str) or named[:2].lower() not in LANGUAGES:
        raise Problem(400, "invalid_language", "language must be zh or en.")
    return named[:2].lower()


def _answer(sender: str, line: Line) -> dict[str, Any]:
    custom = dict(line.custom)
    answer: dict[str, Any] = {"recipient_id": sender, "text": line.text}
    if line.buttons:
        answer["buttons"] = [{"title": b.title, "payload": b.payload} for b in line.buttons]
    image = custom.pop("image", None)
    if image:
        answer["image"] = image
    if custom:
        answer["custom"] = custom
    return answer


def _storable(text: str) -> str:
    # JSON can carry half surrogates, which no encoding can.
    return text.encode("utf-8", "replace").decode("utf-8")


def _check_token(request: Request, token: str) -> None:
    if not token:
        return
    bearer = request.headers.get("authorization", "").partition(" ")[2]
    given = request.query_params.get("token") or bearer
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        raise Problem(401, "unauthorized", "A token is needed.", {"WWW-Authenticate": "Bearer"})
