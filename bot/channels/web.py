"""Residents in a browser: the chat page, messages in, lines out as they come."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, AsyncIterator, Optional

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bot.attachments.links import FileLinks
from bot.channels.assets import Assets
from bot.channels.body import line_id, read_json_object, required_id, required_text
from bot.channels.problems import Problem
from bot.channels.rest import line_json, scoped_message_id
from bot.channels.streams import to_its_end
from bot.channels.visitor import Visitors, refuse_other_origins
from bot.channels.words import LANGUAGES, Words, chosen_language, load_words
from bot.desk import Desk
from bot.errors import RetryLater
from bot.messages import Author, Contact, IncomingMessage, Line, MessageKind
from bot.reading import SILENT

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "language"
PAGE = 100
HISTORY = 500
POLL_SECONDS = 0.8
"""Until a line that another process stored is looked for; what this one stored is announced at once."""
KINDS = {"text": MessageKind.TEXT, "button": MessageKind.BUTTON}


def web_routes(desk: Desk, secret_key: str, links: FileLinks, https: bool = False) -> list[BaseRoute]:
    """The chat at `/` and everything its page asks for."""
    chat = _Chat(desk, secret_key, links, https)
    return [
        Route("/", chat.page, name="chat"),
        Route("/chat", chat.page),
        Route("/chat/messages", chat.messages),
        Route("/chat/messages", chat.send, methods=["POST"]),
        Route("/chat/events", chat.events),
        Mount("/static/chat", chat.assets.files()),
    ]


class _Chat:
    """The page's endpoints."""

    def __init__(self, desk: Desk, secret_key: str, links: FileLinks, https: bool) -> None:
        self._desk = desk
        self._links = links
        self._visitors = Visitors(secret_key, https)
        self._words = load_words(HERE / "words")
        self.assets = Assets(HERE / "pages" / "static", "/static/chat")
        pages = Environment(
            loader=FileSystemLoader(HERE / "pages"), autoescape=True, undefined=StrictUndefined
        )
        pages.globals["asset"] = self.assets.address
        self._template = pages.get_template("chat.html")

    async def page(self, request: Request) -> Response:
        """The chat page with the visitor's history in it; gives a new visitor a cookie."""
        words = self._words[chosen_language(request, LANGUAGE_COOKIE)]
        contact = self._visitors.recognise(request) or self._visitors.new()
        lines = await self._desk.lines_after(contact, 0, HISTORY)
        html = self._template.render(words=words, state=self._state(words, lines))
        response = HTMLResponse(html, headers={"Cache-Control": "no-store"})
        self._visitors.remember(request, response, contact)
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, words.language, max_age=365 * 24 * 3600, samesite="lax")
        return response

    async def send(self, request: Request) -> JSONResponse:
        """Hands a message to the desk; the same `client_id` again gets the same answer."""
        refuse_other_origins(request)
        contact = self._visitors.require(request)
        body = await read_json_object(request)
        after = _after(body.get("after", 0))
        accepted = await self._desk.accept(_message(contact, body))
        await self._desk.answer(accepted)
        lines = await self._desk.lines_after(contact, after, PAGE)
        return JSONResponse({"accepted": accepted.id, **self._page_of(lines, after)}, headers=NO_STORE)

    async def messages(self, request: Request) -> JSONResponse:
        """The visitor's lines after a line."""
        contact = self._visitors.require(request)
        after = line_id(request.query_params.get("after", ""))
        lines = await self._desk.lines_after(contact, after, PAGE)
        return JSONResponse(self._page_of(lines, after), headers=NO_STORE)

    async def events(self, request: Request) -> EventSourceResponse:
        """The visitor's lines as they come, resuming after `Last-Event-ID` or `after`."""
        contact = self._visitors.require(request)
        resume = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventSourceResponse(self._while_it_can(contact, line_id(resume)), ping=15)

    async def _while_it_can(self, contact: Contact, after: int) -> AsyncIterator[ServerSentEvent]:
        """Ends while the database is away: the page says so, and comes again."""
        with suppress(RetryLater):
            async for event in self._stream(contact, after):
                yield event

    async def _news(self, contact: Contact) -> None:
        """Returns when there may be new lines; whether the database is away, reading them will say."""
        with suppress(RetryLater):
            await self._desk.wait_for_lines(contact, POLL_SECONDS)

    async def _stream(self, contact: Contact, after: int) -> AsyncIterator[ServerSentEvent]:
        news: Optional["asyncio.Task[None]"] = None
        ready, typing = False, False
        while True:
            # Waiting starts before reading, so that a line stored in between need not wait for the limit,
            # which is for lines that another process stored: nobody announces those here.
            if news is None or news.done():
                news = asyncio.create_task(self._news(contact))
            lines = await to_its_end(self._desk.lines_after(contact, after, PAGE))
            if not ready:
                yield ServerSentEvent(event="ready", data="{}", retry=2000)
                ready = True
            for line in lines:
                after = line.id
                if not _is_silent(line):
                    data = json.dumps(self._line(line), ensure_ascii=False)
                    yield ServerSentEvent(event="line", id=str(line.id), data=data)
            if not lines:
                types = await to_its_end(self._desk.is_written_to(contact))
                if types != typing:
                    typing = types
                    yield ServerSentEvent(event="typing", data=json.dumps({"on": types}))
                await asyncio.wait({news})

    def _state(self, words: Words, lines: list[Line]) -> str:
        """What the page's script starts from, as JSON that cannot end its script element."""
        state = {
            "language": words.language,
            "words": {name: words(name) for name in sorted(words.names)},
            **self._page_of(lines, 0),
        }
        return json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")

    def _page_of(self, lines: list[Line], after: int) -> dict[str, Any]:
        shown = [self._line(line) for line in lines if not _is_silent(line)]
        return {"lines": shown, "cursor": lines[-1].id if lines else after}

    def _line(self, line: Line) -> dict[str, Any]:
        return {**line_json(line, self._links), "in_reply_to": line.in_reply_to}


NO_STORE = {"Cache-Control": "no-store"}


def _message(contact: Contact, body: dict[str, Any]) -> IncomingMessage:
    kind = KINDS.get(str(body.get("kind", "text")))
    if kind is None:
        raise Problem(400, "invalid_kind", "kind must be text or button.")
    language = body.get("language")
    return IncomingMessage(
        contact=contact,
        message_id=scoped_message_id(contact.user_id, required_id(body, "client_id", 64)),
        text=required_text(body, "text").encode("utf-8", "replace").decode("utf-8"),
        kind=kind,
        language=language if language in LANGUAGES else None,
    )


def _after(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Problem(400, "invalid_after", "after must be a whole number, 0 or more.")
    return line_id(str(value))


def _is_silent(line: Line) -> bool:
    return line.author is Author.RESIDENT and SILENT.match(line.text) is not None
