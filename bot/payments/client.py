"""The reconciliation system over HTTP: the contract's calls, and every failure translated at this edge.

A resident is waiting, so a call ends within its deadline, retries included. Every call may be retried: reads
are safe, and the contract makes both writes idempotent by their `Idempotency-Key`. Nothing that is sent or
answered is logged here, and httpx's own line about each request is cut down to its host.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from bot.clock import Clock, SystemClock
from bot.errors import (
    AccessRefused,
    Conflict,
    HelpdeskError,
    InvalidInput,
    MalformedAnswer,
    NotFound,
    RateLimited,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.metrics import BUREAU_CALLS
from bot.payments import asking, wire
from bot.payments.bill_files import BillFile, BillFilesPage, bill_files_page_from_json, taken_file_from_json
from bot.payments.model import (
    Claimed,
    EventsPage,
    Evidence,
    Health,
    Payment,
    PaymentsPage,
    ReconciliationRequest,
    State,
    StatementCandidate,
)

T = TypeVar("T")

_JSON, _PROBLEM = "application/json", "application/problem+json"
_TOO_LITTLE_TIME = 0.01
_MATCHING_SECONDS = 120.0
"""How long a bureau may take to match a file that was sent."""


@dataclass(frozen=True)
class ClientConfig:
    """Where the reconciliation system is and how patient to be; all times in seconds."""

    base_url: str
    api_key: str = field(repr=False)
    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    deadline: float = 8.0
    retries: int = 2
    backoff_initial: float = 0.1
    backoff_max: float = 1.0
    backoff_jitter: float = 0.2
    breaker_failures: int = 5
    breaker_open_for: float = 10.0
    max_connections: int = 20
    max_body_bytes: int = 2 * 1024 * 1024
    trust_env: bool = False


class _Again(Exception):
    """An attempt failed in a way worth another: `wait` is what the server asked for, in seconds."""

    def __init__(self, error: HelpdeskError, wait: float | None = None) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.wait = wait


class _CircuitOpen(Unavailable):
    """Too many failures in a row: not asked at all."""


class ReconciliationClient:
    """The bureau's reconciliation system; open until `aclose()`.

    Every call raises RetryLater's branches when the system cannot answer and MalformedAnswer when it answers
    what the contract forbids. `request_id` (made up when not given) goes out as `X-Request-Id`.
    """

    def __init__(
        self,
        config: ClientConfig,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        logging.getLogger("httpx").addFilter(_only_the_host)
        self._config = config
        self._breakers = AsyncCircuitBreakerFactory(config.breaker_failures, config.breaker_open_for)
        self._http = httpx.AsyncClient(
            base_url=config.base_url,
            headers={"Authorization": f"Bearer {config.api_key}", "Accept": "application/json"},
            limits=httpx.Limits(
                max_connections=config.max_connections, max_keepalive_connections=config.max_connections
            ),
            follow_redirects=False,
            trust_env=config.trust_env,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def health(self, request_id: str | None = None) -> Health:
        """Whether the system is up, and the maintenance it announces."""
        call = _Call("GET", "/v1/health", request_id=request_id)
        return wire.health_from_json(await self._ask(call))

    async def get_payment(
        self, serial: str, payer_id_last4: str | None = None, request_id: str | None = None
    ) -> Payment:
        """The payment under any number of its receipt; details only when the last four agree.

        Raises NotFound, and InvalidInput("serial_number" or "last4") for a wrong shape.
        """
        params = {} if payer_id_last4 is None else {"payer_id_last4": asking.last4(payer_id_last4)}
        call = _Call("GET", asking.payment_path(serial), params, request_id=request_id)
        return wire.payment_from_json(await self._ask(call))

    async def request_reconciliation(
        self,
        serial: str,
        claimed: Claimed,
        contact_reference: str,
        idempotency_key: str,
        payer_id_last4: str | None = None,
        evidence: Sequence[Evidence] = (),
        request_id: str | None = None,
    ) -> ReconciliationRequest:
        """Ask for a payment to be reconciled (对账申请); the same key answers the same request for 7 days."""
        body = wire.reconciliation_request_to_json(
            asking.claimed(claimed),
            asking.text(contact_reference, "contact_reference", most=64),
            None if payer_id_last4 is None else asking.last4(payer_id_last4),
            asking.evidence(evidence),
        )
        path = asking.payment_path(serial) + "/reconciliation-requests"
        answer = await self._ask(_write(path, body, idempotency_key, request_id, expect=(200, 201)))
        return wire.reconciliation_request_from_json(answer)

    async def get_reconciliation_request(
        self, reconciliation_request_id: str, request_id: str | None = None
    ) -> ReconciliationRequest:
        """A reconciliation request made before. Raises NotFound."""
        call = _Call("GET", asking.request_path(reconciliation_request_id), request_id=request_id)
        return wire.reconciliation_request_from_json(await self._ask(call))

    async def search_payments(
        self,
        q: str | None = None,
        paid_from: date | None = None,
        paid_to: date | None = None,
        state: State | None = None,
        cursor: str | None = None,
        limit: int = 50,
        request_id: str | None = None,
    ) -> PaymentsPage:
        """One page of payments, newest first, for staff (查询缴费记录)."""
        said: dict[str, str | int | None] = {
            "q": asking.text(q, "q", most=64) if q is not None else None,
            "paid_from": paid_from.isoformat() if paid_from else None,
            "paid_to": paid_to.isoformat() if paid_to else None,
            "state": asking.state(state) if state else None,
            "cursor": cursor,
            "limit": asking.count(limit, "limit", least=1, most=200),
        }
        params = {name: value for name, value in said.items() if value is not None}
        return wire.payments_page_from_json(
            await self._ask(_Call("GET", "/v1/payments", params, request_id=request_id))
        )

    async def statement_lines(
        self, serial: str, request_id: str | None = None
    ) -> tuple[StatementCandidate, ...]:
        """Statement lines that may belong to a payment, best first, for staff."""
        call = _Call("GET", asking.payment_path(serial) + "/statement-lines", request_id=request_id)
        return wire.candidates_from_json(await self._ask(call))

    async def reconcile(
        self,
        serial: str,
        statement_line_id: str,
        operator: str,
        note: str,
        idempotency_key: str,
        request_id: str | None = None,
    ) -> Payment:
        """Reconcile by hand (手动对账) in an operator's name. Raises Conflict saying what was first."""
        body = {
            "statement_line_id": asking.text(statement_line_id, "statement_line_id"),
            "operator": asking.text(operator, "operator", least=1, most=64),
            "note": asking.text(note, "note", most=500),
        }
        path = asking.payment_path(serial) + "/reconcile"
        return wire.payment_from_json(await self._ask(_write(path, body, idempotency_key, request_id)))

    async def events(
        self, after: str | None = None, wait: int = 0, limit: int = 100, request_id: str | None = None
    ) -> EventsPage:
        """State changes after a cursor, held open up to `wait` seconds (at most 30) until there is one."""
        params: dict[str, str | int] = {
            "wait": asking.count(wait, "wait", least=0, most=30),
            "limit": asking.count(limit, "limit", least=1, most=500),
        }
        if after is not None:
            params["after"] = after
        call = _Call("GET", "/v1/events", params, request_id=request_id, held_open_for=float(wait))
        return wire.events_page_from_json(await self._ask(call))

    async def send_file(self, name: str, content: bytes, operator: str) -> BillFile | None:
        """Give the bureau a bill or another file, once however often it is sent; None when it takes none."""
        call = _Call(
            "POST",
            "/sandbox/bills",
            file=(name, content),
            fields={"operator": operator},
            expect=(200, 201, 422),
            accepts=(_JSON, _PROBLEM),
            may_be_missing=True,
            held_open_for=_MATCHING_SECONDS,
        )
        answer = await self._ask(call)
        return None if answer is None else taken_file_from_json(answer)

    async def files(self, offset: int = 0, limit: int = 50) -> BillFilesPage | None:
        """The files that came, newest first; None when the bureau takes none."""
        params = {"offset": offset, "limit": limit}
        answer = await self._ask(_Call("GET", "/sandbox/bills", params, may_be_missing=True))
        return None if answer is None else bill_files_page_from_json(answer)

    async def _ask(self, call: _Call) -> object:
        """The JSON answered to a call, after as many attempts as its deadline allows."""
        try:
            answer = await self._answer(call)
        except HelpdeskError as error:
            BUREAU_CALLS.labels(type(error).__name__).inc()
            raise
        BUREAU_CALLS.labels("ok").inc()
        return answer

    async def _answer(self, call: _Call) -> object:
        deadline = _now() + self._config.deadline + call.held_open_for
        call = replace(call, request_id=call.request_id or str(uuid4()))
        try:
            return await self._attempts(call, deadline)
        except _Again as failed:
            error = failed.error
        if isinstance(error, UnderMaintenance) and error.until is None and call.path != "/v1/health":
            error = UnderMaintenance(await self._announced_end(deadline))
        raise error

    async def _attempts(self, call: _Call, deadline: float) -> object:
        config = self._config
        context = stamina.retry_context(
            on=self._worth_another(deadline),
            attempts=config.retries + 1,
            timeout=None,  # the hook above keeps the deadline, waits included
            wait_initial=config.backoff_initial,
            wait_max=config.backoff_max,
            wait_jitter=config.backoff_jitter,
        )
        async for attempt in context:
            with attempt:
                async with self._breaker():
                    return await self._attempt(call, deadline)
        raise AssertionError("stamina always answers or raises")

    def _worth_another(self, deadline: float) -> Callable[[Exception], bool | float]:
        def decide(error: Exception) -> bool | float:
            if not isinstance(error, _Again):
                return False
            if isinstance(error.error, (UnderMaintenance, RateLimited)) and error.wait is None:
                return False
            wait = self._config.backoff_max if error.wait is None else error.wait
            if _now() + wait + _TOO_LITTLE_TIME >= deadline:
                return False
            return True if error.wait is None else error.wait

        return decide

    @asynccontextmanager
    async def _breaker(self) -> AsyncIterator[None]:
        """Only Unavailable and Slow count; a cancelled call says nothing about the bureau either way."""
        breaker = await self._breakers.get_breaker("reconciliation")
        try:
            await breaker.__aenter__()
        except OpenedState as opened:
            opened.__traceback__ = None  # one object is raised again and again: let it not grow
            raise _CircuitOpen("circuit open") from None
        try:
            yield
        except _Again as failed:
            counts = failed.error if isinstance(failed.error, (Unavailable, Slow)) else None
            await breaker.__aexit__(type(counts) if counts else None, counts, None)
            raise
        except HelpdeskError:
            await breaker.__aexit__(None, None, None)
            raise
        await breaker.__aexit__(None, None, None)

    async def _attempt(self, call: _Call, deadline: float) -> object:
        left = deadline - _now()
        try:
            status, headers, body = await asyncio.wait_for(self._exchange(call), max(left, _TOO_LITTLE_TIME))
        except (asyncio.TimeoutError, httpx.TimeoutException):
            raise _Again(Slow("no answer in time")) from None
        except httpx.DecodingError:
            raise MalformedAnswer("undecodable body") from None
        except httpx.RequestError as error:  # its text may hold the address: only the type is told
            raise _Again(Unavailable(type(error).__name__)) from None
        if status in call.expect:
            if _media_type(headers) not in call.accepts:
                raise MalformedAnswer("not said to be JSON")
            return _json(body)
        if call.may_be_missing and status in (404, 405):
            return None
        raise _failure(status, headers, body, self._clock.now())

    async def _exchange(self, call: _Call) -> tuple[int, httpx.Headers, bytes]:
        config = self._config
        read = config.read_timeout + call.held_open_for
        request = self._http.build_request(
            call.method,
            call.path,
            params=dict(call.params),
            json=call.body,
            data=dict(call.fields) or None,
            files={"file": call.file} if call.file else None,
            headers={"X-Request-Id": call.request_id or "", **call.headers},
            timeout=httpx.Timeout(read, connect=config.connect_timeout, pool=config.connect_timeout),
        )
        response = await self._http.send(request, stream=True)
        try:
            return response.status_code, response.headers, await self._body(response)
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes(65536):
            body += chunk
            if len(body) > self._config.max_body_bytes:
                raise MalformedAnswer("body too large")
        return bytes(body)

    async def _announced_end(self, deadline: float) -> datetime | None:
        """When the announced window ends; None when that cannot be learnt in the time left."""
        try:
            answer = await self._attempt(_Call("GET", "/v1/health", request_id=str(uuid4())), deadline)
            window = wire.health_from_json(answer).maintenance
        except (_Again, HelpdeskError):
            return None
        return window.ends_at if window else None


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None
    expect: tuple[int, ...] = (200,)
    held_open_for: float = 0.0
    accepts: tuple[str, ...] = (_JSON,)
    file: tuple[str, bytes] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    may_be_missing: bool = False
    """Not every bureau has this address: 404 or 405 is an answer, None."""


def _write(
    path: str,
    body: Mapping[str, object],
    idempotency_key: str,
    request_id: str | None,
    expect: tuple[int, ...] = (200,),
) -> _Call:
    headers = {"Idempotency-Key": asking.idempotency_key(idempotency_key)}
    return _Call("POST", path, body=body, headers=headers, request_id=request_id, expect=expect)


def _json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise MalformedAnswer("not JSON") from None


def _not_json(word: str) -> Any:
    raise ValueError(word)


def _failure(status: int, headers: httpx.Headers, body: bytes, now: datetime) -> Exception:
    """The error that a problem document (RFC 9457) means; _Again when another attempt may help.

    A refusal that is no problem document is some proxy's: it must not become "no such payment".
    """
    code, detail = _problem(body) if _media_type(headers) == _PROBLEM else ("", "")
    if status in (401, 403):
        return AccessRefused(str(status))
    refused: dict[tuple[int, str], HelpdeskError] = {
        (400, "invalid_request"): InvalidInput("invalid_request"),
        (404, "payment_not_found"): NotFound(),
        (409, "conflict"): Conflict(detail),
    }
    if (status, code) in refused:
        return refused[status, code]
    wait = _retry_after(headers, now)
    if status == 429:
        return _Again(RateLimited(wait), wait)
    if status == 503 and code == "maintenance":
        until = None if wait is None else now + timedelta(seconds=wait)
        return _Again(UnderMaintenance(until), wait)
    if status >= 500:
        return _Again(Unavailable(str(status)), wait)
    return MalformedAnswer(f"status {status}")


def _media_type(headers: httpx.Headers) -> str:
    said: str = headers.get("Content-Type", "")
    return said.partition(";")[0].strip().lower()


def _problem(body: bytes) -> tuple[str, str]:
    """(code, detail) of a problem document, each empty when there is none."""
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(problem, dict):
        return "", ""
    code, detail = problem.get("code"), problem.get("detail")
    return (code if isinstance(code, str) else ""), (detail if isinstance(detail, str) else "")


def _retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Seconds to wait as `Retry-After` says, by seconds or by date; None when it says nothing clear."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", text, re.ASCII):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def _only_the_host(record: logging.LogRecord) -> bool:
    """Cut addresses in httpx's log lines to their host: the rest holds serial and identity numbers."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            f"{arg.scheme}://{arg.netloc.decode('ascii', 'replace')}/…" if isinstance(arg, httpx.URL) else arg
            for arg in record.args
        )
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
