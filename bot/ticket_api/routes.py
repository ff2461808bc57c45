"""The tickets API's addresses: under /api/v1, described in /openapi.json."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Awaitable, Callable, Mapping, Optional

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.announcer import Announcer
from bot.channels.body import read_json_object
from bot.channels.problems import Problem
from bot.clock import Clock
from bot.errors import Conflict, InvalidInput
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.ticket_api.documents import line_document, ticket_document
from bot.ticket_api.model import ApiToken, Scope
from bot.ticket_api.tokens import TokensService
from bot.ticket_api.work import Actions
from bot.tickets.casework import Casework
from bot.tickets.model import Ticket, TicketStatus

MOST, USUAL = 100, 50
KEY_MAX_CHARS = 128
KEYS_LIVE = timedelta(days=7)
A_MINUTE = timedelta(minutes=1)
CALLS = "api_calls"

Serve = Callable[["Call"], Awaitable[Response]]


@dataclass(frozen=True)
class Call:
    """One request with the token that sent it."""

    request: Request
    token: ApiToken

    @property
    def number(self) -> str:
        """The ticket's number in the address."""
        return str(self.request.path_params["number"])


class TicketApi:
    """Reads commit that they happened; each write is one transaction with its answer."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        casework: Casework,
        clock: Clock,
        announcer: Announcer,
        notify: Callable[[], None],
        per_minute: int = 120,
    ) -> None:
        self._work = work
        self._clock = clock
        self._announcer = announcer
        self._notify = notify
        self._tokens = TokensService(clock)
        self._actions = Actions(casework)
        self._per_minute = per_minute

    def routes(self) -> list[Route]:
        """The addresses of the API."""
        one = "/api/v1/tickets/{number}"
        return [
            Route("/api/v1/tickets", self._guarded(self._list, Scope.READ)),
            Route(one, self._guarded(self._get, Scope.READ)),
            Route(one + "/transcript", self._guarded(self._transcript, Scope.TRANSCRIPTS)),
            Route(one + "/{action}", self._guarded(self._act, Scope.WRITE), methods=["POST"]),
        ]

    def _guarded(self, serve: Serve, needs: Scope) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            async with self._work() as work:
                token = await self._tokens.check(work, given.strip()) if scheme.lower() == "bearer" else None
                await work.commit()
            if token is None:
                raise Problem(401, "unauthorized", "A token is needed.", {"WWW-Authenticate": "Bearer"})
            if needs not in token.scopes:
                raise Problem(403, "forbidden", f"The token has no scope '{needs.value}'.")
            await self._count(token)
            return await serve(Call(request, token))

        endpoint.__name__ = f"tickets_api{serve.__name__}"
        return endpoint

    async def _count(self, token: ApiToken) -> None:
        async with self._work() as work:
            calls = await work.lately.happened(CALLS, str(token.id), self._clock.now(), A_MINUTE)
        if calls > self._per_minute:
            wait = {"Retry-After": str(int(A_MINUTE.total_seconds()))}
            raise Problem(429, "rate_limited", f"At most {self._per_minute} calls a minute.", wait)

    async def _list(self, call: Call) -> Response:
        query = call.request.query_params
        limit = _whole(query, "limit", USUAL, 1, MOST)
        async with self._work() as work:
            tickets = await work.tickets.changed(
                after=_cursor(query.get("cursor", "")),
                since=_moment(query, "updated_since"),
                statuses=_statuses(query.get("status", "")),
                assignee=query.get("assignee"),
                tag=query.get("tag"),
                serial_number=query.get("serial_number"),
                limit=limit + 1,
            )
            page = tickets[:limit]
            tags = await work.tickets.tags_of(ticket.number for ticket in page)
            work.agents.record(call.token.actor, "api_tickets_listed", str(len(page)), self._clock.now())
            await work.commit()
        more = len(tickets) > limit
        return JSONResponse(
            {
                "tickets": [ticket_document(ticket, tags.get(ticket.number, [])) for ticket in page],
                "next_cursor": _cursor_of(page[-1]) if more else None,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _get(self, call: Call) -> Response:
        async with self._work() as work:
            ticket = await _existing(work, call.number)
            document = await _whole_document(work, ticket)
            work.agents.record(call.token.actor, "api_ticket_viewed", ticket.number, self._clock.now())
            await work.commit()
        return _answer(document)

    async def _transcript(self, call: Call) -> Response:
        query = call.request.query_params
        after = _whole(query, "after", 0, 0, 2**62)
        limit = _whole(query, "limit", USUAL, 1, MOST)
        async with self._work() as work:
            ticket = await _existing(work, call.number)
            lines = await work.lines.after(ticket.conversation_id, after, limit)
            work.agents.record(call.token.actor, "api_transcript_viewed", ticket.number, self._clock.now())
            await work.commit()
        body = {
            "lines": [line_document(line) for line in lines],
            "cursor": lines[-1].id if lines else after,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _act(self, call: Call) -> Response:
        action, key = call.request.path_params["action"], _key(call.request)
        if action not in self._actions.names:
            raise Problem(404, "not_found", "There is no such action.")
        body = await read_json_object(call.request)
        asked = sha256(json.dumps([call.number, action, body], sort_keys=True).encode()).hexdigest()
        known = await self._answered(call.token, key, asked)
        if known is not None:
            return known
        try:
            return await self._done(call, action, body, key, asked)
        except Conflict:
            # The same key at the same moment: the other one's answer is this one's, too.
            known = await self._answered(call.token, key, asked)
            if known is not None:
                return known
            raise
        except InvalidInput as error:
            raise Problem(422, error.code, f"This cannot be done: {error.code}.") from error

    async def _answered(self, token: ApiToken, key: str, asked: str) -> Optional[Response]:
        if not key:
            return None
        async with self._work() as work:
            known = await work.api_tokens.answered(token.id, key)
        if known is None:
            return None
        if known[0] != asked:
            raise Problem(409, "key_used", "This Idempotency-Key was used for another request.")
        return _answer(json.loads(known[2]), known[1])

    async def _done(self, call: Call, action: str, body: dict[str, Any], key: str, asked: str) -> Response:
        now = self._clock.now()
        async with self._work() as work:
            ticket = await _existing(work, call.number)
            _check_version(call.request, ticket)
            await self._actions.do(work, ticket, action, call.token.actor, body)
            work.agents.record(call.token.actor, f"api_{action}", ticket.number, now)
            changed = await _existing(work, ticket.number)
            document = await _whole_document(work, changed, log=False)
            if key:
                stored = json.dumps(document, ensure_ascii=False)
                work.api_tokens.keep_answer(call.token.id, key, asked, ticket.number, 200, stored, now)
                work.api_tokens.forget_answers(now - KEYS_LIVE)
            await work.commit()
        self._announcer.announce(ticket.conversation_id)
        self._notify()
        return _answer(document)


async def _existing(work: UnitOfWork, number: str) -> Ticket:
    ticket = await work.tickets.get(number)
    if ticket is None:
        raise Problem(404, "not_found", "There is no such ticket.")
    return ticket


async def _whole_document(work: UnitOfWork, ticket: Ticket, log: bool = True) -> dict[str, Any]:
    tags = (await work.tickets.tags_of([ticket.number])).get(ticket.number, [])
    return ticket_document(ticket, tags, await work.tickets.log(ticket.number) if log else None)


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "ETag": f'"{document["version"]}"'}
    return JSONResponse(document, status, headers)


def _check_version(request: Request, ticket: Ticket) -> None:
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted.strip() not in ("*", f'"{ticket.version}"'):
        raise Problem(412, "changed", "The ticket was changed since it was read.")


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if len(key) > KEY_MAX_CHARS or not key.isprintable():
        raise Problem(400, "invalid_idempotency_key", f"At most {KEY_MAX_CHARS} printable characters.")
    return key


def _whole(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    given = query.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) < 20 and least <= int(given) <= most):
        raise Problem(400, f"invalid_{name}", f"{name} is a whole number from {least} to {most}.")
    return int(given)


def _moment(query: Mapping[str, str], name: str) -> Optional[datetime]:
    given = query.get(name)
    if given is None:
        return None
    try:
        # A `+` in an address is a space when nobody escaped it.
        moment = datetime.fromisoformat(given.replace(" ", "+").replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(400, f"invalid_{name}", f"{name} is a moment such as 2026-11-24T10:00:00+08:00.")
    return moment


def _statuses(given: str) -> list[TicketStatus]:
    wanted = [word for word in given.split(",") if word]
    if not set(wanted) <= {status.value for status in TicketStatus}:
        raise Problem(400, "invalid_status", "status is a list of new, open, waiting, resolved, closed.")
    return [TicketStatus(word) for word in wanted]


def _cursor_of(ticket: Ticket) -> str:
    return base64.urlsafe_b64encode(f"{ticket.updated_at.isoformat()}|{ticket.number}".encode()).decode()


def _cursor(given: str) -> Optional[tuple[datetime, str]]:
    if not given:
        return None
    try:
        moment, _, number = base64.urlsafe_b64decode(given.encode()).decode().partition("|")
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Problem(400, "invalid_cursor", "This cursor was not given out here.") from None
    if at.tzinfo is None or not number:
        raise Problem(400, "invalid_cursor", "This cursor was not given out here.")
    return at, number
