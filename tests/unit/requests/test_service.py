"""Requests: sent once, followed ever more seldom, told when decided. Runs on PostgreSQL too."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.errors import Conflict, MalformedAnswer, Unavailable
from bot.notifications.quiet import QuietHours
from bot.payments.model import Channel, Claimed, RequestStatus, State
from bot.requests.follower import RequestsFollower
from bot.requests.model import SentRequest
from bot.requests.service import RequestsService
from bot.storage.unit_of_work import UnitOfWork
from tests.fakes.house import FakeHouse

SERIAL, OTHER = "4200000925202101284997714292", "2017071221001004660224927787"
CLAIMED = Claimed(Channel.WECHAT_PAY, 4000)


async def send(house: FakeHouse, key: str = "message-1", serial: str = SERIAL, user: str = "anna") -> str:
    if serial not in house.bureau.payments:
        house.bureau.add(serial)
    conversation = await house.conversation(user)
    async with house.work() as work:
        sent = await house.requests.send(work, conversation, serial, CLAIMED, key)
        await work.commit()
    return sent.request_id


async def send_and_watch(house: FakeHouse) -> str:
    """A request, and a watch on the same payment."""
    request_id = await send(house)
    conversation = await house.conversation()
    async with house.work() as work:
        await house.watches.watch(work, conversation, house.bureau.payments[SERIAL])
        await work.commit()
    return request_id


def follower(house: FakeHouse) -> RequestsFollower:
    return RequestsFollower(house.work, house.requests, lambda _: None, lambda: None, house.clock)


def decides(house: FakeHouse, request_id: str, status: RequestStatus, outcome: str | None = None) -> None:
    request = house.bureau.requests[request_id]
    house.bureau.requests[request_id] = replace(request, status=status, outcome=outcome)


async def test_the_same_message_answered_twice_is_one_request(house: FakeHouse) -> None:
    assert await send(house) == await send(house) == "RR1"
    async with house.work() as work:
        [kept] = await house.requests.of(work, await house.conversation())
    assert (kept.request_id, kept.serial_number, kept.claimed) == (
        "RR1", SERIAL, {"channel": "wechat_pay", "amount": 4000},
    )  # fmt: skip


async def test_it_is_asked_about_ever_more_seldom(house: FakeHouse) -> None:
    await send(house)
    moments = []
    for _ in range(72):
        house.clock.move(minutes=10)
        seen = len(house.bureau.looked)
        await follower(house).step()
        if len(house.bureau.looked) > seen:
            moments.append(house.clock.now())
    pauses = [
        (later - earlier).total_seconds() / 60 for earlier, later in zip(moments, moments[1:], strict=False)
    ]
    assert pauses[:5] == [10, 20, 40, 80, 120]
    assert set(pauses[4:]) == {120}


@pytest.mark.parametrize("status", [RequestStatus.RESOLVED, RequestStatus.REJECTED])
async def test_the_end_is_told_once_and_then_nothing_is_asked(
    house: FakeHouse, status: RequestStatus
) -> None:
    decides(house, await send(house), status, "查无此款")
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1
    house.clock.move(days=1)
    assert await follower(house).step() == 0
    [said] = await house.said()
    assert said.startswith(f"utter_request_{status.value} ")
    assert len(house.bureau.looked) == 1


async def test_two_processes_tell_the_end_once(house: FakeHouse) -> None:
    decides(house, await send(house), RequestStatus.RESOLVED)
    house.clock.move(minutes=10)
    async with house.work() as one, house.work() as other:
        [request] = await one.requests.due(house.clock.now())
        await house.requests.follow(one, request)
        await house.requests.follow(other, request)
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert len(await house.said()) == 1


async def test_an_event_of_the_payment_brings_the_question_forward(house: FakeHouse) -> None:
    decides(house, await send(house), RequestStatus.RESOLVED)
    async with house.work() as work:
        work.requests.look_now([SERIAL], house.clock.now())
        await work.commit()
    assert await follower(house).step() == 1


async def test_a_broken_promise_is_apologised_for_once(house: FakeHouse) -> None:
    await send(house)
    told = []
    for _ in range(10):
        house.clock.move(hours=12)
        told.append(await follower(house).step())
    assert sum(told) == 1
    assert (await house.said())[0].startswith("utter_request_late request_id=RR1")


async def test_a_new_promise_of_the_bureau_counts(house: FakeHouse) -> None:
    request_id = await send(house)
    later = house.clock.now() + timedelta(days=6)
    house.bureau.requests[request_id] = replace(house.bureau.requests[request_id], expected_by=later)
    house.clock.move(days=4)
    assert await follower(house).step() == 0
    house.clock.move(days=3)
    assert await follower(house).step() == 1


async def test_at_night_nothing_is_asked_and_in_the_morning_it_is(house: FakeHouse) -> None:
    night = QuietHours(time(21), time(8))
    house.requests = RequestsService(house.bureau, house.clock, house.phrases, house.links, night)
    decides(house, await send(house), RequestStatus.RESOLVED)
    house.clock.move(hours=12)
    assert await follower(house).step() == 0
    assert house.bureau.looked == []
    house.clock.move(hours=10)
    assert await follower(house).step() == 1


async def test_a_bureau_that_is_down_only_delays(house: FakeHouse) -> None:
    decides(house, await send(house), RequestStatus.RESOLVED)
    house.clock.move(minutes=10)
    house.bureau.trouble = [Unavailable("down")]
    assert [await follower(house).step(), await follower(house).step()] == [0, 1]


async def test_one_request_that_cannot_be_read_keeps_nobody_else_waiting(house: FakeHouse) -> None:
    await send(house, "message-1")
    decides(house, await send(house, "message-2", user="berta"), RequestStatus.RESOLVED)
    house.clock.move(minutes=10)
    house.bureau.trouble = [MalformedAnswer("?")]
    assert await follower(house).step() == 1
    assert len(await house.said("berta")) == 1


@pytest.mark.parametrize("trouble", [MalformedAnswer("?"), Unavailable("500")])
async def test_one_payment_that_cannot_be_read_keeps_nobody_else_waiting(
    house: FakeHouse, trouble: Exception
) -> None:
    decides(house, await send(house, "message-1"), RequestStatus.RESOLVED)
    decides(house, await send(house, "message-2", OTHER, user="berta"), RequestStatus.RESOLVED)
    house.bureau.broken = {SERIAL: trouble}
    house.clock.move(minutes=10)
    await follower(house).step()
    assert len(await house.said("berta")) == 1


async def test_a_result_whose_payment_cannot_be_read_is_told_without_its_state(house: FakeHouse) -> None:
    decides(house, await send(house), RequestStatus.RESOLVED)
    house.bureau.broken = {SERIAL: MalformedAnswer("?")}
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1
    assert (await house.said())[0].startswith("utter_request_resolved what= request_id=RR1")


async def test_a_request_that_breaks_its_round_is_put_off(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await send(house, "message-1")
    decides(house, await send(house, "message-2", user="berta"), RequestStatus.RESOLVED)
    real = house.requests.follow

    async def follow(work: UnitOfWork, request: SentRequest) -> list[int]:
        if request.request_id == broken:
            raise MalformedAnswer("?")
        return await real(work, request)

    monkeypatch.setattr(house.requests, "follow", follow)
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1
    async with house.work() as work:
        assert await work.requests.due(house.clock.now()) == []
        assert await work.requests.due(house.clock.now() + timedelta(minutes=10)) != []


async def asks(house: FakeHouse, request_id: str) -> tuple[SentRequest, str]:
    """The resident asks how far it is; what is said of its end."""
    conversation = await house.conversation()
    async with house.work() as work:
        request = await house.requests.find(work, conversation.id, request_id)
        assert request is not None
        seen, result = await house.requests.answer(work, conversation, request)
        await work.commit()
    return seen, result.text if result else ""


@pytest.mark.parametrize("status", [RequestStatus.RESOLVED, RequestStatus.REJECTED])
async def test_who_asks_first_hears_the_whole_result_once_and_it_is_kept(
    house: FakeHouse, status: RequestStatus
) -> None:
    request_id = await send(house)
    decides(house, request_id, status, "姓名不符，310101199003074255")
    seen, result = await asks(house, request_id)
    assert result.startswith(f"utter_request_{status.value} ")
    assert "utter_request_outcome outcome=姓名不符" in result
    house.clock.move(days=1)
    assert await follower(house).step() == 0
    seen, result = await asks(house, request_id)
    assert (seen.status, result) == (status, "")
    assert seen.outcome is not None and seen.outcome.startswith("姓名不符")
    assert "310101199003074255" not in await house.every_value()


async def test_a_result_heard_by_asking_is_not_spent_when_the_payment_cannot_be_looked_up(
    house: FakeHouse,
) -> None:
    request_id = await send(house)
    decides(house, request_id, RequestStatus.RESOLVED, "已补录")
    house.bureau.broken = {SERIAL: Unavailable("down")}
    with pytest.raises(Unavailable):
        await asks(house, request_id)
    house.bureau.broken = {}
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1


async def test_what_the_bureau_wrote_on_a_request_that_is_done_is_quoted(house: FakeHouse) -> None:
    decides(house, await send(house), RequestStatus.RESOLVED, "款项在旧账户，已退回原卡")
    house.clock.move(minutes=10)
    await follower(house).step()
    assert "utter_request_outcome outcome=款项在旧账户，已退回原卡" in (await house.said())[0]


async def test_the_result_of_one_who_blocked_us_waits_until_they_are_back(house: FakeHouse) -> None:
    request_id = await send(house)
    await set_reachable(house, False)
    decides(house, request_id, RequestStatus.REJECTED, "查无此款")
    house.clock.move(days=4)
    assert await follower(house).step() == 0
    async with house.work() as work:
        [kept] = await house.requests.of(work, await house.conversation())
    assert kept.status is RequestStatus.REJECTED
    await set_reachable(house, True)
    house.clock.move(hours=2)
    assert await follower(house).step() == 1
    house.clock.move(days=1)
    assert await follower(house).step() == 0
    [said] = await house.said()
    assert "utter_request_outcome outcome=查无此款" in said


async def test_an_apology_to_one_who_blocked_us_is_not_spent(house: FakeHouse) -> None:
    await send(house)
    await set_reachable(house, False)
    house.clock.move(days=4)
    assert await follower(house).step() == 0
    await set_reachable(house, True)
    house.clock.move(hours=2)
    assert await follower(house).step() == 1


async def set_reachable(house: FakeHouse, reachable: bool) -> None:
    """The resident blocks us, or lets us write again."""
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.set_reachable(conversation.id, reachable)
        await work.commit()


async def test_what_a_watch_is_about_to_tell_is_left_to_it(house: FakeHouse) -> None:
    request_id = await send_and_watch(house)
    house.bureau.change(SERIAL, State.RECONCILED)
    decides(house, request_id, RequestStatus.RESOLVED)
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1
    async with house.work() as work:
        await house.watches.tell(work, house.bureau.payments[SERIAL])
        await work.commit()
    result, news = await house.said()
    assert result.startswith("utter_request_resolved what= request_id=RR1")
    assert "utter_state_reconciled" in news


async def test_who_asks_hears_how_it_stands_even_when_a_watch_is_about_to_tell(house: FakeHouse) -> None:
    request_id = await send_and_watch(house)
    house.bureau.change(SERIAL, State.RECONCILED)
    decides(house, request_id, RequestStatus.RESOLVED)
    _, result = await asks(house, request_id)
    assert "utter_state_reconciled" in result


async def test_who_watched_and_was_told_is_not_told_the_same_again(house: FakeHouse) -> None:
    request_id = await send_and_watch(house)
    decides(house, request_id, RequestStatus.RESOLVED)
    house.clock.move(minutes=10)
    assert await follower(house).step() == 1
    assert (await house.said())[0].startswith("utter_request_resolved what= request_id=RR1")
