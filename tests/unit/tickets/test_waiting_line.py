"""The place in line and how long it takes, from what others waited. Runs on PostgreSQL too."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import SHANGHAI
from bot.tickets.model import HandoffReason, Priority
from bot.tickets.service import Opened
from bot.tickets.waiting_line import Expected, Place
from bot.tickets.wording import place_words
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, WANG, do, opened, stored


async def answered_after(house: FakeHouse, user: str, agent: tuple[str, str] = LI, **waited: float) -> None:
    number = (await opened(house, user=user)).ticket.number
    house.clock.move(**waited)
    await do(house, house.casework.reply, number, *agent, "您好")


async def answered(house: FakeHouse, *minutes: float, agent: tuple[str, str] = LI) -> None:
    for number, waited in enumerate(minutes):
        await answered_after(house, f"{agent[0]}-{number}", agent, minutes=waited)


async def place_of(house: FakeHouse, one: Opened) -> Place:
    async with house.work() as work:
        return await house.tickets.place_of(work, await stored(house, one.ticket.number))


def minutes(expected: Expected | None) -> tuple[int, int] | None:
    return expected and (expected.shortest.seconds // 60, expected.longest.seconds // 60)


# Places


async def test_the_more_urgent_and_the_sooner_promised_are_ahead(house: FakeHouse) -> None:
    normal = await opened(house, user="anna")
    house.clock.move(minutes=1)
    low = await opened(house, reason=HandoffReason.OUTAGE, user="berta")
    house.clock.move(minutes=1)
    high = await opened(house, reason=HandoffReason.COMPLAINT, user="clara")
    assert [(await place_of(house, one)).ahead for one in (normal, low, high)] == [1, 2, 0]


async def test_nobody_is_ahead_of_themselves_and_a_person_counts_once(house: FakeHouse) -> None:
    await opened(house, "4200000925202101284997714292", user="anna")
    house.clock.move(minutes=1)
    await opened(house, "2017071221001004660224927787", user="anna")
    house.clock.move(minutes=1)
    assert (await opened(house, user="berta")).ahead == 1
    assert (await opened(house, "20201128110012345671", user="anna")).ahead == 0


async def test_tickets_opened_at_night_stand_in_the_order_of_opening(house: FakeHouse) -> None:
    house.clock.at = datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI)
    first = await opened(house, user="anna")
    house.clock.move(hours=2)
    second = await opened(house, user="berta")
    assert first.ticket.due_at == second.ticket.due_at
    assert (first.ahead, second.ahead) == (0, 1)
    assert second.opens_at == datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)


async def test_who_was_put_aside_is_not_ahead_until_awake(house: FakeHouse) -> None:
    first = await opened(house, user="anna")
    await do(house, house.casework.snooze, first.ticket.number, "li", MONDAY_TEN + timedelta(hours=1))
    house.clock.move(minutes=1)
    second = await opened(house, user="berta")
    assert second.ahead == 0
    house.clock.move(hours=1)
    assert (await place_of(house, second)).ahead == 1


# Expected times


async def test_with_few_waits_to_judge_by_nothing_is_said_about_time(house: FakeHouse) -> None:
    await answered(house, 5, 5, 5, 5)
    assert (await opened(house)).place.expected is None


async def test_the_range_is_from_the_middle_to_the_slow_wait_in_full_five_minutes(house: FakeHouse) -> None:
    await answered(house, 4, 22, 7, 12, 11)
    assert minutes((await opened(house)).place.expected) == (10, 15)


async def test_each_place_ahead_takes_its_time(house: FakeHouse) -> None:
    await answered(house, 10, 10, 10, 10, 10)
    await opened(house, user="anna")
    house.clock.move(minutes=1)
    await opened(house, user="berta")
    house.clock.move(minutes=1)
    assert minutes((await opened(house, user="clara")).place.expected) == (30, 30)


async def test_who_waited_behind_others_waited_less_for_each(house: FakeHouse) -> None:
    numbers = []
    for user in ("a", "b", "c", "d", "e"):
        numbers.append((await opened(house, user=user)).ticket.number)
        house.clock.move(seconds=1)
    for number in numbers:
        house.clock.move(minutes=10)
        await do(house, house.casework.reply, number, *LI, "您好")
    assert minutes((await opened(house)).place.expected) == (10, 10)


async def test_a_night_is_no_waiting_time(house: FakeHouse) -> None:
    house.clock.at = datetime(2026, 11, 23, 17, 25, tzinfo=SHANGHAI)
    for user in ("a", "b", "c", "d", "e"):
        await opened(house, user=user)
    house.clock.at = datetime(2026, 11, 24, 9, 5, tzinfo=SHANGHAI)
    async with house.work() as work:
        waiting = await work.tickets.list()
    for ticket in waiting:
        await do(house, house.casework.reply, ticket.number, *LI, "您好")
    expected = (await opened(house)).place.expected
    assert expected is not None
    assert expected.longest <= timedelta(minutes=15)


async def test_with_fewer_agents_than_usual_it_takes_longer(house: FakeHouse) -> None:
    for number in range(3):
        for agent in (LI, WANG):
            await answered_after(house, f"{agent[0]}-{number}", agent, minutes=4)
    assert minutes((await opened(house, user="anna")).place.expected) == (0, 5)
    house.clock.move(minutes=61)
    await answered_after(house, "late", LI, minutes=4)
    async with house.work() as work:
        place = await house.tickets.place_of(work, (await opened(house, user="berta")).ticket)
    assert place.ahead == 1
    assert minutes(place.expected) == (15, 15)  # two places of four minutes, with one of two agents


async def test_when_nobody_answers_nobody_can_say_when(house: FakeHouse) -> None:
    await answered(house, 5, 5, 5, 5, 5)
    house.clock.move(minutes=61)
    assert (await opened(house)).place.expected is None


async def test_after_hours_the_time_counts_from_the_opening(house: FakeHouse) -> None:
    await answered(house, 10, 10, 10, 10, 10)
    house.clock.at = datetime(2026, 11, 23, 20, 0, tzinfo=SHANGHAI)
    expected = (await opened(house)).place.expected
    assert expected is not None
    assert expected.earliest == expected.latest == datetime(2026, 11, 24, 9, 10, tzinfo=SHANGHAI)


async def test_own_priority_is_judged_by_its_own_waits_when_there_are_enough(house: FakeHouse) -> None:
    for user in ("a", "b", "c", "d", "e"):
        number = (await opened(house, reason=HandoffReason.COMPLAINT, user=user)).ticket.number
        house.clock.move(minutes=5)
        await do(house, house.casework.reply, number, *LI, "您好")
    await answered(house, 50, 50, 50, 50, 50)
    urgent = await opened(house, reason=HandoffReason.COMPLAINT, user="anna")
    assert urgent.ticket.priority is Priority.HIGH
    assert minutes(urgent.place.expected) == (5, 5)
    assert minutes((await opened(house, user="berta")).place.expected) == (100, 100)


async def test_old_waits_and_cases_taken_up_again_are_no_measure(house: FakeHouse) -> None:
    await answered(house, 5, 5, 5, 5)
    number = (await opened(house, user="anna")).ticket.number
    conversation = await house.conversation("anna")
    async with house.work() as work:
        await house.tickets.leave(work, conversation)
        await work.commit()
    house.clock.move(hours=3)
    again = await opened(house, user="anna")
    assert again.ticket.number == number
    await do(house, house.casework.reply, number, *LI, "您好")
    assert (await opened(house, user="berta")).place.expected is None
    await answered_after(house, "fifth", minutes=5)
    assert (await opened(house, user="clara")).place.expected is not None
    house.clock.move(days=15)
    assert (await opened(house, user="dora")).place.expected is None


# Words


async def test_a_late_ticket_is_apologised_for_before_anything_is_promised_anew(house: FakeHouse) -> None:
    one = await opened(house)
    house.clock.move(hours=3)
    words = place_words(one.ticket, await place_of(house, one), house.clock.at, house.phrases, "zh")
    assert words == "utter_line_firstutter_wait_late"


async def test_a_wait_of_hours_is_told_by_the_clock(house: FakeHouse) -> None:
    one = await opened(house)
    now = house.clock.at
    long = Expected(
        timedelta(hours=1), timedelta(hours=3), now + timedelta(hours=1), now + timedelta(hours=3)
    )
    words = place_words(one.ticket, Place(2, long), now, house.phrases, "zh")
    assert "utter_line_ahead ahead=2" in words
    assert "utter_wait_between " in words


async def test_an_estimate_later_than_the_promise_hides_the_promise(house: FakeHouse) -> None:
    one = await opened(house)
    now = house.clock.at
    span = Expected(timedelta(), timedelta(minutes=100), now, now + timedelta(minutes=100))
    words = place_words(one.ticket, Place(0, span), now, house.phrases, "zh")
    assert "utter_wait_span_promise " in words
    now += timedelta(minutes=30)
    span = Expected(timedelta(), timedelta(minutes=100), now, now + timedelta(minutes=100))
    words = place_words(one.ticket, Place(0, span), now, house.phrases, "zh")
    assert "utter_wait_span " in words


async def test_another_system_is_no_agent_at_work(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as work:
        await house.casework.note(work, number, "api:zammad", "synced")
        await work.commit()
        assert await work.queue.agents_at_work(house.clock.at - timedelta(hours=1)) == 0
        await house.casework.note(work, number, "li", "看过了")
        await work.commit()
        assert await work.queue.agents_at_work(house.clock.at - timedelta(hours=1)) == 1
