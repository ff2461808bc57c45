"""Files over HTTP: `POST /sandbox/bills` takes one in, `GET /sandbox/bills` tells what came."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.api import query
from bot.sandbox.api.answers import Json, moment
from bot.sandbox.api.desk import Desk, operator_of
from bot.sandbox.api.upload import uploaded
from bot.sandbox.bills.errors import both
from bot.sandbox.books.arrival import Arrival
from bot.sandbox.bureau import Bureau
from bot.sandbox.intake import Intake, Taken
from bot.sandbox.matching.classes import NAMES, Class
from bot.sandbox.problems import ProblemResponse

MOST_BYTES = 64 * 1024**2
SHOWN, SHOWN_MOST = 50, 200


class Arrivals:
    """The calls for files."""

    def __init__(self, bureau: Bureau, intake: Intake, most_bytes: int = MOST_BYTES) -> None:
        self._bureau = bureau
        self._intake = intake
        self._most = most_bytes

    def routes(self, desk: Desk) -> list[Route]:
        """A route for each call."""
        return [
            Route("/sandbox/bills", desk.call(self.list), methods=["GET"]),
            Route("/sandbox/bills", desk.call(self.take), methods=["POST"]),
        ]

    async def take(self, request: Request) -> JSONResponse:
        """201 for a file that is on the books now, 200 for one that was, 422 for one that is refused."""
        async with uploaded(request, self._most) as upload:
            by = operator_of(request, upload.fields.get("operator", ""))
            taken = await self._intake.take(upload.file, upload.name, by)
        if not taken.arrival.accepted:
            return _refused(taken.arrival)
        return JSONResponse(taken_answer(taken), 200 if taken.again else 201)

    async def list(self, request: Request) -> JSONResponse:
        """What came, newest first; `offset` goes on."""
        await self._bureau.ready()
        limit = query.integer(request, "limit", default=SHOWN, least=1, most=SHOWN_MOST)
        offset = query.integer(request, "offset", default=0, least=0, most=10**9)
        newest = newest_arrivals(self._bureau)
        await self._bureau.kept()
        shown = [arrival_answer(arrival) for arrival in newest[offset : offset + limit]]
        return JSONResponse({"files": shown, "total": len(newest)})


def newest_arrivals(bureau: Bureau) -> list[Arrival]:
    """Every file that came, newest first."""
    return sorted(bureau.ledger.arrivals.values(), key=lambda one: (one.came_at, one.name), reverse=True)


def taken_answer(taken: Taken) -> Json:
    """What became of a file."""
    return {**arrival_answer(taken.arrival), "again": taken.again}


def arrival_answer(arrival: Arrival) -> Json:
    """A file and what is known of it."""
    zh, en = both(arrival.refusal)
    return {
        "checksum": arrival.checksum,
        "name": arrival.name,
        "came_at": moment(arrival.came_at),
        "came_by": arrival.came_by,
        "status": "accepted" if arrival.accepted else "refused",
        "refusal": None if arrival.accepted else {"zh": zh, "en": en},
        "content": arrival.content.value,
        "channel": arrival.channel.value if arrival.channel else None,
        "account": arrival.account or None,
        "day": arrival.day.isoformat() if arrival.day else None,
        "rows": arrival.rows,
        "new": arrival.new,
        "total": arrival.total,
        "matched": arrival.matched if arrival.worked else None,
        "classes": [
            {"class": kind, "name": NAMES[Class(kind)], "lines": lines, "fen": fen}
            for kind, lines, fen in arrival.shares
        ],
    }


def _refused(arrival: Arrival) -> ProblemResponse:
    document = {"title": "File refused", "status": 422, "code": "invalid_file", "detail": arrival.refusal}
    return ProblemResponse({**document, "file": arrival_answer(arrival)}, 422)
