"""Watches: promise to tell, tell, stop telling. Runs on PostgreSQL too."""

from __future__ import annotations

import dataclasses
from datetime import time, timedelta

import pytest

from bot.errors import Conflict
from bot.messages import Author, Button
from bot.notifications.quiet import QuietHours
from bot.notifications.service import SETTLED, Watched, WatchesService
from bot.payments.model import Reason, State
from bot.tickets.model import HandoffReason
from tests.fakes.bureau import payment
from tests.fakes.house import FakeHouse

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"
WAITING = payment(SERIAL)
MISMATCH = payment(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
DONE = payment(SERIAL, State.RECONCILED, None)


def quiet(house: FakeHouse) -> None:
    """Nobody is told anything from nine in the evening until eight in the morning."""
    night = QuietHours(time(21), time(8))
    house.watches = WatchesService(house.clock, house.phrases, timedelta(days=30), night)


async def watch(house: FakeHouse, seen: object = WAITING, user: str = "anna") -> Watched:
    conversation = await house.conversation(user)
    async with house.work() as work:
        result = await house.watches.watch(work, conversation, seen)  # type: ignore[arg-type]
        await work.commit()
    return result


async def tell(house: FakeHouse, seen: object) -> list[int]:
    async with house.work() as work:
        told = await house.watches.tell(work, seen)  # type: ignore[arg-type]
        await work.commit()
    return told


async def test_a_watch_is_set_once(house: FakeHouse) -> None:
    assert await watch(house) is Watched.SET
    assert await watch(house) is Watched.EXISTS


@pytest.mark.parametrize("state", sorted(SETTLED, key=str))
async def test_a_settled_payment_needs_no_watch(house: FakeHouse, state: State) -> None:
    assert await watch(house, payment(SERIAL, state, None)) is Watched.NOT_NEEDED
    async with house.work() as work:
        assert await work.watches.active() == []


async def test_only_a_change_is_told(house: FakeHouse) -> None:
    await watch(house)
    assert await tell(house, WAITING) == []
    assert await tell(house, MISMATCH) == [(await house.conversation()).id]
    assert await tell(house, MISMATCH) == []
    said = await house.transcript()
    assert len(said) == 1
    assert said[0][0] is Author.SYSTEM
    assert said[0][1].startswith("utter_watch_changed tail=714292")


async def test_a_settled_payment_ends_its_watch(house: FakeHouse) -> None:
    await watch(house)
    await tell(house, DONE)
    assert await tell(house, MISMATCH) == []
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation()) == []


async def test_everyone_who_watches_is_told_and_nobody_else(house: FakeHouse) -> None:
    await watch(house, user="anna")
    await watch(house, user="berta")
    await watch(house, payment(OTHER_SERIAL), user="clara")
    assert len(await tell(house, DONE)) == 2
    assert await house.said("clara") == []


async def test_a_stopped_watch_is_not_told_and_can_be_set_again(house: FakeHouse) -> None:
    await watch(house)
    await watch(house, payment(OTHER_SERIAL))
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation(), SERIAL) == [SERIAL]
        await work.commit()
    assert await tell(house, MISMATCH) == []
    assert await watch(house, MISMATCH) is Watched.SET
    assert await tell(house, MISMATCH) == []
    assert len(await tell(house, DONE)) == 1


async def test_all_watches_are_stopped_when_none_is_named(house: FakeHouse) -> None:
    await watch(house)
    await watch(house, payment(OTHER_SERIAL))
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation()) == [SERIAL, OTHER_SERIAL]


async def test_a_watch_that_lasted_too_long_ends_and_says_so_once(house: FakeHouse) -> None:
    in_review = payment(SERIAL, State.UNDER_REVIEW, Reason.ENTRY_ERROR)
    await watch(house, in_review)
    for days, told in ((29, 0), (1, 1), (1, 0)):
        house.clock.move(days=days)
        assert len(await tell(house, in_review)) == told
    [said] = await house.said()
    assert said.startswith(f"utter_watch_expired tail=714292 serial={SERIAL} days=30 what=utter_state_under")
    assert await tell(house, DONE) == []


async def test_a_watch_whose_payment_cannot_be_asked_for_ends_a_day_later_without_its_state(
    house: FakeHouse,
) -> None:
    await watch(house)
    for days, told in ((30, 0), (1, 1), (1, 0)):
        house.clock.move(days=days)
        async with house.work() as work:
            assert len(await house.watches.expire(work)) == told
            await work.commit()
    assert await house.said() == [f"utter_watch_expired tail=714292 serial={SERIAL} days=30 what="]


async def test_at_night_a_change_waits_and_is_told_once_in_the_morning(house: FakeHouse) -> None:
    quiet(house)
    await watch(house)
    house.clock.move(hours=13)
    assert await tell(house, MISMATCH) == []
    assert await tell(house, MISMATCH) == []
    async with house.work() as work:
        assert await work.watches.held_until(house.clock.now() + timedelta(hours=8)) == []
        assert await work.watches.held_until(house.clock.now() + timedelta(hours=9)) == [SERIAL]
    house.clock.move(hours=9)
    assert len(await tell(house, MISMATCH)) == 1
    assert await tell(house, MISMATCH) == []
    async with house.work() as work:
        assert await work.watches.held_until(house.clock.now()) == []


async def test_a_payment_that_changed_back_over_night_is_not_told(house: FakeHouse) -> None:
    quiet(house)
    await watch(house)
    house.clock.move(hours=13)
    await tell(house, MISMATCH)
    house.clock.move(hours=9)
    assert await tell(house, WAITING) == []
    async with house.work() as work:
        assert await work.watches.held_until(house.clock.now()) == []


async def test_a_watch_does_not_end_at_night(house: FakeHouse) -> None:
    quiet(house)
    await watch(house)
    house.clock.move(days=31, hours=13)
    assert await tell(house, WAITING) == []
    async with house.work() as work:
        assert await house.watches.expire(work) == []


async def test_a_broken_promise_is_brought_up_once_a_day_from_the_set_hour_on(house: FakeHouse) -> None:
    late = dataclasses.replace(WAITING, expected_by=house.clock.now() + timedelta(hours=7))
    await watch(house, late)
    told = []
    for _ in range(3 * 24):
        house.clock.move(hours=1)
        if await tell(house, late):
            told.append(house.clock.now())
    assert [moment.hour for moment in told] == [18, 10, 10, 10]
    assert len({moment.date() for moment in told}) == len(told)
    said = await house.said()
    assert all(line.startswith("utter_watch_late tail=714292") for line in said)


async def test_a_change_that_says_it_is_late_is_that_day_s_reminder(house: FakeHouse) -> None:
    await watch(house)
    late = dataclasses.replace(MISMATCH, expected_by=house.clock.now() - timedelta(hours=1))
    assert len(await tell(house, late)) == 1
    house.clock.move(hours=3)
    assert await tell(house, late) == []
    house.clock.move(days=1)
    assert len(await tell(house, late)) == 1


async def test_two_processes_remind_once(house: FakeHouse) -> None:
    late = dataclasses.replace(WAITING, expected_by=house.clock.now() - timedelta(hours=1))
    await watch(house, late)
    async with house.work() as one, house.work() as other:
        await house.watches.tell(one, late)
        await house.watches.tell(other, late)
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert len(await house.said()) == 1


APPLY, PERSON = Button("申请对账", "/request_reconciliation"), Button("转人工", "/request_human")


@pytest.mark.parametrize(
    ("state", "reason", "in_hand", "offer", "buttons"),
    [
        (State.UNRECONCILED, Reason.CALLBACK_LOST, False, "utter_offer_after_overdue", (APPLY, PERSON)),
        (State.UNRECONCILED, Reason.CALLBACK_LOST, True, "utter_offer_request_after_overdue", (APPLY,)),
        (State.UNDER_REVIEW, Reason.ENTRY_ERROR, False, "utter_offer_person_after_overdue", (PERSON,)),
        (State.REFUNDING, None, False, "utter_offer_person_after_overdue", (PERSON,)),
        (State.PAYMENT_PENDING, None, True, "utter_offer_ticket_after_overdue", ()),
    ],
)
async def test_what_is_late_offers_only_what_helps_and_is_not_there_yet(
    house: FakeHouse, state: State, reason: Reason | None, in_hand: bool, offer: str, buttons: tuple[Button]
) -> None:
    house.phrases.buttons = {"utter_watch_late": (APPLY, PERSON)}
    late = dataclasses.replace(payment(SERIAL, state, reason), expected_by=house.clock.now())
    await watch(house, late)
    if in_hand:
        conversation = await house.conversation()
        async with house.work() as work:
            await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST, SERIAL)
            await work.commit()
    house.clock.move(hours=1)
    await tell(house, late)
    [said] = await house.said()
    assert f" offer={offer} " in f"{said} "
    assert (await house.conversation()).offered == buttons


async def test_a_ticket_about_something_else_takes_nobody_s_way_to_a_person(house: FakeHouse) -> None:
    house.phrases.buttons = {"utter_watch_late": (APPLY, PERSON)}
    late = dataclasses.replace(payment(SERIAL), expected_by=house.clock.now())
    await watch(house, late)
    conversation = await house.conversation()
    async with house.work() as work:
        await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST)
        await work.commit()
    house.clock.move(hours=1)
    await tell(house, late)
    assert PERSON in (await house.conversation()).offered


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (State.UNRECONCILED, Reason.UNKNOWN, "utter_pushed_unknown"),
        (State.UNRECOGNISED, None, "utter_pushed_unrecognised"),
        (State.UNDER_REVIEW, Reason.UNKNOWN, "utter_state_under_review"),
    ],
)
async def test_what_needs_a_person_comes_with_a_way_to_one_and_promises_no_ticket(
    house: FakeHouse, state: State, reason: Reason | None, words: str
) -> None:
    await watch(house)
    await tell(house, payment(SERIAL, state, reason))
    [said] = await house.said()
    assert words in said
    assert "utter_unreconciled_unknown" not in said and "utter_state_unrecognised" not in said
    [button] = (await house.conversation()).offered
    assert button.payload == f'/request_human{{"choice": "unknown_state", "serial_number": "{SERIAL}"}}'


async def test_of_a_duplicate_the_details_are_a_press_away(house: FakeHouse) -> None:
    await watch(house)
    await tell(house, payment(SERIAL, State.UNRECONCILED, Reason.DUPLICATE_PAYMENT))
    [button] = (await house.conversation()).offered
    assert button == Button(
        "utter_button_details", f'/query_status{{"choice": "details", "serial_number": "{SERIAL}"}}'
    )


async def test_setting_a_watch_again_gives_it_its_whole_time(house: FakeHouse) -> None:
    await watch(house)
    async with house.work() as work:
        await house.watches.stop(work, await house.conversation())
        await work.commit()
    house.clock.move(days=20)
    await watch(house)
    async with house.work() as work:
        found = await work.watches.find((await house.conversation()).id, SERIAL)
    assert found is not None
    assert found.expires_at == house.clock.at + timedelta(days=30)


async def test_buttons_of_a_notice_are_the_ones_offered_last(house: FakeHouse) -> None:
    buttons = (Button("查我的缴费", "/query_status"),)
    house.phrases.buttons = {"utter_watch_changed": buttons}
    await watch(house)
    await tell(house, MISMATCH)
    assert (await house.conversation()).offered == buttons


async def test_one_who_blocked_us_hears_of_the_change_when_back(house: FakeHouse) -> None:
    await watch(house)
    await set_reachable(house, False)
    assert await tell(house, MISMATCH) == []
    await set_reachable(house, True)
    assert await tell(house, MISMATCH) == [(await house.conversation()).id]


async def test_the_watch_of_one_who_blocked_us_ends_without_a_word(house: FakeHouse) -> None:
    await watch(house)
    await set_reachable(house, False)
    house.clock.move(days=31)
    async with house.work() as work:
        assert await house.watches.expire(work) == []
        await work.commit()
        assert await work.watches.active() == []
    assert await house.said() == []


async def set_reachable(house: FakeHouse, reachable: bool) -> None:
    """The resident blocks us, or lets us write again."""
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.set_reachable(conversation.id, reachable)
        await work.commit()
