from __future__ import annotations

from itertools import product

import yaml

from bot.payments.facts import FACTS, NextStep, ResidentAction
from bot.payments.model import Channel, MismatchedField, Reason, RequestStatus, State
from bot.settings import ROOT

CONTRACT = ROOT / "docs" / "contracts" / "reconciliation-api.yaml"


def test_every_state_and_reason_has_a_row() -> None:
    assert set(FACTS) == set(product(State, (None, *Reason)))


def test_the_enums_are_the_contract_s() -> None:
    schemas = yaml.safe_load(CONTRACT.read_text("utf-8"))["components"]["schemas"]
    assert set(schemas["State"]["enum"]) == {state.value for state in State} - {"unrecognised"}
    assert set(schemas["Reason"]["enum"]) == {reason.value for reason in Reason} | {None}
    assert set(schemas["Channel"]["enum"]) == {channel.value for channel in Channel} - {"unrecognised"}
    details = schemas["Payment"]["properties"]["details"]["properties"]
    assert details["mismatched_fields"]["items"]["enum"] == [field.value for field in MismatchedField]
    statuses = schemas["ReconciliationRequest"]["properties"]["status"]["enum"]
    assert statuses == [status.value for status in RequestStatus]


def test_paying_again_is_only_ever_possible_when_nothing_was_taken_or_the_notice_is_dead() -> None:
    states = {state for (state, _), facts in FACTS.items() if facts.pay_again}
    assert states == {State.PAYMENT_FAILED, State.CLOSED}


def test_paying_again_and_the_action_that_says_so_agree() -> None:
    for facts in FACTS.values():
        assert facts.pay_again == (facts.action is ResidentAction.PAY_AGAIN_POSSIBLE)


def test_an_unrecognised_state_always_goes_to_a_person() -> None:
    assert all(facts.needs_person for (state, _), facts in FACTS.items() if state is State.UNRECOGNISED)


def test_an_unknown_reason_goes_to_a_person_unless_the_money_is_booked_or_back() -> None:
    without = {
        state
        for (state, reason), facts in FACTS.items()
        if reason is Reason.UNKNOWN and not facts.needs_person
    }
    assert without == {State.RECONCILED, State.REFUNDED}


def test_whatever_needs_a_person_offers_a_ticket() -> None:
    assert all(NextStep.TICKET in facts.suggested for facts in FACTS.values() if facts.needs_person)


def test_nothing_settled_is_watched() -> None:
    assert not any(NextStep.WATCH in facts.suggested for facts in FACTS.values() if facts.settled)
