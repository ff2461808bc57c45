"""The contract's operations, as in docs/contracts/reconciliation-api.yaml."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.api import query
from bot.sandbox.api.answers import (
    candidate_answer,
    event_answer,
    payment_answer,
    request_answer,
    window_answer,
)
from bot.sandbox.api.body import Fields, read_fields
from bot.sandbox.api.search import Search, page
from bot.sandbox.bureau import Bureau
from bot.sandbox.keys import Keys
from bot.sandbox.model import Channel, Event, Payment
from bot.sandbox.problems import Missing

Operation = Callable[[Request, Bureau], Awaitable[JSONResponse]]
Endpoint = Callable[[Request], Awaitable[JSONResponse]]
LOOK_AGAIN_SECONDS = 0.5
SHA256 = r"[0-9a-f]{64}"
MEDIA_TYPES = r"image/jpeg|image/png|application/pdf"
MAX_EVIDENCE = 5


def contract_routes(bureau: Bureau, keys: Keys) -> list[Route]:
    """A route for each operation."""

    def asked(operation: Operation, staff: bool = False) -> Endpoint:
        @wraps(operation)
        async def endpoint(request: Request) -> JSONResponse:
            keys.require(request, staff)
            await bureau.ready()
            answer = await operation(request, bureau)
            await bureau.kept()  # nothing is told that the books may forget
            return answer

        return endpoint

    async def health(request: Request) -> JSONResponse:
        return _health(bureau)

    one = "/v1/payments/{serial_number}"
    return [
        Route("/v1/health", health),
        Route("/v1/payments", asked(search_payments, staff=True)),
        Route(one, asked(get_payment)),
        Route(f"{one}/reconciliation-requests", asked(request_reconciliation), methods=["POST"]),
        Route(f"{one}/statement-lines", asked(match_statement_lines, staff=True)),
        Route(f"{one}/reconcile", asked(reconcile_manually, staff=True), methods=["POST"]),
        Route("/v1/reconciliation-requests/{request_id}", asked(get_reconciliation_request)),
        Route("/v1/events", asked(list_events)),
    ]


def _health(bureau: Bureau) -> JSONResponse:
    """Up; an ended window is no longer announced."""
    now = bureau.clock.now()
    window = bureau.faults.faults.maintenance
    announced = window if window and now < window.ends_at else None
    status = "maintenance" if announced and announced.holds(now) else "ok"
    return JSONResponse({"status": status, "maintenance": window_answer(announced)})


async def get_payment(request: Request, bureau: Bureau) -> JSONResponse:
    """A payment by any of its numbers; details only for who knows the payer's last four."""
    number = query.serial_number(request)
    last4 = query.payer_id_last4(request)
    payment = bureau.payment(number)
    return _payment(bureau, payment, verified=last4 == payment.payer.id_last4)


def _payment(bureau: Bureau, payment: Payment, verified: bool) -> JSONResponse:
    return JSONResponse(payment_answer(payment, bureau.ledger.duplicates(payment), verified))


async def request_reconciliation(request: Request, bureau: Bureau) -> JSONResponse:
    """Open a request, or answer the one this key opened before."""
    number, key = query.serial_number(request), query.idempotency_key(request)
    fields = await read_fields(request)
    reference = fields.text("contact_reference", most=64)
    _check_claim(fields)
    async with bureau.working():
        opened, new = bureau.request_reconciliation(number, reference, key, fields.digest)
    return JSONResponse(request_answer(opened), 201 if new else 200)


def _check_claim(fields: Fields) -> None:
    """The sandbox only checks what the resident claims; it keeps none of it."""
    claimed = fields.fields("claimed")
    if claimed.names("channel"):
        claimed.word("channel", Channel)
    if claimed.names("amount"):
        claimed.integer("amount", least=1)
    if claimed.names("paid_on"):
        claimed.day("paid_on")
    if claimed.names("item"):
        claimed.text("item", most=100)
    if fields.names("payer_id_last4"):
        fields.text("payer_id_last4", pattern=query.LAST4)
    if fields.names("evidence"):
        for evidence in fields.list_of_fields("evidence", most=MAX_EVIDENCE):
            evidence.text("sha256", pattern=SHA256)
            evidence.text("media_type", pattern=MEDIA_TYPES)


async def get_reconciliation_request(request: Request, bureau: Bureau) -> JSONResponse:
    """A request by its id."""
    found = bureau.ledger.request(request.path_params["request_id"])
    if found is None:
        raise Missing("no reconciliation request goes by this id")
    return JSONResponse(request_answer(found))


async def search_payments(request: Request, bureau: Bureau) -> JSONResponse:
    """A page of payments, newest first."""
    search = Search(
        words=query.words(request),
        paid_from=query.day(request, "paid_from"),
        paid_to=query.day(request, "paid_to"),
        state=query.state(request),
    )
    limit = query.integer(request, "limit", default=50, least=1, most=200)
    payments = bureau.ledger.named(search.words) or bureau.ledger.payments
    found, following = page(payments, search, request.query_params.get("cursor"), limit)
    shown = [payment_answer(payment, bureau.ledger.duplicates(payment), verified=True) for payment in found]
    return JSONResponse({"payments": shown, "next_cursor": following})


async def match_statement_lines(request: Request, bureau: Bureau) -> JSONResponse:
    """Statement lines that may belong to the payment, best first."""
    payment = bureau.payment(query.serial_number(request))
    found = bureau.candidates(payment)
    return JSONResponse({"candidates": [candidate_answer(candidate) for candidate in found]})


async def reconcile_manually(request: Request, bureau: Bureau) -> JSONResponse:
    """Match the payment with one statement line by hand."""
    number, key = query.serial_number(request), query.idempotency_key(request)
    fields = await read_fields(request)
    line_id = fields.text("statement_line_id")
    operator = fields.text("operator", least=1, most=64)
    note = fields.text("note", most=500)
    async with bureau.working():
        booked = bureau.reconcile(number, line_id, operator, note, key, fields.digest)
    return _payment(bureau, booked, verified=True)


async def list_events(request: Request, bureau: Bureau) -> JSONResponse:
    """Events after the cursor; held open up to `wait` seconds until there is one."""
    after = query.event_cursor(request)
    wait = query.integer(request, "wait", default=0, least=0, most=30)
    limit = query.integer(request, "limit", default=100, least=1, most=500)
    # A cursor from before a restart may lie ahead of the books: go on from their end.
    after = min(after if after is not None else 0, bureau.ledger.last_cursor)
    events = await _events(request, bureau, after, wait, limit)
    cursor = events[-1].cursor if events else max(after, bureau.ledger.last_cursor)
    return JSONResponse({"events": [event_answer(event) for event in events], "cursor": str(cursor)})


async def _events(request: Request, bureau: Bureau, after: int, wait: int, limit: int) -> list[Event]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        changed = bureau.changed
        await bureau.ready()
        events = await bureau.events_after(after, limit)
        left = deadline - loop.time()
        if events or left <= 0 or await request.is_disconnected():
            return events
        try:
            await asyncio.wait_for(changed.wait(), min(left, LOOK_AGAIN_SECONDS))
        except asyncio.TimeoutError:
            continue
