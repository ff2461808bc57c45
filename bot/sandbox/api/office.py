"""The staff's pages: bills that came, the day's report, residents' requests; in Chinese or English."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.api import query
from bot.sandbox.api.answers import request_answer
from bot.sandbox.api.arrivals import MOST_BYTES, newest_arrivals
from bot.sandbox.api.body import read_fields
from bot.sandbox.api.desk import Desk, operator_of
from bot.sandbox.api.upload import uploaded
from bot.sandbox.bills.errors import both
from bot.sandbox.books.files import yuan
from bot.sandbox.bureau import Bureau
from bot.sandbox.intake import Intake, Taken
from bot.sandbox.matching.classes import Class
from bot.sandbox.model import ReconciliationRequest, RequestStatus, masked
from bot.sandbox.notes import REASONS
from bot.sandbox.problems import InvalidRequest
from bot.sandbox.report import Report, report_of
from bot.sandbox.sheet import sheet, states_of

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PER_PAGE = 50
UNMATCHED_SHOWN = 200
OUTCOME_MOST = 200
LANGUAGES = ("zh", "en")
ENDS = {"resolve": RequestStatus.RESOLVED, "reject": RequestStatus.REJECTED}


class OfficePages:
    """The pages of one bureau, and the calls that give the same to programs."""

    def __init__(self, bureau: Bureau, intake: Intake, most_bytes: int = MOST_BYTES) -> None:
        self._bureau = bureau
        self._intake = intake
        self._most = most_bytes
        pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
        pages.filters.update(yuan=yuan, masked=masked)
        pages.globals.update(reasons=REASONS)
        self._pages = pages

    def routes(self, desk: Desk) -> list[Route]:
        """A route for each page and call."""
        return [
            Route("/bills", desk.page(self.bills), methods=["GET"]),
            Route("/bills", desk.page(self.take), methods=["POST"]),
            Route("/reports", desk.page(self.today)),
            Route("/reports/{day}", desk.page(self.report)),
            Route("/requests", desk.page(self.requests)),
            Route("/requests/{request_id}", desk.page(self.decide), methods=["POST"]),
            Route("/sandbox/reports/{day}.csv", desk.call(self.report_file)),
            Route("/sandbox/requests/{request_id}", desk.call(self.answer), methods=["POST"]),
        ]

    # Bills

    async def bills(self, request: Request) -> Response:
        """The form, and what came."""
        return await self._bills(request)

    async def take(self, request: Request) -> Response:
        """Take one file in and show what became of it."""
        try:
            async with uploaded(request, self._most) as upload:
                taken = await self._intake.take(upload.file, upload.name, operator_of(request))
        except InvalidRequest as error:
            return await self._bills(request, wrong=both(error.detail), status=error.status)
        return await self._bills(request, taken, status=200 if taken.arrival.accepted else 422)

    async def _bills(
        self,
        request: Request,
        taken: Taken | None = None,
        wrong: tuple[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        await self._bureau.ready()
        page = query.integer(request, "page", default=1, least=1, most=10**6)
        found = newest_arrivals(self._bureau)
        shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        await self._bureau.kept()
        return self._page(
            request,
            "bills.html",
            status,
            arrivals=[(arrival, both(arrival.refusal)) for arrival in shown],
            taken=taken,
            refusal=both(taken.arrival.refusal) if taken else None,
            wrong=wrong,
            page=page,
            more=len(found) > page * PER_PAGE,
            most_mib=self._most // 1024**2,
        )

    # Reports

    async def today(self, request: Request) -> Response:
        """The report of the day that was asked for, or of yesterday."""
        yesterday = self._bureau.clock.now().date() - timedelta(days=1)
        asked = query.day(request, "day") or yesterday
        return RedirectResponse(f"reports/{asked.isoformat()}", 303)

    async def report(self, request: Request) -> Response:
        """One day's report."""
        report = await self._report(request)
        return self._page(
            request,
            "report.html",
            report=report,
            kinds_found=[kind for kind in Class if report.of_class(kind).rows],
            states_found=states_of(report),
            shown=report.unmatched[:UNMATCHED_SHOWN],
            before=report.day - timedelta(days=1),
            after=report.day + timedelta(days=1),
        )

    async def report_file(self, request: Request) -> Response:
        """The same as a CSV file."""
        report = await self._report(request)
        name = f"reconciliation-{report.day.isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(sheet(report), headers=headers, media_type="text/csv; charset=utf-8")

    async def _report(self, request: Request) -> Report:
        day = _day(str(request.path_params["day"]))
        async with self._bureau.working():
            return await report_of(self._bureau.casework, day, self._bureau.clock.now())

    # Requests

    async def requests(self, request: Request) -> Response:
        """Residents' requests: those that wait first, then those that were answered last."""
        await self._bureau.ready()
        found = sorted(self._bureau.ledger.requests, key=_newest, reverse=True)
        waiting = [one for one in found if one.due_at is not None][::-1]
        page = query.integer(request, "page", default=1, least=1, most=10**6)
        listed = [*waiting, *(one for one in found if one.due_at is None)]
        shown = listed[(page - 1) * PER_PAGE : page * PER_PAGE]
        payments = {one.request_id: self._bureau.ledger.find(one.serial_number) for one in shown}
        await self._bureau.kept()
        return self._page(
            request,
            "requests.html",
            requests=shown,
            payments=payments,
            waiting=len(waiting),
            page=page,
            more=len(listed) > page * PER_PAGE,
        )

    async def decide(self, request: Request) -> Response:
        """What the page's form asks for."""
        form = await request.form(max_files=0, max_fields=5)
        await self._decide(request, str(form.get("action", "")), str(form.get("outcome", "")))
        return RedirectResponse("../requests", 303)

    async def answer(self, request: Request) -> Response:
        """The same for programs: `action` take_up, resolve or reject; `outcome` for the last two."""
        fields = await read_fields(request)
        fields.only(["action", "outcome"])
        outcome = fields.text("outcome", most=OUTCOME_MOST) if fields.has("outcome") else ""
        decided = await self._decide(request, fields.text("action", least=1, most=20), outcome)
        return JSONResponse(request_answer(decided))

    async def _decide(self, request: Request, action: str, outcome: str) -> ReconciliationRequest:
        request_id = str(request.path_params["request_id"])
        said = "".join(character for character in outcome if character.isprintable()).strip()
        if action != "take_up" and action not in ENDS:
            raise InvalidRequest("action must be take_up, resolve or reject")
        if action in ENDS and not 0 < len(said) <= OUTCOME_MOST:
            raise InvalidRequest(f"outcome must have 1 to {OUTCOME_MOST} characters")
        async with self._bureau.working():
            if action == "take_up":
                return self._bureau.take_up_request(request_id)
            return self._bureau.answer_request(request_id, ENDS[action], said)

    # All pages

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        asked = request.query_params.get("lang", "")
        language = asked if asked in LANGUAGES else request.cookies.get("lang", "zh")
        language = language if language in LANGUAGES else "zh"
        root = "../" * (request.url.path.strip("/").count("/"))
        html = self._pages.get_template(name).render(
            **values,
            language=language,
            t=_chosen(language),
            root=root,
            here=_here(request),
            part=request.url.path.strip("/").partition("/")[0],
        )
        answer = HTMLResponse(html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
        if asked in LANGUAGES:
            answer.set_cookie("lang", asked, max_age=365 * 24 * 3600, samesite="strict", httponly=True)
        return answer


def _chosen(language: str) -> Any:
    return lambda zh, en: zh if language == "zh" else en


def _here(request: Request) -> str:
    """The page's own last part, for links to itself."""
    return request.url.path.rpartition("/")[2]


def _newest(request: ReconciliationRequest) -> tuple[str, str]:
    return request.created_at.isoformat(), request.request_id


def _day(text: str) -> date:
    try:
        if len(text) == len("2026-11-24"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidRequest("the day must be YYYY-MM-DD")
