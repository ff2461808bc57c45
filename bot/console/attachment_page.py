"""A file that a resident sent, for the agents who work on their ticket."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from bot.attachments.media import ENDINGS
from bot.attachments.model import Attachment
from bot.console.office import Office
from bot.console.reception import Reception, Visit
from bot.errors import NotFound
from bot.seal import Seal

LARGEST_ID = 2**63 - 1

SAVED_ONLY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
"""A file from outside is saved, and never shown as a page of ours."""


class AttachmentPage:
    """Hands a ticket's files over; that it was done is recorded."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seal = Seal(office.secret_key)

    def routes(self, reception: Reception) -> list[Route]:
        """The address of a file."""
        address = "/console/tickets/{number}/attachments/{id:int}"
        return [Route(address, reception.for_agents(self.attachment))]

    async def attachment(self, visit: Visit) -> Response:
        """The file under a name of ours; one of another conversation is not found."""
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
        return _saved(found, number, await asyncio.to_thread(self._seal.open_bytes, sealed))


def _saved(attachment: Attachment, number: str, content: bytes) -> Response:
    name = f"{number}-{attachment.id}.{ENDINGS[attachment.media_type]}"
    headers = {**SAVED_ONLY, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, attachment.media_type)
