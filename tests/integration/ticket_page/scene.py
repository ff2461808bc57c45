"""What the tests of a ticket's page begin with: residents, their tickets, their payments."""

from __future__ import annotations

from typing import Optional

from bot.messages import Author, Contact, FileReference, IncomingMessage, Line, MessageKind, Reply
from bot.payments.model import Payment
from bot.payments.service import PaymentReport, report_on
from bot.seal import Seal
from bot.tickets.model import HandoffReason, Ticket
from tests.doubles.web_house import MONDAY, SECRET, WebHouse

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"
JPEG, PDF = b"\xff\xd8\xff a picture", b"%PDF-1.4 a letter"


class Payments:
    """Answers with one payment, or with a trouble."""

    def __init__(self) -> None:
        self.payment: Optional[Payment] = None
        self.trouble: Optional[Exception] = None

    async def state_of(self, serial: str) -> PaymentReport:
        if self.trouble:
            raise self.trouble
        assert self.payment is not None
        return report_on(self.payment, MONDAY)


async def resident_says(house: WebHouse, text: str, sender: str = "resident-1") -> None:
    contact = Contact("rest", sender)
    await house.desk.handle(IncomingMessage(contact, f"{sender}-{text}", text))


async def waiting_ticket(house: WebHouse) -> str:
    """The ticket of a resident who asked for a person."""
    await resident_says(house, "人工")
    async with house.work() as work:
        [ticket] = await work.tickets.list()
    return ticket.number


async def two_tickets(house: WebHouse) -> tuple[Ticket, Ticket]:
    """Two cases of one resident."""
    return (
        await house.open_ticket(serial_number=SERIAL),
        await house.open_ticket(serial_number=OTHER_SERIAL, reason=HandoffReason.OVERDUE),
    )


async def lines_of(house: WebHouse, number: str) -> list[Line]:
    ticket = await house.ticket(number)
    async with house.work() as work:
        return await work.lines.after(ticket.conversation_id, 0, 500)


async def log_of(house: WebHouse, number: str) -> list[tuple[str, str, str]]:
    async with house.work() as work:
        return [(entry.actor, entry.action, entry.note) for entry in await work.tickets.log(number)]


async def attached(house: WebHouse, ticket: Ticket, content: bytes, media_type: str = "image/jpeg") -> int:
    """A file of the ticket's resident, kept."""
    conversation = await house.conversation(ticket)
    contact, now = conversation.contact, house.clock.now()
    async with house.work() as work:
        work.incoming.add(conversation.id, contact, "file", MessageKind.PHOTO, b"", now)
        work.attachments.expect(contact.channel, "file", FileReference("r", "k"), now)
        await work.commit()
    async with house.work() as work:
        accepted = await work.incoming.find(contact.channel, "file")
        assert accepted
        kept = (await work.attachments.of_incoming(accepted.id))[0]
        sealed = Seal(SECRET).close_bytes(content)
        work.attachments.keep(kept, media_type, "0" * 64, len(content), sealed)
        mark = "‹photo›" if media_type.startswith("image/") else "‹document›"
        shown = Reply(mark, author=Author.RESIDENT, custom={"attachment": kept.id})
        work.lines.add(conversation, shown, now)
        await work.commit()
    return kept.id
