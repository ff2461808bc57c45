"""The sandbox's own calls, under /sandbox/: move the clock, inject faults, force states, start over.

No key is needed and no fault touches them: the sandbox belongs to whoever runs it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from enum import Enum

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.api import query
from bot.sandbox.api.answers import Json, moment, payment_answer
from bot.sandbox.api.body import Fields, read_fields
from bot.sandbox.bureau import Bureau
from bot.sandbox.clock import MAX_ADVANCE_SECONDS, SHANGHAI, SandboxClock
from bot.sandbox.faults import Faults, Malformed, Outage, Window
from bot.sandbox.model import OPEN_STATES, Payment, Reason, State
from bot.sandbox.opening import start_over
from bot.sandbox.problems import InvalidRequest
from bot.sandbox.schedule import expected_by
from bot.sandbox.seed import shows

FAULT_NAMES = (
    "latency_seconds",
    "error_rate",
    "error_status",
    "outage",
    "malformed",
    "rate_limit_retry_after",
    "unauthorized",
    "maintenance",
    "next_requests",
    "seed",
)


class Admin:
    """The admin calls on one bureau."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    def routes(self) -> list[Route]:
        """A route for each call."""
        return [
            Route("/sandbox/clock", self.read_clock, methods=["GET"]),
            Route("/sandbox/clock", self.advance_clock, methods=["POST"]),
            Route("/sandbox/faults", self.read_faults, methods=["GET"]),
            Route("/sandbox/faults", self.set_faults, methods=["POST"]),
            Route("/sandbox/faults", self.clear_faults, methods=["DELETE"]),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
            Route("/sandbox/payments", self.list_payments, methods=["GET"]),
            Route("/sandbox/payments/{serial_number}", self.force_state, methods=["POST"]),
        ]

    async def read_clock(self, request: Request) -> JSONResponse:
        """The sandbox's present."""
        return JSONResponse(clock_answer(self._bureau.clock))

    async def advance_clock(self, request: Request) -> JSONResponse:
        """Move the clock forward; what is due by then happens before the answer."""
        fields = await read_fields(request)
        fields.only(["advance_seconds"])
        seconds = fields.integer("advance_seconds", least=0, most=MAX_ADVANCE_SECONDS)
        try:
            self._bureau.clock.advance(seconds)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        self._bureau.settle()
        return JSONResponse(clock_answer(self._bureau.clock))

    async def read_faults(self, request: Request) -> JSONResponse:
        """The faults in force."""
        return JSONResponse(faults_answer(self._bureau.faults.faults))

    async def set_faults(self, request: Request) -> JSONResponse:
        """Replace all faults with these."""
        faults = read_faults(await read_fields(request), self._bureau.clock.now())
        self._bureau.faults.set(faults)
        return JSONResponse(faults_answer(faults))

    async def clear_faults(self, request: Request) -> JSONResponse:
        """Nothing goes wrong any more."""
        self._bureau.faults.clear()
        return JSONResponse(faults_answer(self._bureau.faults.faults))

    async def reset(self, request: Request) -> JSONResponse:
        """Fresh payments, the wall clock, no faults, no requests."""
        self._bureau.clock.reset()
        self._bureau.faults.clear()
        start_over(self._bureau)
        return JSONResponse(clock_answer(self._bureau.clock))

    async def list_payments(self, request: Request) -> JSONResponse:
        """Everything a tester needs to know, the payers' last four included."""
        self._bureau.settle()
        return JSONResponse({"payments": [self._listed(payment) for payment in self._bureau.ledger.payments]})

    async def force_state(self, request: Request) -> JSONResponse:
        """Put a payment into a state; without `expected_by` the rules say when its next step is due."""
        fields = await read_fields(request)
        fields.only(["state", "reason", "expected_by"])
        self._bureau.settle()
        payment = self._bureau.payment(query.serial_number(request))
        state = fields.word("state", State)
        reason = read_reason(fields, state)
        now = self._bureau.clock.now()
        due = expected_by(state, reason, payment.channel, payment.paid_at or now, now)
        if fields.has("expected_by"):
            due = fields.moment("expected_by").astimezone(SHANGHAI)
        elif fields.names_null("expected_by"):
            due = None
        forced = self._bureau.forcing.put(payment, state, reason, due, "沙箱指定状态", now)
        return JSONResponse(self._listed(forced))

    def _listed(self, payment: Payment) -> Json:
        duplicates = self._bureau.ledger.duplicates(payment)
        return {
            **payment_answer(payment, duplicates, verified=True),
            "merchant_order": payment.merchant_order,
            "payer_name": payment.payer.name,
            "payer_id_last4": payment.payer.id_last4,
            "shows": dict(zip(("zh", "en"), shows(payment.serial_number), strict=True)),
        }


def read_reason(fields: Fields, state: State) -> Reason | None:
    """The reason: needed while a paid payment is unmatched, refused otherwise."""
    if state in OPEN_STATES:
        return fields.word("reason", Reason)
    if fields.has("reason"):
        raise InvalidRequest(f"reason must be null when the state is {state.value}")
    return None


def read_faults(fields: Fields, now: datetime) -> Faults:
    """The faults asked for; what is not named does not go wrong."""
    fields.only(FAULT_NAMES)
    has = fields.has
    return Faults(
        latency_seconds=fields.number("latency_seconds", least=0, most=120)
        if has("latency_seconds")
        else 0.0,
        error_rate=fields.number("error_rate", least=0, most=1) if has("error_rate") else 0.0,
        error_status=fields.integer("error_status", least=400, most=599) if has("error_status") else 500,
        outage=fields.word("outage", Outage) if has("outage") else None,
        malformed=fields.word("malformed", Malformed) if has("malformed") else None,
        rate_limit_retry_after=_seconds(fields, "rate_limit_retry_after"),
        unauthorized=fields.flag("unauthorized") if has("unauthorized") else False,
        maintenance=_window(fields.fields("maintenance"), now) if has("maintenance") else None,
        next_requests=fields.integer("next_requests", least=1, most=10**6) if has("next_requests") else None,
        seed=fields.integer("seed", least=0, most=2**32) if has("seed") else 0,
    )


def _seconds(fields: Fields, name: str) -> int | None:
    return fields.integer(name, least=0, most=86400) if fields.has(name) else None


def _window(fields: Fields, now: datetime) -> Window:
    fields.only(["starts_in_seconds", "duration_seconds"])
    later = fields.has("starts_in_seconds")
    wait = fields.integer("starts_in_seconds", least=0, most=MAX_ADVANCE_SECONDS) if later else 0
    lasts = fields.integer("duration_seconds", least=1, most=MAX_ADVANCE_SECONDS)
    starts_at = now + timedelta(seconds=wait)
    return Window(starts_at, starts_at + timedelta(seconds=lasts))


def clock_answer(clock: SandboxClock) -> Json:
    """The present, and how far it was moved ahead of the wall clock."""
    return {"now": moment(clock.now()), "ahead_seconds": int(clock.ahead.total_seconds())}


def faults_answer(faults: Faults) -> Json:
    """The faults in force, with `active` saying whether anything may go wrong."""
    plain = {name: _plain(value) for name, value in asdict(faults).items()}
    return {"active": faults.active, **plain}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return moment(value)
    return {name: _plain(inner) for name, inner in value.items()} if isinstance(value, dict) else value
