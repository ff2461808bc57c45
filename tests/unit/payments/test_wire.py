from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MalformedAnswer
from bot.payments import wire
from bot.payments.model import SHANGHAI, Channel, Claimed, Evidence, MismatchedField, Reason, State

from .examples import details_json, payment, payment_json


def test_a_payment_is_read_as_the_contract_writes_it() -> None:
    read = payment(verified=True, details=details_json())
    assert (read.state, read.reason, read.channel) == (
        State.UNRECONCILED,
        Reason.AWAITING_STATEMENT,
        Channel.WECHAT_PAY,
    )
    assert read.details is not None
    assert read.details.amount_due == 4000
    assert read.details.mismatched_fields == (MismatchedField.PAYER_NAME,)
    assert read.details.fiscal_receipt is not None
    assert read.details.fiscal_receipt.check_code == "589d80"


def test_times_are_moved_to_shanghai() -> None:
    read = payment(paid_at="2026-11-22T16:30:00.5Z")
    assert read.paid_at == datetime(2026, 11, 23, 0, 30, 0, 500000, tzinfo=SHANGHAI)
    assert read.paid_at.utcoffset() == timedelta(hours=8)


def test_a_state_and_a_reason_the_bureau_added_keep_their_words() -> None:
    read = payment(state="frozen_by_court", reason="court_order")
    assert (read.state, read.state_word) == (State.UNRECOGNISED, "frozen_by_court")
    assert (read.reason, read.reason_word) == (Reason.UNKNOWN, "court_order")


def test_a_payment_without_a_reason_has_none() -> None:
    assert payment(reason=None).reason is None


def test_fields_that_are_not_in_the_contract_are_passed_over() -> None:
    assert payment(added_later=1) == payment()


@pytest.mark.parametrize("name", sorted(payment_json()))
def test_no_required_field_may_be_missing(name: str) -> None:
    answer = payment_json()
    del answer[name]
    with pytest.raises(MalformedAnswer, match=name):
        wire.payment_from_json(answer)


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": None},
        {"verified": "true"},
        {"verified": None},
        {"serial_number": 4200},
        {"state": None},
        {"reason": 3},
        {"updated_at": None},
        {"updated_at": "2026-11-22T20:16:00"},
        {"updated_at": "2026-13-22T20:16:00+08:00"},
        {"updated_at": "2026-11-22"},
        {"updated_at": "0001-01-01T00:00:00+14:00"},
        {"updated_at": "9999-12-31T23:00:00-12:00"},
        {"paid_at": 1763800000},
        {"details": details_json()},
        {"verified": True, "details": []},
        {"verified": True, "details": details_json(amount_due=40.0)},
        {"verified": True, "details": details_json(amount_due=True)},
        {"verified": True, "details": details_json(amount_due="4000")},
        {"verified": True, "details": details_json(duplicates=None)},
        {"verified": True, "details": details_json(history=[{"at": "now", "state": "closed", "note": ""}])},
        {"verified": True, "details": details_json(mismatched_fields=["shoe_size"])},
        {"verified": True, "details": details_json(fiscal_receipt={"code": "1"})},
    ],
)
def test_what_the_contract_forbids_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        payment(**changes)


@pytest.mark.parametrize("answer", [None, [], "text", 3, True])
def test_a_payment_is_an_object(answer: object) -> None:
    with pytest.raises(MalformedAnswer):
        wire.payment_from_json(answer)


def test_the_complaint_names_the_field_and_never_the_value() -> None:
    with pytest.raises(MalformedAnswer) as caught:
        payment(
            verified=True, details=details_json(payer_name_masked=None, notice_number="34000019081115065040")
        )
    assert "payer_name_masked" in str(caught.value)
    assert "34000019081115065040" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_malformed(answer: object) -> None:
    for read in (
        wire.payment_from_json,
        wire.payments_page_from_json,
        wire.reconciliation_request_from_json,
        wire.candidates_from_json,
        wire.events_page_from_json,
        wire.health_from_json,
    ):
        with pytest.raises(MalformedAnswer):
            read(answer)


@given(
    st.sampled_from(sorted(payment_json())), st.integers() | st.text() | st.lists(st.integers()) | st.none()
)
def test_one_wrong_value_is_read_or_malformed(name: str, value: object) -> None:
    try:
        wire.payment_from_json(payment_json(**{name: value}))
    except MalformedAnswer as error:
        assert name in str(error)


def test_statement_lines_are_read_best_first_as_they_came() -> None:
    line = {
        "statement_line_id": "L1",
        "source": "alipay",
        "booked_at": "2026-11-22T20:16:00+08:00",
        "amount": 4000,
        "score": 1,
        "agrees": ["amount"],
        "differs": [],
    }
    (candidate,) = wire.candidates_from_json({"candidates": [line]})
    assert (candidate.score, candidate.counterparty_masked, candidate.agrees) == (1.0, None, ("amount",))
    for score in (-0.1, 1.1, True, float("nan"), "1"):
        with pytest.raises(MalformedAnswer):
            wire.candidates_from_json({"candidates": [{**line, "score": score}]})


def test_an_event_may_carry_an_unknown_state() -> None:
    event = {
        "cursor": "7",
        "at": "2026-11-22T20:16:00+08:00",
        "serial_number": "x",
        "state": "new",
        "reason": None,
    }
    page = wire.events_page_from_json({"events": [event], "cursor": "7"})
    assert (page.events[0].state, page.events[0].state_word, page.cursor) == (State.UNRECOGNISED, "new", "7")


def test_health_without_an_announcement_is_up() -> None:
    assert not wire.health_from_json({"status": "ok"}).in_maintenance
    assert wire.health_from_json({"status": "ok", "maintenance": None}).maintenance is None


def test_a_window_cannot_end_before_it_starts() -> None:
    window = {"starts_at": "2026-11-22T02:00:00+08:00", "ends_at": "2026-11-22T01:00:00+08:00"}
    with pytest.raises(MalformedAnswer):
        wire.health_from_json({"status": "maintenance", "maintenance": window})


def test_a_request_says_only_what_the_resident_said() -> None:
    body = wire.reconciliation_request_to_json(Claimed(Channel.ALIPAY, 4000), "GD261123048272", None, ())
    assert body == {"contact_reference": "GD261123048272", "claimed": {"channel": "alipay", "amount": 4000}}
    full = wire.reconciliation_request_to_json(Claimed(), "r", "002X", [Evidence("0" * 64, "image/png")])
    assert full["payer_id_last4"] == "002X"
    assert full["evidence"] == [{"sha256": "0" * 64, "media_type": "image/png"}]
