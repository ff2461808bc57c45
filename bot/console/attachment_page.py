"""Files that a resident sent or got, for the agents who work on their ticket."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from bot.attachments.media import ENDINGS
from bot.attachments.sending import file_name
from bot.console.office import Office
from bot.console.reception import Reception, Visit
from bot.errors import NotFound
from bot.seal import Seal

LARGEST_ID = 2**63 - 1

NEVER_A_PAGE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
"""A file from outside runs nothing, whatever it says it is."""


class AttachmentPage:
    """Hands a ticket's files over; that it was done is recorded."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seal = Seal(office.secret_key)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of files."""
        ticket = "/console/tickets/{number}"
        return [
            Route(ticket + "/attachments/{id:int}", reception.for_agents(self.attachment)),
            Route(ticket + "/sent/{sha256}", reception.for_agents(self.sent)),
        ]

    async def attachment(self, visit: Visit) -> Response:
        """What the resident sent, under a name of ours; one of another conversation is not found.

        It is saved; with `?shown=1` a picture is shown.
        """
        number, wanted = visit.request.path_params["number"], visit.request.path_params["id"]
        async with self._office.work() as work:
            ticket = await work.tickets.get(number)
            found = await work.attachments.get(min(wanted, LARGEST_ID))
            sealed = await work.attachments.sealed(found.id) if found else None
            if not (ticket and found and sealed) or found.conversation_id != ticket.conversation_id:
                raise NotFound(number)
            subject = f"{number}/{found.id}"
            work.agents.record(visit.account.name, "attachment_viewed", subject, self._office.clock.now())
            await work.commit()
        content = await asyncio.to_thread(self._seal.open_bytes, sealed)
        name = f"{number}-{found.id}.{ENDINGS[found.media_type]}"
        shown = visit.request.query_params.get("shown") == "1"
        return _handed_over(content, found.media_type, name, shown)

    async def sent(self, visit: Visit) -> Response:
        """What an agent sent to the resident; one of another conversation is not found."""
        number = visit.request.path_params["number"]
        async with self._office.work() as work:
            ticket = await work.tickets.get(number)
            work.agents.record(
                visit.account.name, "attachment_viewed", f"{number}/sent", self._office.clock.now()
            )
            await work.commit()
        wanted = visit.request.path_params["sha256"]
        found = await self._office.sending.open(ticket.conversation_id, wanted) if ticket else None
        if found is None:
            raise NotFound(number)
        file, content = found
        return _handed_over(content, file.media_type, f"{number}-{file_name(file)}", shown=True)


def _handed_over(content: bytes, media_type: str, name: str, shown: bool) -> Response:
    way = "inline" if shown and media_type.startswith("image/") else "attachment"
    return Response(
        content, 200, {**NEVER_A_PAGE, "Content-Disposition": f'{way}; filename="{name}"'}, media_type
    )
