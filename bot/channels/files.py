"""The files that agents sent, for the residents who hold their addresses."""

from __future__ import annotations

from typing import Any, Optional

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.attachments.links import FileLinks
from bot.attachments.sending import Enclosure, SendingService, file_name
from bot.errors import NotFound
from bot.messages import Line

PRIVATE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",  # the address is the key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def file_routes(links: FileLinks, sending: SendingService) -> list[Route]:
    """`/files/<signed>`; an address that was made up, is too old or was erased finds nothing."""

    async def file(request: Request) -> Response:
        named = links.read(request.path_params["token"])
        found = await sending.open(*named) if named else None
        if found is None:
            raise NotFound("file")
        kept, content = found
        disposition = {"Content-Disposition": f'inline; filename="{file_name(kept)}"'}
        return Response(content, 200, {**PRIVATE, **disposition}, kept.media_type)

    return [Route("/files/{token}", file)]


def file_json(line: Line, links: FileLinks, base: str = "") -> Optional[dict[str, Any]]:
    """What programs read of a line's file, its size in bytes; None for a line without one."""
    enclosure, path = Enclosure.of(line.custom), links.of(line)
    if enclosure is None or path is None:
        return None
    return {"url": base + path, "media_type": enclosure.media_type, "size": enclosure.size}
