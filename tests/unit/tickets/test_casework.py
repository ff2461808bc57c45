"""What agents do with a case. Runs on PostgreSQL too (tests/integration)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Conflict, InvalidInput, NotFound
from bot.messages import Author, Button, ConversationStatus
from bot.tickets.model import Cause, HandoffReason, Priority, Ticket, TicketStatus
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, WANG, actions, do, opened, stored

# Agents at once


async def test_of_two_agents_who_claim_at_once_one_gets_the_ticket(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.claim(one, number, "li")
        await house.casework.claim(other, number, "wang")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert (await stored(house, number)).assignee == "li"
    assert await actions(house, number) == [("bot", "opened"), ("li", "claimed")]


async def test_of_two_agents_who_reply_at_once_one_is_heard(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.reply(one, number, *LI, "我来")
        await house.casework.reply(other, number, *WANG, "我来吧")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert await house.said() == ["utter_agent_joined name=李师傅", "我来"]


async def test_agents_on_two_tickets_of_one_resident_do_not_both_join_at_once(house: FakeHouse) -> None:
    one_number = (await opened(house, SERIAL)).ticket.number
    other_number = (await opened(house, OTHER_SERIAL)).ticket.number
    async with house.work() as one, house.work() as other:
        await house.casework.reply(one, one_number, *LI, "我来")
        await house.casework.reply(other, other_number, *WANG, "我来吧")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()


async def test_a_ticket_saved_from_a_stale_reading_is_a_conflict(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    stale = await stored(house, number)
    await do(house, house.casework.claim, number, "li")
    async with house.work() as work:
        work.tickets.save(stale)
        with pytest.raises(Conflict):
            await work.commit()


# Answering


async def test_the_first_reply_takes_over_and_says_so_once(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    ticket = await do(house, house.casework.reply, number, *LI, "  您好，\n请稍等  ")
    await do(house, house.casework.reply, number, *LI, "查到了")
    assert await house.transcript() == [
        (Author.SYSTEM, "utter_agent_joined name=李师傅"),
        (Author.AGENT, "您好，\n请稍等"),
        (Author.AGENT, "查到了"),
    ]
    assert (ticket.status, ticket.assignee) == (TicketStatus.WAITING, "li")
    conversation = await house.conversation()
    assert conversation.status is ConversationStatus.WITH_AGENT
    assert conversation.offered == ()


@pytest.mark.parametrize(
    ("text", "code"), [("  \n ", "empty_reply"), ("\x00", "empty_reply"), ("长" * 2001, "reply_too_long")]
)
async def test_a_reply_that_cannot_be_sent_is_refused(house: FakeHouse, text: str, code: str) -> None:
    number = (await opened(house)).ticket.number
    with pytest.raises(InvalidInput) as refused:
        await do(house, house.casework.reply, number, *LI, text)
    assert refused.value.code == code
    assert await house.said() == []


async def test_who_helps_out_does_not_take_the_ticket(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.claim, number, "li")
    assert (await do(house, house.casework.reply, number, *WANG, "我补充一句")).assignee == "li"
    until = house.clock.at + timedelta(hours=1)
    assert (await do(house, house.casework.snooze, number, "wang", until)).assignee == "li"
    assert (await actions(house, number))[-2:] == [("wang", "replied"), ("wang", "snoozed")]


async def test_who_answers_a_ticket_that_nobody_has_takes_it(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    assert (await do(house, house.casework.reply, number, *WANG, "您好")).assignee == "wang"


@pytest.mark.parametrize("action", ["reply", "claim"])
async def test_a_resolved_ticket_is_neither_answered_nor_claimed(house: FakeHouse, action: str) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    arguments = (number, *LI, "还有") if action == "reply" else (number, "li")
    with pytest.raises(InvalidInput) as refused:
        await do(house, getattr(house.casework, action), *arguments)
    assert refused.value.code == "already_resolved"


async def test_a_ticket_passed_on_still_waits_and_is_nobody_elses_to_claim(
    house: FakeHouse,
) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "请发凭证")
    ticket = await do(house, house.casework.assign, number, "li", "wang")
    assert (ticket.status, ticket.assignee) == (TicketStatus.WAITING, "wang")
    with pytest.raises(InvalidInput) as refused:
        await do(house, house.casework.claim, number, "li")
    assert refused.value.code == "already_claimed"


@pytest.mark.parametrize("action", ["claim", "hand_back", "resolve", "reopen"])
async def test_a_ticket_that_does_not_exist_is_not_found(house: FakeHouse, action: str) -> None:
    with pytest.raises(NotFound):
        await do(house, getattr(house.casework, action), "GD000000000000", "li")


# Handing back and ending


async def test_handing_back_tells_the_resident_once_and_keeps_the_ticket_open(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    await do(house, house.casework.hand_back, number, "li")
    assert (await house.said()).count("utter_handed_back") == 1
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert (await stored(house, number)).status.is_live


async def test_resolving_one_of_two_served_tickets_does_not_bring_the_bot_back(
    house: FakeHouse,
) -> None:
    one = (await opened(house, SERIAL)).ticket.number
    other = (await opened(house, OTHER_SERIAL)).ticket.number
    await do(house, house.casework.reply, one, *LI, "您好")
    await do(house, house.casework.reply, other, *WANG, "您好")
    await do(house, house.casework.resolve, one, "li")
    assert (await house.said())[-1] == f"utter_ticket_resolved_served number={one}"
    assert (await house.conversation()).status is ConversationStatus.WITH_AGENT
    await do(house, house.casework.resolve, other, "wang")
    assert f"utter_ticket_resolved number={other}" in await house.said()


async def test_a_ticket_that_was_left_and_taken_up_again_is_left_no_more(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as work:
        await house.tickets.leave(work, await house.conversation())
        await work.commit()
    assert (await stored(house, number)).cause is Cause.LEFT
    assert (await do(house, house.casework.reopen, number, "li")).cause is None


async def test_resolving_tells_the_resident_once_and_returns_to_the_bot(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    house.clock.move(minutes=5)
    ticket = await do(house, house.casework.resolve, number, "li", "已补对账\x00" + "长" * 2100)
    await do(house, house.casework.resolve, number, "li")
    assert (ticket.status, ticket.resolved_at) == (TicketStatus.RESOLVED, house.clock.at)
    assert (await house.said()).count(f"utter_ticket_resolved number={number}") == 1
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    async with house.work() as work:
        note = (await work.tickets.log(number))[-1]
    assert (note.action, note.note[:4], len(note.note)) == ("resolved", "已补对账", 2000)


async def test_an_agent_reopens_a_resolved_ticket(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    ticket = await do(house, house.casework.reopen, number, "li")
    assert (ticket.status, ticket.resolved_at) == (TicketStatus.OPEN, None)
    assert (await house.said())[-1] == f"utter_ticket_reopened number={number}"
    with pytest.raises(InvalidInput):
        await do(house, house.casework.reopen, number, "li")


async def test_buttons_of_a_notice_are_offered(house: FakeHouse) -> None:
    buttons = (Button("我的工单", "/ticket_status"),)
    house.phrases.buttons = {"utter_handed_back": buttons}
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.hand_back, number, "li")
    assert (await house.conversation()).offered == buttons


async def number_of(house: FakeHouse, serial: str | None = None, **values: HandoffReason) -> str:
    return (await opened(house, serial, **values)).ticket.number


async def refused(house: FakeHouse, action: str, *arguments: object) -> str:
    """The code with which an action of an agent's is refused."""
    with pytest.raises(InvalidInput) as error:
        await do(house, getattr(house.casework, action), *arguments)
    return error.value.code


async def last_entry(house: FakeHouse, number: str) -> tuple[str, str, str, dict[str, str]]:
    async with house.work() as work:
        entry = (await work.tickets.log(number))[-1]
    return entry.actor, entry.action, entry.note, dict(entry.data)


async def tags(house: FakeHouse, number: str) -> list[str]:
    async with house.work() as work:
        return (await work.tickets.tags_of([number])).get(number, [])


async def status(house: FakeHouse) -> ConversationStatus:
    return (await house.conversation()).status


async def two_tickets(house: FakeHouse) -> tuple[str, str]:
    """Two troubles of one resident, who was promised a person for both."""
    numbers = await number_of(house, SERIAL), await number_of(house, OTHER_SERIAL)
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.update(conversation, status=ConversationStatus.WAITING_FOR_AGENT)
        await work.commit()
    return numbers


# Passing on


async def test_a_transfer_says_why_and_from_whom(house: FakeHouse) -> None:
    number = await number_of(house)
    await do(house, house.casework.claim, number, "li")
    ticket = await do(house, house.casework.assign, number, "li", "wang", " 银行那边他熟 ")
    assert (ticket.assignee, ticket.status) == ("wang", TicketStatus.OPEN)
    assert await last_entry(house, number) == ("li", "assigned", "银行那边他熟", {"to": "wang", "from": "li"})
    assert await refused(house, "assign", number, "li", "wang") == "same_assignee"


async def test_a_ticket_put_back_is_anybodys_and_its_resident_still_with_a_person(house: FakeHouse) -> None:
    number = await number_of(house)
    await do(house, house.casework.reply, number, *LI, "您好")
    ticket = await do(house, house.casework.assign, number, "li", None)
    assert (ticket.assignee, ticket.serving) == (None, True)
    assert await status(house) is ConversationStatus.WITH_AGENT
    assert (await last_entry(house, number))[1] == "unassigned"
    assert (await do(house, house.casework.claim, number, "wang")).assignee == "wang"


# Notes and tags


async def test_a_note_is_kept_and_never_sent(house: FakeHouse) -> None:
    number = await number_of(house)
    before = await stored(house, number)
    await do(house, house.casework.note, number, "li", "  银行说下午补\x00  ")
    assert await last_entry(house, number) == ("li", "noted", "银行说下午补", {})
    assert await stored(house, number) == before
    assert await house.transcript() == []
    assert "银行说" not in str(await house.said())


@pytest.mark.parametrize(("text", "code"), [(" \n", "empty_note"), ("长" * 2001, "note_too_long")])
async def test_a_note_that_says_nothing_or_too_much_is_refused(
    house: FakeHouse, text: str, code: str
) -> None:
    assert await refused(house, "note", await number_of(house), "li", text) == code


async def test_a_resolved_ticket_can_still_be_noted_and_tagged(house: FakeHouse) -> None:
    number = await number_of(house)
    await do(house, house.casework.resolve, number, "li")
    await do(house, house.casework.note, number, "li", "事后补记")
    await do(house, house.casework.tag, number, "li", "掉单")
    assert await tags(house, number) == ["掉单"]


async def test_a_tag_is_put_on_and_taken_off_once(house: FakeHouse) -> None:
    number = await number_of(house)
    for _ in range(2):
        await do(house, house.casework.tag, number, "li", " VIP-1 ")
    assert await tags(house, number) == ["vip-1"]
    for _ in range(2):
        await do(house, house.casework.untag, number, "wang", "vip-1")
    assert await tags(house, number) == []
    assert (await actions(house, number))[1:] == [("li", "tagged"), ("wang", "untagged")]


@pytest.mark.parametrize("tag", ["", "两 个", "a,b", "长" * 33, "<b>"])
async def test_what_cannot_be_a_tag_is_refused(house: FakeHouse, tag: str) -> None:
    assert await refused(house, "tag", await number_of(house), "li", tag) == "bad_tag"


async def test_a_ticket_has_only_so_many_tags(house: FakeHouse) -> None:
    number = await number_of(house)
    for place in range(12):
        await do(house, house.casework.tag, number, "li", f"t{place}")
    assert await refused(house, "tag", number, "li", "one-more") == "too_many_tags"


# Putting aside


async def test_a_snoozed_ticket_rests_until_its_moment(house: FakeHouse) -> None:
    number = await number_of(house)
    until = house.clock.at + timedelta(hours=1)
    ticket = await do(house, house.casework.snooze, number, "li", until)
    assert (ticket.snoozed_until, ticket.assignee) == (until, "li")
    assert await last_entry(house, number) == ("li", "snoozed", "", {"until": until.isoformat()})
    async with house.work() as work:
        assert await work.tickets.snoozed(until - timedelta(seconds=1)) == []
        assert [one.number for one in await work.tickets.snoozed(until)] == [number]
    assert (await do(house, house.casework.wake, number)).snoozed_until is None
    assert (await last_entry(house, number))[:2] == ("desk", "woken")
    await do(house, house.casework.wake, number)
    assert (await actions(house, number)).count(("desk", "woken")) == 1


@pytest.mark.parametrize("hours", [0, -1, 30 * 24 + 1])
async def test_a_ticket_rests_neither_into_the_past_nor_for_ever(house: FakeHouse, hours: int) -> None:
    until = house.clock.at + timedelta(hours=hours)
    assert await refused(house, "snooze", await number_of(house), "li", until) == "bad_moment"


async def test_the_residents_message_and_an_agents_reply_wake_it(house: FakeHouse) -> None:
    number = await number_of(house)
    for wakes in ("resident", "agent"):
        await do(house, house.casework.snooze, number, "li", house.clock.at + timedelta(hours=1))
        if wakes == "agent":
            await do(house, house.casework.reply, number, *LI, "您好")
        else:
            conversation = await house.conversation()
            async with house.work() as work:
                await house.tickets.served.resident_wrote(work, conversation)
                await work.commit()
        assert (await stored(house, number)).snoozed_until is None, wakes


# Doubles


async def test_a_double_ends_in_the_ticket_that_stays(house: FakeHouse) -> None:
    kept, double = await two_tickets(house)
    await do(house, house.casework.reply, double, *WANG, "您好")
    await do(house, house.casework.tag, double, "wang", "银行")
    house.clock.move(minutes=5)
    ticket = await do(house, house.casework.merge, double, kept, "li")
    ended = await stored(house, double)
    assert (ended.status, ended.merged_into, ended.serving) == (TicketStatus.CLOSED, kept, False)
    assert (ticket.number, ticket.assignee, ticket.serving, ticket.contacts) == (kept, "wang", True, 2)
    assert ticket.first_replied_at == ended.first_replied_at
    assert await tags(house, kept) == ["银行"]
    assert await status(house) is ConversationStatus.WITH_AGENT
    assert (await house.said())[-1] == f"utter_ticket_merged number={double} into={kept}"
    assert (await last_entry(house, double))[1:] == ("merged", "", {"into": kept})
    assert (await last_entry(house, kept))[1:] == ("merged_from", "", {"from": double})


async def test_what_stays_is_as_urgent_as_the_more_urgent_one(house: FakeHouse) -> None:
    kept = await number_of(house, SERIAL, reason=HandoffReason.OUTAGE)
    double = await number_of(house, OTHER_SERIAL, reason=HandoffReason.COMPLAINT)
    ticket = await do(house, house.casework.merge, double, kept, "li")
    assert ticket.priority is Priority.HIGH
    assert ticket.serial_number == SERIAL
    assert ticket.due_at == min((await stored(house, double)).due_at, ticket.due_at)


async def test_only_live_tickets_of_one_resident_are_merged(house: FakeHouse) -> None:
    one, other = await two_tickets(house)
    foreign = (await opened(house, SERIAL, user="berta")).ticket.number
    assert await refused(house, "merge", one, one, "li") == "merge_with_itself"
    assert await refused(house, "merge", foreign, one, "li") == "merge_other_contact"
    await do(house, house.casework.resolve, other, "li")
    assert await refused(house, "merge", other, one, "li") == "already_resolved"
    assert await refused(house, "merge", one, other, "li") == "already_resolved"


async def test_a_merged_ticket_is_not_reopened(house: FakeHouse) -> None:
    kept, double = await two_tickets(house)
    await do(house, house.casework.merge, double, kept, "li")
    assert await refused(house, "reopen", double, "li") == "merged"


# The cause


async def test_a_case_ends_with_its_cause(house: FakeHouse) -> None:
    number = await number_of(house)
    ticket = await do(house, house.casework.resolve, number, "li", "已补通知", Cause.CALLBACK_LOST)
    assert ticket.cause is Cause.CALLBACK_LOST
    actor, action, note, data = await last_entry(house, number)
    assert (actor, action, note, data["cause"]) == ("li", "resolved", "已补通知", "callback_lost")
    again = await do(house, house.casework.reopen, number, "li")
    assert (again.cause, again.resolved_at) == (None, None)  # its log keeps what it was taken for


# A resident with two cases


async def serve(house: FakeHouse, number: str, agent: tuple[str, str]) -> Ticket:
    return await do(house, house.casework.reply, number, *agent, "您好")


@pytest.mark.parametrize("way", ["hand_back", "resolve"])
async def test_while_another_agent_serves_the_bot_stays_silent(house: FakeHouse, way: str) -> None:
    one, other = await two_tickets(house)
    await serve(house, one, LI)
    await serve(house, other, WANG)
    await do(house, getattr(house.casework, way), one, "li")
    assert await status(house) is ConversationStatus.WITH_AGENT
    assert "utter_handed_back" not in await house.said()
    assert (await stored(house, other)).serving
    await do(house, getattr(house.casework, way), other, "wang")
    assert await status(house) is ConversationStatus.WITH_BOT


@pytest.mark.parametrize("way", ["hand_back", "resolve"])
async def test_who_was_promised_a_person_for_another_case_still_waits_for_one(
    house: FakeHouse, way: str
) -> None:
    one, other = await two_tickets(house)
    await serve(house, one, LI)
    await do(house, getattr(house.casework, way), one, "li")
    assert await status(house) is ConversationStatus.WAITING_FOR_AGENT
    await serve(house, other, WANG)
    await do(house, house.casework.hand_back, other, "wang")
    assert await status(house) is ConversationStatus.WITH_BOT


async def test_a_merged_double_leaves_its_resident_waiting_for_the_one_that_stays(house: FakeHouse) -> None:
    kept, double = await two_tickets(house)
    await do(house, house.casework.merge, double, kept, "li")
    assert await status(house) is ConversationStatus.WAITING_FOR_AGENT
