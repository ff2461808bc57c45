"""What each repository promises. Runs on PostgreSQL too."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from bot.alerts import AlertKind
from bot.console.model import Account, Role
from bot.errors import Conflict
from bot.messages import Author, Contact, MessageKind, Reply
from bot.notifications.model import DeliveryState
from bot.storage import tables
from bot.storage.ownership import StoredOwnershipAttempts
from bot.tickets.model import HandoffReason, Ticket, TicketNote, TicketStatus
from tests.fakes.house import FakeHouse, message

SERIAL = "4200000925202101284997714292"


async def new_ticket(house: FakeHouse, number: str, user: str = "anna", **changes: object) -> Ticket:
    conversation = await house.conversation(user)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.OVERDUE, number + "000000")
    ticket = dataclasses.replace(opened.ticket, number=number, **changes)  # type: ignore[arg-type]
    async with house.work() as work:
        work.tickets.add(ticket)
        await work.commit()
    return ticket


# Incoming


async def test_what_is_unanswered_is_read_oldest_first_up_to_a_number(house: FakeHouse) -> None:
    first, second, third = [await house.desk.accept(message(str(n))) for n in range(3)]
    await house.desk.accept(message("别人", user="berta"))
    async with house.work() as work:
        found = await work.incoming.unanswered(first.conversation_id, limit=2)
        assert [one.id for one in found] == [first.id, second.id]
        work.incoming.mark_answered(first.id, "0", house.clock.now())
        await work.commit()
        found = await work.incoming.unanswered(first.conversation_id, limit=2)
        assert [one.id for one in found] == [second.id, third.id]


async def test_what_was_left_over_is_read_in_pages(house: FakeHouse) -> None:
    accepted = [await house.desk.accept(message(str(n), user=f"r{n}")) for n in range(5)]
    async with house.work() as work:
        first = await work.incoming.left_over(house.clock.now(), limit=2)
        rest = await work.incoming.left_over(house.clock.now(), after_id=first[-1].id)
        earlier = await work.incoming.left_over(house.clock.now() - timedelta(seconds=1))
    assert [one.id for one in first + rest] == [one.id for one in accepted]
    assert earlier == []


async def test_a_message_is_marked_answered_once(house: FakeHouse) -> None:
    accepted = await house.desk.accept(message("你好"))
    async with house.work() as one, house.work() as other:
        one.incoming.mark_answered(accepted.id, "你好", house.clock.now())
        other.incoming.mark_answered(accepted.id, "你好", house.clock.now())
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()


async def test_a_channels_message_id_is_stored_once(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        for _ in range(2):
            work.incoming.add(
                conversation.id, Contact("telegram", "anna"), "7", MessageKind.TEXT, b"x", house.clock.now()
            )
        with pytest.raises(Conflict):
            await work.commit()
    assert await house.count(tables.incoming) == 0


# Outbox


async def say(house: FakeHouse, user: str, *texts: str, channel: str = "telegram") -> None:
    conversation = await house.conversation(user, channel)
    async with house.work() as work:
        for text in texts:
            work.lines.add(conversation, Reply(text), house.clock.now())
        await work.commit()


async def heads(house: FakeHouse) -> list[str]:
    async with house.work() as work:
        return [delivery.line.text for delivery in await work.outbox.heads(house.clock.now())]


async def test_only_the_oldest_line_of_each_conversation_is_on_its_way(house: FakeHouse) -> None:
    await say(house, "anna", "甲1", "甲2")
    await say(house, "berta", "乙1")
    assert await heads(house) == ["甲1", "乙1"]
    async with house.work() as work:
        first = (await work.outbox.heads(house.clock.now()))[0]
        work.outbox.mark_sent(first.id, house.clock.now())
        await work.commit()
    assert await heads(house) == ["甲2", "乙1"]


async def test_a_postponed_line_holds_back_its_own_conversation_only(house: FakeHouse) -> None:
    await say(house, "anna", "甲1", "甲2")
    await say(house, "berta", "乙1")
    async with house.work() as work:
        first = (await work.outbox.heads(house.clock.now()))[0]
        work.outbox.postpone(first, house.clock.now() + timedelta(minutes=1), "x" * 500)
        await work.commit()
    assert await heads(house) == ["乙1"]
    house.clock.move(minutes=1)
    async with house.work() as work:
        again = (await work.outbox.heads(house.clock.now()))[0]
    assert (again.line.text, again.attempts, len(again.last_error)) == ("甲1", 1, 200)


async def test_a_dead_line_lets_the_next_one_pass_and_may_be_sent_again(house: FakeHouse) -> None:
    await say(house, "anna", "甲1", "甲2")
    async with house.work() as work:
        first = (await work.outbox.heads(house.clock.now()))[0]
        work.outbox.mark_dead(first.id, "blocked")
        await work.commit()
        assert await heads(house) == ["甲2"]
        dead = await work.outbox.dead()
        assert [(one.line.text, one.state) for one in dead] == [("甲1", DeliveryState.DEAD)]
        work.outbox.send_again(first.id, house.clock.now())
        await work.commit()
    assert await heads(house) == ["甲1"]


async def test_a_line_that_is_sent_again_is_in_the_queue_since_then(house: FakeHouse) -> None:
    await say(house, "anna", "甲1")
    made = house.clock.now()
    async with house.work() as work:
        [first] = await work.outbox.heads(made)
        assert (first.created_at, first.queued_at) == (made, made)
        work.outbox.mark_dead(first.id, "down")
        await work.commit()
        house.clock.move(hours=50)
        work.outbox.send_again(first.id, house.clock.now())
        await work.commit()
        [again] = await work.outbox.heads(house.clock.now())
    assert (again.created_at, again.queued_at) == (made, house.clock.now())


async def test_a_line_on_its_way_again_is_not_put_back_once_more(house: FakeHouse) -> None:
    """Two supervisors press the same button: the resident must not get the line twice."""
    await say(house, "anna", "甲1")
    async with house.work() as work:
        first = (await work.outbox.heads(house.clock.now()))[0]
        work.outbox.mark_dead(first.id, "blocked")
        await work.commit()
        work.outbox.send_again(first.id, house.clock.now())
        await work.commit()
        work.outbox.mark_sent(first.id, house.clock.now())
        await work.commit()
    async with house.work() as work:
        work.outbox.send_again(first.id, house.clock.now())
        with pytest.raises(Conflict):
            await work.commit()
    assert await heads(house) == []


async def test_channels_that_fetch_and_residents_own_words_are_not_sent(house: FakeHouse) -> None:
    await say(house, "anna", "看得到", channel="web")
    conversation = await house.conversation("berta")
    async with house.work() as work:
        work.lines.add(conversation, Reply("我说的", author=Author.RESIDENT), house.clock.now())
        await work.commit()
    assert await house.count(tables.outbox) == 0


# Tickets


async def test_a_unit_of_work_reads_the_tickets_it_staged(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.OVERDUE, SERIAL)
        number = opened.ticket.number
        assert await work.tickets.get(number) == opened.ticket
        resolved = work.tickets.save(dataclasses.replace(opened.ticket, status=TicketStatus.RESOLVED))
        assert await work.tickets.of_conversation(conversation.id) == [resolved]
        assert await work.tickets.live_of(conversation.id) == []
        await work.commit()
    async with house.work() as work:
        assert await work.tickets.get(number) == resolved


async def test_a_taken_ticket_number_is_a_conflict(house: FakeHouse) -> None:
    await new_ticket(house, "GD1")
    with pytest.raises(Conflict):
        await new_ticket(house, "GD1", user="berta")


async def test_tickets_are_listed_by_due_time_status_and_words(house: FakeHouse) -> None:
    now = house.clock.now()
    for number, minutes, status in (
        ("GD30", 3, TicketStatus.NEW),
        ("GD10", 1, TicketStatus.OPEN),
        ("GD20", 2, TicketStatus.RESOLVED),
    ):
        due = now + timedelta(minutes=minutes)
        await new_ticket(house, number, due_at=due, status=status, serial_number=f"{number}_abc%")
    async with house.work() as work:
        everything = await work.tickets.list()
        assert [ticket.number for ticket in everything] == ["GD10", "GD20", "GD30"]
        assert [t.number for t in await work.tickets.list(limit=1, offset=1)] == ["GD20"]
        live = (TicketStatus.NEW, TicketStatus.OPEN)
        assert [t.number for t in await work.tickets.list(live)] == ["GD10", "GD30"]
        assert [t.number for t in await work.tickets.list(words="gd2")] == ["GD20"]
        assert [t.number for t in await work.tickets.list(words="30_ABC")] == ["GD30"]
        assert await work.tickets.list(words="30%abc") == []
        assert await work.tickets.count(words="%") == 3
        assert await work.tickets.count(words="_") == 3
        assert await work.tickets.count(words="a_c") == 0
        assert await work.tickets.count(live) == 2


async def test_a_tickets_log_is_read_oldest_first(house: FakeHouse) -> None:
    await new_ticket(house, "GD1")
    note = TicketNote("GD1", house.clock.now(), "li", "rated", "好", {"stars": "5"})
    async with house.work() as work:
        work.tickets.note(dataclasses.replace(note, action="seen", data={}))
        work.tickets.note(note)
        await work.commit()
        assert [entry.action for entry in await work.tickets.log("GD1")] == ["seen", "rated"]
        assert (await work.tickets.log("GD1"))[1] == note


# Watches


async def test_a_watch_told_meanwhile_is_a_conflict(house: FakeHouse) -> None:
    conversation = await house.conversation()
    now = house.clock.now()
    async with house.work() as work:
        work.watches.add(conversation.id, SERIAL, "unreconciled", "", now, now + timedelta(days=1))
        await work.commit()
        watch = await work.watches.find(conversation.id, SERIAL)
    assert watch is not None
    for changes in ({"state": "paused"}, {"reason": "amount_mismatch"}, {"active": False}):
        async with house.work() as one, house.work() as other:
            one.watches.update(watch, **changes)
            other.watches.update(watch, **changes)
            await one.commit()
            with pytest.raises(Conflict):
                await other.commit()
        watch = dataclasses.replace(watch, **changes)  # type: ignore[arg-type]
    async with house.work() as work:
        assert await work.watches.active() == []
        assert await work.watches.on(SERIAL) == []
        ended = await work.watches.find(conversation.id, SERIAL)
    assert ended == watch


async def test_a_conversation_watches_a_payment_once(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        for _ in range(2):
            work.watches.add(conversation.id, SERIAL, "x", "", house.clock.now(), house.clock.now())
        with pytest.raises(Conflict):
            await work.commit()


# The rest


async def test_a_bookmark_is_moved(house: FakeHouse) -> None:
    async with house.work() as work:
        assert await work.bookmarks.get("events") is None
        for value in ("1", "2" * 1000):
            work.bookmarks.set("events", value)
            await work.commit()
            assert await work.bookmarks.get("events") == value


async def test_wrong_tries_are_counted_by_contact_and_by_number(house: FakeHouse) -> None:
    attempts, now = StoredOwnershipAttempts(house.work), house.clock.now()
    for contact, serial, minutes in (("c1", "s1", 3), ("c1", "s2", 1), ("c2", "s1", 2)):
        await attempts.record_failure(contact, (serial,), now - timedelta(minutes=minutes))
    by_contact, by_serial = await attempts.failures_since("c1", "s1", now - timedelta(minutes=5))
    assert by_contact == [now - timedelta(minutes=3), now - timedelta(minutes=1)]
    assert by_serial == [now - timedelta(minutes=3), now - timedelta(minutes=2)]
    recent, _ = await attempts.failures_since("c1", "s1", now - timedelta(minutes=2))
    assert recent == [now - timedelta(minutes=1)]


async def test_a_try_under_two_names_is_one_of_the_contact_and_one_of_each_name(house: FakeHouse) -> None:
    attempts, now = StoredOwnershipAttempts(house.work), house.clock.now()
    await attempts.record_failure("c1", ("notice", "serial"), now)
    for serial in ("notice", "serial"):
        by_contact, by_serial = await attempts.failures_since("c1", serial, now)
        assert (len(by_contact), len(by_serial)) == (1, 1)
    await attempts.record_failure("c1", ("serial",), now)
    assert await attempts.breadth_since("c1", "serial", now) == (2, 1)


async def test_enumeration_is_brought_to_a_supervisor_once_a_day(house: FakeHouse) -> None:
    attempts, day = StoredOwnershipAttempts(house.work), timedelta(days=1)
    for hours in (0, 1, 24):
        house.clock.move(hours=hours)
        now = house.clock.now()
        await attempts.alarm("web:7", now - day, now, {"numbers": "4"})
    async with house.work() as work:
        alerts = await work.alerts.list()
    assert [(alert.kind, alert.subject, alert.data) for alert in alerts] == [
        (AlertKind.ENUMERATION, "web:7", {"numbers": "4"})
    ] * 2


async def test_an_account_is_stored_once_and_changed(house: FakeHouse) -> None:
    account = Account(0, "li", "李师傅", "hash", Role.AGENT, True, 0, None, 0, house.clock.now())
    async with house.work() as work:
        work.agents.add(account)
        await work.commit()
        stored = await work.agents.by_name("li")
        assert stored is not None
        assert dataclasses.replace(stored, id=0) == account
        work.agents.update(stored, failed_logins=3)
        work.agents.record("li", "login_failed", "li", house.clock.now())
        await work.commit()
        assert (await work.agents.get(stored.id)) == dataclasses.replace(stored, failed_logins=3)
        assert [one.name for one in await work.agents.all()] == ["li"]
        work.agents.add(account)
        with pytest.raises(Conflict):
            await work.commit()
        assert await work.agents.by_name("nobody") is None


async def test_a_misunderstanding_waits_for_its_label(house: FakeHouse) -> None:
    async with house.work() as work:
        work.misunderstandings.add("怪话", "greet", "thanks", 0.3, "below_threshold", house.clock.now())
        await work.commit()
        (found,) = await work.misunderstandings.unlabelled()
        work.misunderstandings.label(found.id, "faq_refund", "li")
        await work.commit()
        assert await work.misunderstandings.unlabelled() == []
        labelled = await work.misunderstandings.get(found.id)
    assert labelled == dataclasses.replace(found, label="faq_refund", labelled_by="li")
