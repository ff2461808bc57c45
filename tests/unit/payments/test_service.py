from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.errors import InvalidInput, NotFound, TooManyTries, Unavailable
from bot.payments.facts import Holder, NextStep, ResidentAction
from bot.payments.model import SHANGHAI, Channel, Payment
from bot.payments.service import OwnershipLimits, PaymentsService, checked_last4, report_on

from .examples import (
    ALIPAY,
    LAST4,
    NOTICE,
    NOW,
    WECHAT,
    OnePayment,
    RememberedAttempts,
    SettableClock,
    details_json,
    payment,
)


class Desk:
    """A service with its doubles in reach."""

    def __init__(self, **limits: Any) -> None:
        self.lookup, self.attempts, self.clock = OnePayment(), RememberedAttempts(), SettableClock()
        self.service = PaymentsService(self.lookup, self.attempts, self.clock, OwnershipLimits(**limits))

    async def guess_wrongly(self, times: int, contact: str = "c1", serial: str = WECHAT) -> None:
        for _ in range(times):
            with pytest.raises(NotFound):
                await self.service.details_of(contact, serial, "0000")


async def test_anyone_with_the_number_hears_the_state_and_nothing_else() -> None:
    report = await Desk().service.state_of(WECHAT)
    assert report.payment.state.value == "unreconciled"
    assert (report.payment.verified, report.payment.details) == (False, None)


async def test_details_that_nobody_asked_for_are_dropped() -> None:
    class Talkative:
        async def get_payment(self, serial: str, payer_id_last4: str | None = None) -> Payment:
            return payment(verified=True, details=details_json())

    report = await PaymentsService(Talkative(), RememberedAttempts(), SettableClock()).state_of(WECHAT)
    assert (report.payment.verified, report.payment.details) == (False, None)


async def test_the_payer_hears_the_details() -> None:
    desk = Desk()
    report = await desk.service.details_of("c1", WECHAT, "００２ｘ")
    assert report.payment.details is not None
    assert report.payment.details.amount_due == 4000
    assert desk.attempts.failures == []


async def test_not_found_and_not_yours_sound_the_same_and_count_the_same() -> None:
    desk = Desk()
    with pytest.raises(NotFound) as not_yours:
        await desk.service.details_of("c1", WECHAT, "0000")
    with pytest.raises(NotFound) as not_found:
        await desk.service.details_of("c1", "20000000000000000000", "0000")
    assert str(not_yours.value) == str(not_found.value) == ""
    assert len(desk.attempts.failures) == 2


async def test_a_contact_is_stopped_after_too_many_wrong_tries_at_different_numbers() -> None:
    desk = Desk(per_contact=3)
    for place in range(3):
        await desk.guess_wrongly(1, serial=f"number{place}")
    asked = len(desk.lookup.asked)
    with pytest.raises(TooManyTries) as stopped:
        await desk.service.details_of("c1", WECHAT, LAST4)
    assert stopped.value.retry_after == 1800
    assert len(desk.lookup.asked) == asked


async def test_a_number_is_guarded_against_many_contacts() -> None:
    desk = Desk(per_serial=3)
    for place in range(3):
        await desk.guess_wrongly(1, contact=f"c{place}")
    with pytest.raises(TooManyTries):
        await desk.service.details_of("somebody", WECHAT, LAST4)


async def test_another_name_of_the_payment_brings_no_fresh_tries() -> None:
    desk = Desk(per_serial=3)
    for place in range(3):
        await desk.guess_wrongly(1, contact=f"c{place}", serial=NOTICE)
    with pytest.raises(TooManyTries):
        await desk.service.details_of("somebody", WECHAT, LAST4)
    with pytest.raises(TooManyTries):
        await desk.service.details_of("somebody", NOTICE, LAST4)


async def test_the_same_try_under_two_names_is_one_try_of_the_contact() -> None:
    desk = Desk(per_contact=2, per_serial=9)
    await desk.guess_wrongly(1, serial=NOTICE)
    assert await desk.service.tries_left("c1", NOTICE) == 1
    assert await desk.service.tries_left("c1", WECHAT) == 1


async def test_a_contact_who_tries_number_after_number_alarms() -> None:
    desk = Desk(alarming_numbers=3)
    for place in range(2):
        await desk.guess_wrongly(1, serial=f"number{place}")
    assert desk.attempts.alarms == []
    await desk.guess_wrongly(1)
    assert desk.attempts.alarms == [("c1", {"numbers": "3"})]


async def test_a_number_that_contact_after_contact_tries_alarms_under_its_own_name() -> None:
    desk = Desk(alarming_contacts=2)
    await desk.guess_wrongly(1, contact="c1", serial=NOTICE)
    await desk.guess_wrongly(1, contact="c1", serial=WECHAT)
    assert desk.attempts.alarms == []
    await desk.guess_wrongly(1, contact="c2", serial=NOTICE)
    assert desk.attempts.alarms == [(WECHAT, {"contacts": "2"})]


async def test_a_refusal_takes_as_long_for_not_found_as_for_not_yours() -> None:
    waited: list[float] = []
    times = iter([0.0, 0.05, 10.0, 10.25])

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    service = PaymentsService(
        OnePayment(),
        RememberedAttempts(),
        SettableClock(),
        OwnershipLimits(beat=0.3),
        wait,
        lambda: next(times),
    )
    for serial in ("20000000000000000000", WECHAT):
        with pytest.raises(NotFound):
            await service.details_of("c1", serial, "0000")
    assert [round(passed + more, 6) for passed, more in zip((0.05, 0.25), waited, strict=True)] == [0.3, 0.3]


async def test_a_number_typed_in_small_letters_is_found() -> None:
    desk = Desk()
    desk.lookup.numbers = ("HZ202611200104",)
    report = await desk.service.state_of("hz202611200104")
    assert report.payment.state.value == "unreconciled"
    assert [serial for serial, _ in desk.lookup.asked] == ["hz202611200104", "HZ202611200104"]


async def test_of_several_payments_on_a_notice_the_payer_hears_which_one_counts() -> None:
    desk = Desk()
    desk.lookup.details = {"duplicates": [ALIPAY]}
    desk.lookup.counting = ALIPAY
    assert (await desk.service.details_of("c1", WECHAT, LAST4)).counts == ALIPAY


async def test_guesses_made_at_once_do_not_slip_under_the_limit() -> None:
    desk = Desk(per_serial=3)
    tries = [desk.service.details_of(f"c{n}", WECHAT, "0000") for n in range(10)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotFound"] * 3 + ["TooManyTries"] * 7


async def test_tries_are_forgotten_when_the_window_has_passed() -> None:
    desk = Desk(per_contact=2)
    await desk.guess_wrongly(1)
    desk.clock.at += timedelta(minutes=10)
    await desk.guess_wrongly(1)
    with pytest.raises(TooManyTries) as stopped:
        await desk.service.details_of("c1", WECHAT, LAST4)
    assert stopped.value.retry_after == 20 * 60
    desk.clock.at += timedelta(minutes=20, seconds=1)
    assert (await desk.service.details_of("c1", WECHAT, LAST4)).payment.verified


async def test_a_wrong_shape_is_not_a_try() -> None:
    desk = Desk()
    for last4 in ("12", "12345", "X123", "一二三四", "", "00 2X"):
        with pytest.raises(InvalidInput) as refused:
            await desk.service.details_of("c1", WECHAT, last4)
        assert refused.value.code == "last4"
    assert desk.attempts.failures == [] and desk.lookup.asked == []


async def test_a_system_that_is_down_is_neither_not_found_nor_a_try() -> None:
    class Down:
        async def get_payment(self, serial: str, payer_id_last4: str | None = None) -> Payment:
            raise Unavailable("502")

    attempts = RememberedAttempts()
    with pytest.raises(Unavailable):
        await PaymentsService(Down(), attempts, SettableClock()).details_of("c1", WECHAT, LAST4)
    assert attempts.failures == []


def test_last4_are_written_as_the_contract_writes_them() -> None:
    assert checked_last4(" 002x\u200b ") == "002X"


def test_the_bureau_s_own_time_is_no_estimate() -> None:
    report = report_on(payment(), NOW)
    assert (report.due, report.due_estimated, report.overdue) == (payment().expected_by, False, False)


def test_without_the_bureau_s_time_the_channel_s_bill_is_expected() -> None:
    report = report_on(payment(expected_by=None, paid_at="2026-11-23T08:00:00+08:00"), NOW)
    assert report.due == NOW + timedelta(days=1)
    assert report.due_estimated


def test_a_payment_around_the_day_cut_waits_for_the_next_bill() -> None:
    report = report_on(payment(expected_by=None, reason="day_cut", paid_at="2026-11-22T23:59:58+08:00"), NOW)
    assert report.due is not None
    assert report.due.astimezone(SHANGHAI).day == 24


def test_our_own_estimate_has_its_whole_day_before_it_is_late() -> None:
    this_morning = report_on(payment(expected_by=None, paid_at="2026-11-22T08:00:00+08:00"), NOW)
    assert this_morning.due == NOW
    assert not this_morning.overdue
    long_ago = report_on(payment(expected_by=None, paid_at="2026-11-10T08:00:00+08:00"), NOW)
    assert (long_ago.due_estimated, long_ago.overdue) == (True, True)


@pytest.mark.parametrize(
    ("paid_at", "bill", "last_day"),
    [
        ("2026-11-26T14:00:00+08:00", "2026-11-27T10:00:00+08:00", "2026-11-27"),
        ("2026-11-27T14:00:00+08:00", "2026-11-28T10:00:00+08:00", "2026-11-30"),
        ("2026-09-30T14:00:00+08:00", "2026-10-01T10:00:00+08:00", "2026-10-08"),
        ("2026-10-09T14:00:00+08:00", "2026-10-10T10:00:00+08:00", "2026-10-10"),
    ],
    ids=["a working day", "a weekend", "National Day", "a make-up Saturday"],
)
def test_our_own_estimate_is_late_after_the_first_working_day_that_has_the_bill(
    paid_at: str, bill: str, last_day: str
) -> None:
    waiting = payment(expected_by=None, paid_at=paid_at)
    last = datetime.fromisoformat(f"{last_day}T23:59:59+08:00")
    for moment, late in ((last, False), (last + timedelta(seconds=1), True)):
        report = report_on(waiting, moment)
        assert report.due == datetime.fromisoformat(bill)
        assert report.overdue is late


def test_what_comes_when_the_offices_close_has_the_next_working_day() -> None:
    cash = payment(expected_by=None, channel="counter", paid_at="2026-11-26T11:00:00+08:00")
    saturday, tuesday = (
        datetime.fromisoformat(f"{day}T00:05:00+08:00") for day in ("2026-11-28", "2026-12-01")
    )
    report = report_on(cash, saturday)
    assert report.due == datetime.fromisoformat("2026-11-27T17:00:00+08:00")
    assert not report.overdue
    assert report_on(cash, tuesday).overdue


def test_money_between_the_banks_has_the_time_of_a_bank_transfer() -> None:
    paid_at = "2026-11-23T08:00:00+08:00"
    between = report_on(payment(expected_by=None, reason="bank_transfer_delay", paid_at=paid_at), NOW)
    transfer = report_on(payment(expected_by=None, channel="bank_transfer", paid_at=paid_at), NOW)
    assert (between.due, between.due_estimated) == (transfer.due, True)


def test_the_bureau_s_own_time_is_late_at_weekends_too() -> None:
    sunday = datetime.fromisoformat("2026-11-29T11:00:00+08:00")
    assert report_on(payment(expected_by="2026-11-28T10:00:00+08:00"), sunday).overdue


def test_of_a_channel_that_nobody_here_knows_no_time_is_guessed() -> None:
    report = report_on(payment(expected_by=None, channel="digital_yuan"), NOW)
    assert (report.payment.channel, report.payment.channel_word) == (Channel.UNRECOGNISED, "digital_yuan")
    assert (report.due, report.overdue) == (None, False)


def test_what_is_overdue_may_be_applied_for_or_handed_to_a_person() -> None:
    report = report_on(payment(expected_by="2026-11-23T09:59:59+08:00"), NOW)
    assert (report.overdue, report.needs_person) == (True, False)
    assert report.suggested == (NextStep.REQUEST_RECONCILIATION, NextStep.TICKET, NextStep.WATCH)


def test_what_a_person_looks_at_already_is_not_applied_for_again() -> None:
    late = payment(state="under_review", reason="entry_error", expected_by="2026-11-23T09:59:59+08:00")
    assert report_on(late, NOW).suggested == (NextStep.TICKET, NextStep.WATCH)


def test_nothing_settled_is_overdue() -> None:
    report = report_on(payment(state="reconciled", reason=None, expected_by="2026-11-01T00:00:00+08:00"), NOW)
    assert (report.overdue, report.needs_person, report.holder) == (False, False, Holder.NOBODY)


def test_a_word_the_bureau_added_goes_to_a_person() -> None:
    assert report_on(payment(state="frozen"), NOW).needs_person
    assert report_on(payment(reason="court_order"), NOW).needs_person


def test_a_failed_payment_may_be_made_again() -> None:
    report = report_on(payment(state="payment_failed", reason=None, paid_at=None, expected_by=None), NOW)
    assert (report.pay_again, report.resident_action) == (True, ResidentAction.PAY_AGAIN_POSSIBLE)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "closed", "reason": None},
        {"state": "payment_failed", "reason": None, "verified": True, "details": details_json()},
    ],
)
def test_nobody_is_sent_to_pay_again_whose_money_was_taken(changes: dict[str, Any]) -> None:
    report = report_on(payment(**changes), NOW)
    assert (report.pay_again, report.needs_person) == (False, True)
