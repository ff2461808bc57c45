"""What opens from a request's addresses: its status page, which shows the state only, and its receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from bot import formats
from bot.channels.assets import Assets
from bot.channels.words import Words, chosen_language, load_words
from bot.clock import Clock
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.requests.model import SentRequest
from bot.requests.service import RequestsService
from bot.storage.unit_of_work import UnitOfWorkFactory

HERE = Path(__file__).parent
PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is the key
    "X-Robots-Tag": "noindex, nofollow",
}


def request_routes(
    requests: RequestsService, work: UnitOfWorkFactory, clock: Clock, phrases: Phrases
) -> list[BaseRoute]:
    """`/requests/<signed>` and `/requests/papers/<signed>`; an address that was made up finds nothing."""
    pages = _Pages(requests, work, clock, phrases)
    return [
        Route("/requests/papers/{token}", pages.paper),
        Route("/requests/{token}", pages.status),
    ]


class _Pages:
    def __init__(
        self, requests: RequestsService, work: UnitOfWorkFactory, clock: Clock, phrases: Phrases
    ) -> None:
        self._requests = requests
        self._work = work
        self._clock = clock
        self._phrases = phrases
        self._words = load_words(HERE / "words")
        pages = Environment(
            loader=FileSystemLoader(HERE / "pages"), autoescape=True, undefined=StrictUndefined
        )
        pages.globals["asset"] = Assets(HERE / "pages" / "static", "/static/chat").address
        self._template = pages.get_template("request.html")

    async def status(self, request: Request) -> Response:
        """How far the request is, as last heard from the bureau."""
        words = self._words[chosen_language(request, "language")]
        named = self._requests.links.of_page(request.path_params["token"])
        found = await self._found(named)
        html = self._template.render(words=words, shown=self._shown(found, words) if found else None)
        return HTMLResponse(html, 200 if found else 404, headers=PRIVATE)

    async def paper(self, request: Request) -> Response:
        """The receipt as a PDF; in words, on the status page's template, when it is there no more."""
        named = self._requests.links.of_paper(request.path_params["token"])
        found = await self._found(named)
        if found is None:
            words = self._words[chosen_language(request, "language")]
            return HTMLResponse(self._template.render(words=words, shown=None), 404, headers=PRIVATE)
        async with self._work() as work:
            content = await self._requests.paper_of(work, found.conversation_id, found.request_id)
        name = f"{found.request_id}.pdf"
        disposition = {"Content-Disposition": f'inline; filename="{name}"', **PRIVATE}
        return Response(content, media_type="application/pdf", headers=disposition)

    async def _found(self, named: Optional[tuple[int, str]]) -> Optional[SentRequest]:
        if named is None:
            return None
        async with self._work() as work:
            return await self._requests.find(work, *named)

    def _shown(self, request: SentRequest, words: Words) -> dict[str, object]:
        now = self._clock.now()

        def said(at: object) -> str:
            return formats.moment(at, now, self._phrases, words.language)  # type: ignore[arg-type]

        waits = not request.has_ended
        return {
            "request_id": request.request_id,
            "tail": tail(request.serial_number),
            "status": request.status.value,
            "taken": said(request.created_at),
            "due": said(request.expected_by) if waits and request.expected_by else "",
            "steps": ("received", "investigating", request.status.value if request.has_ended else "resolved"),
            "waits": waits,
        }
