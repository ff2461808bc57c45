"""Our client before a bureau that is driven by the contract: every documented answer, and every broken one.

The client gives a typed answer or a named error, and never sends what the contract does not allow. A failing
example is printed with its body; `CONFORMANCE_EXAMPLES` asks for more of them.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from bot.errors import (
    AccessRefused,
    Conflict,
    HelpdeskError,
    InvalidInput,
    MalformedAnswer,
    NotFound,
    RateLimited,
    RetryLater,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.model import SHANGHAI, Channel, Claimed, Evidence, State
from tests.conformance.bureau import JSON, PROBLEM, Answer, ContractBureau, answer_of, open_bureau
from tests.conformance.contract import CODES, OPERATIONS
from tests.conformance.mirror import ANSWERS, bodies, is_allowed, writes
from tests.conformance.sameness import (
    PLAIN,
    contradicts_itself,
    says_the_same,
    spoilt_copies,
    with_new_words,
)
from tests.fakes.clock import FixedClock

pytestmark = pytest.mark.conformance

SERIAL, KEY = "4200000925202101284997714292", "ticket-GD261123048272"
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "40"))
Call = Callable[[ReconciliationClient], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "health": lambda client: client.health(),
    "getPayment": lambda client: client.get_payment(SERIAL, "123x"),
    "requestReconciliation": lambda client: client.request_reconciliation(
        SERIAL, Claimed(Channel.ALIPAY, 2000, date(2026, 11, 20), "工本费"), "conversation-1", KEY, "1234"
    ),
    "getReconciliationRequest": lambda client: client.get_reconciliation_request("RR20261124000001"),
    "searchPayments": lambda client: client.search_payments("王小明", date(2026, 11, 1), None, State.CLOSED),
    "matchStatementLines": lambda client: client.statement_lines(SERIAL),
    "reconcileManually": lambda client: client.reconcile(SERIAL, "SL-1", "李警官", "核对无误", KEY),
    "listEvents": lambda client: client.events("12", wait=0, limit=500),
}
EVERY = sorted(CALLS)
CLAIM = Claimed(Channel.ALIPAY, 2000)
generated = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


class Caller:
    """The client, called from tests that know no event loop."""

    def __init__(self, bureau: ContractBureau) -> None:
        self._loop = asyncio.new_event_loop()
        self.bureau = bureau
        self._client = ReconciliationClient(
            ClientConfig(
                bureau.url,
                "secret-key",
                read_timeout=0.3,
                deadline=1.5,
                retries=1,
                backoff_initial=0.001,
                backoff_max=0.002,
                backoff_jitter=0.0,
                breaker_failures=10**9,
            ),
            clock=FixedClock(NOW),
        )

    def gets(self, answer: Answer, call: Call) -> Any:
        """What the call gives when this is answered; a HelpdeskError is given, not raised."""
        self.bureau.answer = answer
        self.bureau.heard.clear()
        return self.does(call)

    def does(self, call: Call) -> Any:
        """The same, whatever is answered."""
        try:
            given = self._loop.run_until_complete(call(self._client))
        except HelpdeskError as error:
            given = error
        assert not self.bureau.faults, self.bureau.faults
        return given

    def close(self) -> None:
        """Hang up."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with open_bureau() as bureau:
        caller = Caller(bureau)
        yield caller
        caller.close()


@pytest.fixture(autouse=True)
def healthy(caller: Caller) -> None:
    caller.bureau.health = None


def test_every_operation_of_the_contract_has_its_call() -> None:
    assert set(CALLS) == set(OPERATIONS)


# What is answered


@pytest.mark.parametrize("name", sorted(ANSWERS), ids="-".join)
def test_every_answer_that_the_contract_allows_is_understood(caller: Caller, name: tuple[str, str]) -> None:
    operation_id, status = name

    @seed(1)
    @generated
    @given(bodies(name))
    def understands(body: Any) -> None:
        given = caller.gets(answer_of(body, int(status)), CALLS[operation_id])
        if isinstance(given, HelpdeskError):
            assert isinstance(given, MalformedAnswer) and contradicts_itself(body), (given, body)
        else:
            assert says_the_same(given, body)

    understands()


@pytest.mark.parametrize("name", sorted(ANSWERS), ids="-".join)
def test_no_answer_that_the_contract_forbids_is_understood(caller: Caller, name: tuple[str, str]) -> None:
    operation_id, status = name

    @seed(1)
    @generated
    @given(bodies(name, right=False))
    def refuses(body: Any) -> None:
        answer = Answer(body, int(status)) if isinstance(body, bytes) else answer_of(body, int(status))
        given = caller.gets(answer, CALLS[operation_id])
        if isinstance(body, bytes) or not is_allowed(name, body):
            assert isinstance(given, MalformedAnswer), (given, body)
        else:
            assert not isinstance(given, HelpdeskError) or contradicts_itself(body), (given, body)

    refuses()


@pytest.mark.parametrize("name", sorted(ANSWERS), ids="-".join)
def test_no_member_may_be_missing_null_or_of_another_kind_unless_the_contract_says_so(
    caller: Caller, name: tuple[str, str]
) -> None:
    operation_id, status = name
    for spoilt in spoilt_copies(PLAIN[operation_id]):
        given = caller.gets(answer_of(spoilt, int(status)), CALLS[operation_id])
        assert isinstance(given, MalformedAnswer) is not is_allowed(name, spoilt), (given, spoilt)


@pytest.mark.parametrize("name", sorted(ANSWERS), ids="-".join)
def test_a_word_that_the_bureau_added_is_kept_and_never_guessed(
    caller: Caller, name: tuple[str, str]
) -> None:
    operation_id, status = name

    @seed(1)
    @generated
    @given(bodies(name))
    def keeps(body: Any) -> None:
        grown = with_new_words(body)
        given = caller.gets(answer_of(grown, int(status)), CALLS[operation_id])
        assert isinstance(given, MalformedAnswer) and contradicts_itself(body) or says_the_same(given, grown)

    keeps()


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("status", sorted(CODES))
def test_every_documented_problem_is_its_own_error(caller: Caller, operation_id: str, status: int) -> None:
    @seed(1)
    @settings(generated, max_examples=min(EXAMPLES, 15))
    @given(bodies(("problem", "default")))
    def names_it(body: dict[str, Any]) -> None:
        told = {**body, "status": status, "code": CODES[status]}
        given = caller.gets(answer_of(told, status, PROBLEM), CALLS[operation_id])
        assert type(given) is ERRORS[status], given
        assert "secret-key" not in repr(given)

    names_it()


ERRORS: dict[int, type[HelpdeskError]] = {
    400: InvalidInput,
    401: AccessRefused,
    403: AccessRefused,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    500: Unavailable,
    503: UnderMaintenance,
}
SAID_BY_SOMEBODY_ELSE: dict[int, type[HelpdeskError]] = {
    400: MalformedAnswer,
    401: AccessRefused,
    403: AccessRefused,
    404: MalformedAnswer,
    409: MalformedAnswer,
    429: RateLimited,
    500: Unavailable,
    503: Unavailable,
}
"""What a proxy's own page means: never that a payment is unknown, settled or wrong."""
NOT_THE_CONTRACTS = {
    "a page": (b"<html>no</html>", "text/html"),
    "nothing": (b"", PROBLEM),
    "half": (b'{"title": "x", "status": 404, "co', PROBLEM),
    "a list": (b"[]", PROBLEM),
    "no code": (b'{"title": "x", "status": 404}', PROBLEM),
    "another code": (b'{"title": "x", "status": 404, "code": "route_not_found"}', PROBLEM),
    "a code that is no word": (b'{"title": "x", "status": 404, "code": 404}', PROBLEM),
    "another media type": (b'{"title":"x","status":404,"code":"payment_not_found"}', "text/html"),
}


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("status", sorted(CODES))
@pytest.mark.parametrize("body", NOT_THE_CONTRACTS.values(), ids=list(NOT_THE_CONTRACTS))
def test_a_status_without_its_problem_document_says_nothing_about_a_payment(
    caller: Caller, operation_id: str, status: int, body: tuple[bytes, str]
) -> None:
    content, media_type = body
    given = caller.gets(Answer(content, status, media_type), CALLS[operation_id])
    assert type(given) is SAID_BY_SOMEBODY_ELSE[status], given


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("status", [202, 204, 206, 301, 302, 304, 402, 405, 415, 418, 422, 451])
def test_a_status_that_the_contract_does_not_name_is_malformed(
    caller: Caller, operation_id: str, status: int
) -> None:
    body = b"" if status in (204, 304) else b"{}"
    given = caller.gets(Answer(body, status, headers={"Location": "/v1/health"}), CALLS[operation_id])
    assert isinstance(given, MalformedAnswer)
    assert len(caller.bureau.heard) == 1


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("status", [502, 504, 507, 599])
def test_a_gateways_trouble_is_unavailable(caller: Caller, operation_id: str, status: int) -> None:
    assert type(caller.gets(Answer(b"<html>", status, "text/html"), CALLS[operation_id])) is Unavailable


IN_AN_HOUR = NOW + timedelta(hours=1)
RETRY_AFTER = {
    "3600": 3600.0,
    " 3600 ": 3600.0,
    format_datetime(IN_AN_HOUR.astimezone(timezone.utc), usegmt=True): 3600.0,
    "Tuesday, 24-Nov-26 03:30:00 GMT": 3600.0,
    "Tue Nov 24 03:30:00 2026": 3600.0,
    "Fri, 31 Dec 1999 23:59:59 GMT": 0.0,
    "0": 0.0,
}
UNCLEAR = (
    "",
    "soon",
    "-5",
    "1.5",
    "1e9",
    "99999999999999999999",
    "Tue, 99 Nov 2026 99:99:99 GMT",
    "2026-11-24",
)


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("said", sorted(RETRY_AFTER))
def test_when_to_come_back_is_told_in_seconds_or_as_a_date(
    caller: Caller, operation_id: str, status: int, said: str
) -> None:
    document = {"title": "-", "status": status, "code": CODES[status]}
    given = caller.gets(answer_of(document, status, PROBLEM, Retry_After=said), CALLS[operation_id])
    if isinstance(given, RateLimited):
        assert given.retry_after == RETRY_AFTER[said]
    else:
        assert isinstance(given, UnderMaintenance)
        assert given.until == NOW + timedelta(seconds=RETRY_AFTER[said])


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("said", UNCLEAR)
def test_when_to_come_back_is_not_guessed(caller: Caller, operation_id: str, said: str) -> None:
    for status in (429, 503):
        document = {"title": "-", "status": status, "code": CODES[status]}
        given = caller.gets(answer_of(document, status, PROBLEM, Retry_After=said), CALLS[operation_id])
        assert getattr(given, "retry_after", None) is None
        assert getattr(given, "until", None) is None


@pytest.mark.parametrize("operation_id", sorted(set(EVERY) - {"health"}))
def test_an_end_that_only_health_announces_is_found_there(caller: Caller, operation_id: str) -> None:
    window = {"starts_at": "2026-11-24T02:00:00Z", "ends_at": "2026-11-24T12:00:00+08:00"}
    caller.bureau.health = answer_of({"status": "maintenance", "maintenance": window})
    closed = answer_of({"title": "-", "status": 503, "code": "maintenance"}, 503, PROBLEM)
    given = caller.gets(closed, CALLS[operation_id])
    assert isinstance(given, UnderMaintenance)
    assert given.until == datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)


TRUE_STATUS = {operation_id: int(status) for operation_id, status in sorted(ANSWERS)}
BROKEN: dict[str, tuple[Callable[[bytes], Answer], type[HelpdeskError]]] = {
    "cut off": (lambda body: Answer(body[:20], promised=len(body)), Unavailable),
    "never begun": (lambda body: Answer(b"", promised=len(body)), Unavailable),
    "late": (lambda body: Answer(body, after=0.5), Slow),
    "huge": (lambda body: Answer(body[:-1] + b" " * 3_000_000 + body[-1:]), MalformedAnswer),
    "half": (lambda body: Answer(body[: len(body) // 2]), MalformedAnswer),
    "twice": (lambda body: Answer(body + body), MalformedAnswer),
    "empty": (lambda body: Answer(b""), MalformedAnswer),
    "a page": (lambda body: Answer(b"<html>log in</html>", media_type="text/html"), MalformedAnswer),
    "JSON in a page's clothes": (lambda body: Answer(body, media_type="text/html"), MalformedAnswer),
    "a problem's clothes": (lambda body: Answer(body, media_type=PROBLEM), MalformedAnswer),
    "another encoding": (
        lambda body: Answer(body.replace(b'"', b'"\xff', 1)),
        MalformedAnswer,
    ),
    "not what it is packed as": (
        lambda body: Answer(body, headers={"Content-Encoding": "gzip"}),
        MalformedAnswer,
    ),
    "half a character": (lambda body: Answer(body.replace(b': "', b': "\\ud800', 1)), MalformedAnswer),
}


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("how", sorted(BROKEN))
def test_a_broken_answer_is_an_error_and_never_half_an_answer(
    caller: Caller, operation_id: str, how: str
) -> None:
    body = json.dumps(PLAIN[operation_id]).encode()
    make, error = BROKEN[how]
    made = make(body)
    status = TRUE_STATUS[operation_id]
    given = caller.gets(
        Answer(made.body, status, made.media_type, made.headers, made.promised, made.after),
        CALLS[operation_id],
    )
    assert type(given) is error, given


@pytest.mark.parametrize("operation_id", EVERY)
@pytest.mark.parametrize("media_type", [JSON, "Application/JSON", "application/json;charset=utf-8"])
def test_the_plain_answer_is_understood(caller: Caller, operation_id: str, media_type: str) -> None:
    answer = answer_of(PLAIN[operation_id], TRUE_STATUS[operation_id], media_type)
    assert says_the_same(caller.gets(answer, CALLS[operation_id]), PLAIN[operation_id])


def test_a_failure_to_answer_is_tried_again_with_the_same_request(caller: Caller) -> None:
    for operation_id in EVERY:
        given = caller.gets(Answer(b"", 500), CALLS[operation_id])
        assert isinstance(given, RetryLater)
        first, second = caller.bureau.heard
        assert (first.target, first.body) == (second.target, second.body)
        assert first.headers["x-request-id"] == second.headers["x-request-id"]
        assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")


# What is asked

serials = st.from_regex(r"[0-9A-Za-z_-]{6,64}", fullmatch=True) | st.text(max_size=70)
texts = st.text(max_size=120) | st.text(alphabet="对账,a1 é\n\x00😀", min_size=60, max_size=600)
last4s = st.none() | st.from_regex(r"[0-9]{3}[0-9Xx]", fullmatch=True) | st.text(max_size=5)
keys = st.from_regex(r"[!-~]{8,128}", fullmatch=True) | st.text(max_size=140)
days = st.none() | st.dates()
counts = st.integers(-1, 600)
claims = st.builds(
    Claimed,
    st.none() | st.sampled_from(Channel),
    st.none() | st.integers(-1, 10**12),
    days,
    st.none() | texts,
)
evidence = st.lists(
    st.builds(
        Evidence,
        st.from_regex("[0-9a-f]{64}", fullmatch=True) | st.text(max_size=5),
        st.sampled_from(("image/jpeg", "image/png", "application/pdf", "text/html")),
    ),
    max_size=7,
)
ASKED: dict[str, st.SearchStrategy[Call]] = {
    "health": st.just(CALLS["health"]),
    "getPayment": st.builds(lambda s, last4: lambda c: c.get_payment(s, last4), serials, last4s),
    "requestReconciliation": st.builds(
        lambda s, claimed, who, key, last4, proofs: lambda c: c.request_reconciliation(
            s, claimed, who, key, last4, proofs
        ),
        serials, claims, texts, keys, last4s, evidence,
    ),
    "getReconciliationRequest": st.builds(lambda one: lambda c: c.get_reconciliation_request(one), texts),
    "searchPayments": st.builds(
        lambda q, since, until, state, cursor, limit: lambda c: c.search_payments(
            q, since, until, state, cursor, limit
        ),
        st.none() | texts, days, days, st.none() | st.sampled_from(State), st.none() | texts, counts,
    ),
    "matchStatementLines": st.builds(lambda s: lambda c: c.statement_lines(s), serials),
    "reconcileManually": st.builds(
        lambda s, line, who, note, key: lambda c: c.reconcile(s, line, who, note, key),
        serials, texts, texts, texts, keys,
    ),
    "listEvents": st.builds(
        lambda after, wait, limit: lambda c: c.events(after, wait, limit), st.none() | texts, counts, counts
    ),
}  # fmt: skip


@pytest.mark.parametrize("operation_id", EVERY)
def test_nothing_is_asked_that_the_contract_does_not_allow(caller: Caller, operation_id: str) -> None:
    @seed(1)
    @settings(generated, max_examples=EXAMPLES * 3)
    @given(ASKED[operation_id])
    def asks(call: Call) -> None:
        given = caller.gets(answer_of(PLAIN[operation_id], TRUE_STATUS[operation_id]), call)
        if isinstance(given, HelpdeskError):
            assert isinstance(given, InvalidInput)
            assert not caller.bureau.heard, "it was sent all the same"
        else:
            assert len(caller.bureau.heard) == 1

    asks()


def _claim(claimed: Claimed = CLAIM, who: str = "c-1", proofs: Sequence[Evidence] = ()) -> Call:
    return lambda client: client.request_reconciliation(SERIAL, claimed, who, KEY, None, proofs)


WRONG: dict[str, Call] = {
    "amount 0": _claim(Claimed(amount=0)),
    "item of 101": _claim(Claimed(item="项" * 101)),
    "reference of 65": _claim(who="c" * 65),
    "half a character": _claim(who="c-\ud800"),
    "six proofs": _claim(proofs=[Evidence("0" * 64, "image/png")] * 6),
    "a web page as proof": _claim(proofs=[Evidence("0" * 64, "text/html")]),
    "half a digest": _claim(proofs=[Evidence("0" * 63, "image/png")]),
    "last four of five": lambda client: client.get_payment(SERIAL, "12345"),
    "a path as a request": lambda client: client.get_reconciliation_request("../payments/1"),
    "65 to search for": lambda client: client.search_payments(q="王" * 65),
    "a state of our own": lambda client: client.search_payments(state=State.UNRECOGNISED),
    "a page of 201": lambda client: client.search_payments(limit=201),
    "a page of none": lambda client: client.search_payments(limit=0),
    "a wait of 31": lambda client: client.events(wait=31),
    "a wait before now": lambda client: client.events(wait=-1),
    "501 events": lambda client: client.events(limit=501),
    "nobody books": lambda client: client.reconcile(SERIAL, "SL-1", "", "", KEY),
    "an operator of 65": lambda client: client.reconcile(SERIAL, "SL-1", "王" * 65, "", KEY),
    "a note of 501": lambda client: client.reconcile(SERIAL, "SL-1", "王", "注" * 501, KEY),
    "a key of 7": lambda client: client.reconcile(SERIAL, "SL-1", "王", "", "1234567"),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_the_contract_forbids_is_refused_before_it_is_sent(caller: Caller, what: str) -> None:
    assert isinstance(caller.gets(Answer(), WRONG[what]), InvalidInput)
    assert not caller.bureau.heard


@pytest.mark.parametrize("operation_id", ["requestReconciliation", "reconcileManually"])
def test_what_the_contract_allows_to_be_written_is_written(caller: Caller, operation_id: str) -> None:
    @seed(1)
    @generated
    @given(writes(operation_id))
    def writes_it(body: dict[str, Any]) -> None:
        given = caller.gets(
            answer_of(PLAIN[operation_id], TRUE_STATUS[operation_id]), WRITES[operation_id](body)
        )
        assert not isinstance(given, HelpdeskError), (given, body)
        (asked,) = caller.bureau.heard
        assert asked.path.startswith(f"/v1/payments/{SERIAL}/")
        assert asked.json == {name: value for name, value in body.items() if value != []}

    writes_it()


def _request(body: dict[str, Any]) -> Call:
    said = body["claimed"]
    claimed = Claimed(
        channel=Channel(said["channel"]) if "channel" in said else None,
        amount=said.get("amount"),
        paid_on=date.fromisoformat(said["paid_on"]) if "paid_on" in said else None,
        item=said.get("item"),
    )
    proofs = [Evidence(**proof) for proof in body.get("evidence", ())]
    last4 = body.get("payer_id_last4")
    return lambda client: client.request_reconciliation(
        SERIAL, claimed, body["contact_reference"], KEY, last4, proofs
    )


def _booking(body: dict[str, Any]) -> Call:
    return lambda client: client.reconcile(
        SERIAL, body["statement_line_id"], body["operator"], body["note"], KEY
    )


WRITES: dict[str, Callable[[dict[str, Any]], Call]] = {
    "requestReconciliation": _request,
    "reconcileManually": _booking,
}
