"""Bills for a bureau that runs the reconciliation system itself: handed on to it, never kept here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from starlette.responses import Response
from starlette.routing import Route

from bot.console.bureau_trouble import TROUBLE, BureauTrouble, trouble_of
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import InvalidInput
from bot.payments.bill_files import BillFile, BillFilesPage

HERE = "/console/bills"
PER_PAGE = 20
PAGES_MOST = 10_000
MOST_BYTES = 32 * 1024 * 1024
NAME_MAX = 80


@dataclass(frozen=True)
class Sent:
    """What became of a file that was sent, or why nobody knows."""

    file: Optional[BillFile] = None
    wrong: str = ""
    trouble: Optional[BureauTrouble] = None

    @property
    def word(self) -> str:
        """In short, for the audit log."""
        if self.trouble:
            return self.trouble.code
        if self.file is None:
            return self.wrong
        return "again" if self.file.again else "accepted" if self.file.accepted else "refused"


class BillsPage:
    """A form for a file, and the files that came; that one was sent is recorded, with what became of it."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._lookup = office.reconciliation.lookup

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of this page."""
        needs = Permission.OVERSEE
        return [
            Route(HERE, reception.for_agents(self.show, needs), methods=["GET"]),
            Route(HERE, reception.for_agents(self.send, needs, MOST_BYTES), methods=["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """The form and the newest files."""
        return await self._page(visit, None)

    async def send(self, visit: Visit) -> Response:
        """Gives the bureau the file and shows what became of it."""
        if not visit.upload:
            return await self._page(visit, Sent(wrong="missing"))
        name = _plain(visit.form.get("file_name", "")) or "file"
        sent = await self._sent(name, visit)
        async with self._office.work() as work:
            subject = f"{name} {sent.word}"
            work.agents.record(visit.account.name, "bill_sent", subject, self._office.clock.now())
            await work.commit()
        return await self._page(visit, sent)

    async def _sent(self, name: str, visit: Visit) -> Sent:
        try:
            file = await self._lookup.send_file(name, visit.upload, visit.account.name)
        except InvalidInput:
            return Sent(wrong="refused_unread")
        except TROUBLE as error:
            return Sent(trouble=trouble_of(error))
        return Sent(file) if file else Sent(wrong="not_offered")

    async def _page(self, visit: Visit, sent: Optional[Sent]) -> Response:
        number = visit.request.query_params.get("page", "1")
        page = min(int(number), PAGES_MOST) if number.isascii() and number.isdigit() and number != "0" else 1
        found: Optional[BillFilesPage] = None
        trouble = sent.trouble if sent else None
        try:
            found = await self._lookup.files((page - 1) * PER_PAGE, PER_PAGE)
        except TROUBLE as error:
            trouble = trouble or trouble_of(error)
        refused = sent is not None and (sent.wrong or (sent.file is not None and not sent.file.accepted))
        return self._pages.page(
            visit.request,
            "bills.html",
            422 if refused else 200,
            account=visit.account,
            csrf=visit.csrf,
            sent=sent,
            trouble=trouble,
            offered=found is not None,
            files=found.files if found else (),
            number=page,
            more=found is not None and found.total > page * PER_PAGE,
            most=MOST_BYTES // 1024**2,
        )


def _plain(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[-NAME_MAX:]
