"""Manual reconciliation: four eyes, exactly once, and the resident told once. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import (
    AccessRefused,
    Conflict,
    InvalidInput,
    MalformedAnswer,
    NotFound,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.payments.model import RequestStatus, State
from bot.reconciliation.execution import GIVE_UP_AFTER
from bot.reconciliation.lookup import NotSetUp
from bot.reconciliation.model import Clash, Draft, PaymentQuery, ProposalState, QueryKind, Told, query_words
from bot.storage import tables
from tests.fakes.house import FakeHouse, locked
from tests.fakes.staff_system import LINE, SERIAL, Booking
from tests.unit.reconciliation.desk import AGENT, LIMIT, NOTE, SUPERVISOR, Reconciling

OVER = LIMIT + 1


@pytest.fixture
def desk(house: FakeHouse) -> Reconciling:
    return Reconciling(house)


# ---------------------------------------------------------------- at once, or by two


async def test_up_to_the_limit_it_is_done_at_once(desk: Reconciling) -> None:
    desk.bureau.add(amount=LIMIT)
    ticket = await desk.ticket()
    done = await desk.propose(ticket, amount=LIMIT)
    assert (done.state, done.payment_state, done.decided_by) == (ProposalState.DONE, "reconciled", None)
    [booking] = desk.bureau.booked.values()
    assert booking == Booking(SERIAL, LINE, AGENT, NOTE)
    assert await desk.actions(ticket) == ["opened", "reconcile_proposed", "reconcile_done"]


async def test_over_the_limit_nothing_is_asked_before_a_second_person_agrees(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    ticket = await desk.ticket()
    waiting = await desk.propose(ticket, amount=OVER)
    assert (waiting.state, desk.bureau.calls) == (ProposalState.PROPOSED, 0)
    assert await desk.heard() == []
    done = await desk.service.approve(waiting.reference, SUPERVISOR, "金额无误")
    assert (done.state, done.decided_by, done.decision_note) == (ProposalState.DONE, SUPERVISOR, "金额无误")
    [booking] = desk.bureau.booked.values()
    assert (booking.operator, booking.note) == (AGENT, f"{NOTE} [{AGENT} → {SUPERVISOR}]")
    assert await desk.heard() == ["utter_reconciled_by_staff"]


@pytest.mark.parametrize(("amount", "due"), [(2000, OVER), (OVER, 2000)])
async def test_the_largest_amount_in_it_counts(desk: Reconciling, amount: int, due: int) -> None:
    desk.bureau.add(amount=amount, due=due)
    waiting = await desk.propose(await desk.ticket(), amount=amount)
    assert waiting.state is ProposalState.PROPOSED


async def test_nobody_decides_their_own(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    waiting = await desk.propose(await desk.ticket(), amount=OVER)
    for decide in (desk.service.approve, desk.service.reject):
        with pytest.raises(InvalidInput) as refused:
            await decide(waiting.reference, AGENT, "我自己来")
        assert refused.value.code == "own_proposal"
    assert (await desk.stored(waiting.reference)).state is ProposalState.PROPOSED
    assert desk.bureau.calls == 0


async def test_a_refusal_needs_a_reason_and_is_final(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    ticket = await desk.ticket()
    waiting = await desk.propose(ticket, amount=OVER)
    with pytest.raises(InvalidInput) as refused:
        await desk.service.reject(waiting.reference, SUPERVISOR, "  ")
    assert refused.value.code == "note_missing"
    rejected = await desk.service.reject(waiting.reference, SUPERVISOR, "姓名对不上")
    assert (rejected.state, rejected.decision_note) == (ProposalState.REJECTED, "姓名对不上")
    with pytest.raises(InvalidInput) as late:
        await desk.service.approve(waiting.reference, "another", "")
    assert late.value.code == "already_decided"
    assert (desk.bureau.calls, await desk.heard()) == (0, [])
    assert await desk.actions(ticket) == ["opened", "reconcile_proposed", "reconcile_rejected"]


async def test_only_who_proposed_takes_it_back(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    ticket = await desk.ticket()
    waiting = await desk.propose(ticket, amount=OVER)
    with pytest.raises(InvalidInput) as refused:
        await desk.service.withdraw(waiting.reference, SUPERVISOR)
    assert refused.value.code == "not_own_proposal"
    assert (await desk.service.withdraw(waiting.reference, AGENT)).state is ProposalState.WITHDRAWN
    assert (await desk.propose(ticket, amount=OVER)).state is ProposalState.PROPOSED


async def test_a_payment_has_one_open_proposal(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    ticket, other = await desk.ticket(), await desk.ticket("bert")
    await desk.propose(ticket, amount=OVER)
    with pytest.raises(Conflict):
        await desk.propose(other, amount=OVER)
    assert await desk.actions(other) == ["opened"]


async def test_of_two_proposals_at_the_same_moment_one_stays(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    ticket = await desk.ticket()
    outcomes = await asyncio.gather(
        *(desk.propose(ticket, amount=OVER) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict"] * 3 + ["Proposal"]


async def test_of_two_who_decide_at_once_one_is_told(desk: Reconciling) -> None:
    desk.bureau.add(amount=OVER)
    waiting = await desk.propose(await desk.ticket(), amount=OVER)
    outcomes = await asyncio.gather(
        desk.service.approve(waiting.reference, SUPERVISOR),
        desk.new_service().reject(waiting.reference, "liqiang", "不对"),
        desk.new_service().approve(waiting.reference, "zhaolei"),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, (Conflict, InvalidInput))]
    assert len(refused) == 2
    final = await desk.stored(waiting.reference)
    booked = final.state is ProposalState.DONE
    assert (len(desk.bureau.booked), await desk.heard()) == (
        (1, ["utter_reconciled_by_staff"]) if booked else (0, [])
    )


async def test_a_form_sent_twice_is_one_proposal(desk: Reconciling) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    draft = Draft("DZ261123-7K2MQX", ticket.number, SERIAL, LINE, 2000, NOTE)
    first = await desk.service.propose(draft, AGENT)
    assert await desk.service.propose(draft, AGENT) == first
    assert (desk.bureau.calls, await desk.house.count(tables.proposals)) == (1, 1)
    with pytest.raises(Conflict):
        await desk.service.propose(draft, "liqiang")


async def test_a_reference_is_not_anything(desk: Reconciling) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    with pytest.raises(InvalidInput) as refused:
        await desk.service.propose(Draft("1", ticket.number, SERIAL, LINE, 2000, NOTE), AGENT)
    assert refused.value.code == "bad_reference"


# ---------------------------------------------------------------- what is refused before anything is stored


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"note": " \n "}, "note_missing"),
        ({"note": "长" * 401}, "note_too_long"),
        ({"line": "SL-9999"}, "line_gone"),
        ({"amount": 1999}, "line_changed"),
    ],
)
async def test_what_cannot_be_proposed(desk: Reconciling, changes: dict[str, object], code: str) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    with pytest.raises(InvalidInput) as refused:
        await desk.propose(ticket, **changes)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert await desk.house.count(tables.proposals) == 0


async def test_a_settled_payment_is_not_proposed(desk: Reconciling) -> None:
    desk.bureau.add()
    desk.bureau.become(SERIAL, State.REFUNDED)
    with pytest.raises(InvalidInput) as refused:
        await desk.propose(await desk.ticket())
    assert refused.value.code == "payment_settled"


async def test_an_ended_ticket_is_reopened_first(desk: Reconciling) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    async with desk.house.work() as work:
        await desk.house.casework.resolve(work, ticket.number, AGENT)
        await work.commit()
    with pytest.raises(InvalidInput) as refused:
        await desk.propose(ticket)
    assert refused.value.code == "already_resolved"


async def test_without_a_key_nothing_is_asked(desk: Reconciling) -> None:
    ticket = await desk.ticket()
    desk.service = desk.new_service(set_up=False)
    assert not desk.service.lookup.is_set_up
    with pytest.raises(NotSetUp):
        await desk.propose(ticket)
    with pytest.raises(NotSetUp):
        await desk.service.lookup.search(PaymentQuery("王小明"))


async def test_identity_numbers_in_a_note_are_not_kept(desk: Reconciling) -> None:
    desk.bureau.add()
    done = await desk.propose(await desk.ticket(), note="身份证 310101199003074255 已看")
    assert "310101199003074255" not in await desk.house.every_value()
    assert "‹id_card›" in done.note


# ---------------------------------------------------------------- told once


async def test_the_resident_without_a_watch_is_told_through_the_ticket(desk: Reconciling) -> None:
    desk.bureau.add()
    done = await desk.propose(await desk.ticket())
    assert done.told is Told.BY_TICKET
    assert await desk.heard() == ["utter_reconciled_by_staff"]
    assert desk.announced == [(await desk.house.conversation()).id]
    assert desk.notified == [1]
    await desk.watches_tell(desk.bureau.payments[SERIAL])
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_the_resident_who_watches_hears_it_from_the_watch_and_only_once(desk: Reconciling) -> None:
    await desk.watch(desk.bureau.add())
    done = await desk.propose(await desk.ticket())
    assert done.told is Told.BY_WATCH
    await desk.watches_tell(desk.bureau.payments[SERIAL])
    assert await desk.heard() == ["utter_watch_settled"]


async def test_others_who_watch_are_told_with_the_resident_of_the_ticket(desk: Reconciling) -> None:
    await desk.watch(desk.bureau.add(), "bert")
    await desk.propose(await desk.ticket())
    await desk.watches_tell(desk.bureau.payments[SERIAL])
    assert await desk.heard() == ["utter_reconciled_by_staff"]
    assert await desk.heard("bert") == ["utter_watch_settled"]
    assert len(desk.announced) == 2


async def test_a_watcher_that_was_quicker_is_enough(desk: Reconciling) -> None:
    """The event may be seen between the bureau's answer and our storing it."""
    await desk.watch(desk.bureau.add())
    desk.bureau.after.append(Slow("lost"))
    waiting = await desk.propose(await desk.ticket())
    await desk.watches_tell(desk.bureau.payments[SERIAL])
    done = await desk.service.execution.carry_out(waiting.reference)
    assert (done.state, done.told) == (ProposalState.DONE, Told.BY_WATCH)
    assert await desk.heard() == ["utter_watch_settled"]


async def test_a_watch_that_the_resident_ended_does_not_keep_them_from_hearing(desk: Reconciling) -> None:
    await desk.watch(desk.bureau.add())
    async with desk.house.work() as work:
        await desk.house.watches.stop(work, await desk.house.conversation())
        await work.commit()
    assert (await desk.propose(await desk.ticket())).told is Told.BY_TICKET
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_the_end_of_their_own_request_is_not_told_a_second_time(desk: Reconciling) -> None:
    desk.bureau.add()
    await desk.request()
    desk.request_now(RequestStatus.RESOLVED)
    assert (await desk.propose(await desk.ticket())).told is Told.BY_TICKET
    await desk.requests_tell()
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_a_request_that_was_answered_while_our_answer_was_lost_is_enough(desk: Reconciling) -> None:
    desk.bureau.add()
    await desk.request()
    desk.bureau.after.append(Slow("lost"))
    waiting = await desk.propose(await desk.ticket())
    desk.request_now(RequestStatus.RESOLVED)
    await desk.requests_tell()
    done = await desk.service.retry(waiting.reference, AGENT)
    assert (done.state, done.told) == (ProposalState.DONE, Told.BY_REQUEST)
    assert await desk.heard() == ["utter_request_resolved"]


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    "trouble",
    [Unavailable("down"), Slow("slow"), UnderMaintenance(), AccessRefused("403"), MalformedAnswer("state")],
)
async def test_a_bureau_in_trouble_is_asked_again_later(desk: Reconciling, trouble: Exception) -> None:
    desk.bureau.add()
    desk.bureau.before.append(trouble)
    waiting = await desk.propose(await desk.ticket())
    assert (waiting.state, waiting.outcome) == (ProposalState.APPROVED, type(trouble).__name__)
    assert await desk.heard() == []
    assert await desk.service.execution.resume() == 0, "not due yet"
    desk.house.clock.move(minutes=1)
    assert await desk.service.execution.resume() == 1
    assert (await desk.stored(waiting.reference)).state is ProposalState.DONE
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_the_pauses_grow_and_end(desk: Reconciling) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    desk.bureau.before += [Unavailable("down")] * 500
    reference = (await desk.propose(ticket)).reference
    pauses = []
    while True:
        proposal = await desk.stored(reference)
        if proposal.next_try_at is None:
            break
        pauses.append(proposal.next_try_at - desk.house.clock.now())
        desk.house.clock.at = proposal.next_try_at
        await desk.service.execution.resume()
    assert pauses[:7] == [timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60)]
    assert (proposal.state, proposal.outcome) == (ProposalState.FAILED, "no_answer")
    assert proposal.ended_at is not None
    assert proposal.ended_at - proposal.created_at <= GIVE_UP_AFTER + timedelta(hours=1)
    assert await desk.heard() == []


async def test_an_agent_may_ask_again_at_once(desk: Reconciling) -> None:
    desk.bureau.add()
    desk.bureau.before.append(Unavailable("down"))
    waiting = await desk.propose(await desk.ticket())
    assert (await desk.service.retry(waiting.reference, AGENT)).state is ProposalState.DONE
    with pytest.raises(InvalidInput) as refused:
        await desk.service.retry(waiting.reference, AGENT)
    assert refused.value.code == "nothing_to_retry"


async def test_a_lost_answer_books_once_and_tells_once(desk: Reconciling) -> None:
    desk.bureau.add()
    desk.bureau.after += [Slow("lost"), Unavailable("lost")]
    waiting = await desk.propose(await desk.ticket())
    for _ in range(3):
        desk.house.clock.move(hours=1)
        await desk.service.execution.resume()
    assert (await desk.stored(waiting.reference)).state is ProposalState.DONE
    assert (desk.bureau.calls, len(desk.bureau.booked)) == (3, 1)
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_a_process_killed_before_it_stored_the_answer_is_repaired(
    desk: Reconciling,
) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    committed = desk.house.pen.breaks
    real = desk.bureau.reconcile

    async def reconcile_then_die(*arguments: str) -> object:
        answer = await real(*arguments)
        committed.append(locked())
        return answer

    desk.bureau.reconcile = reconcile_then_die  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable):
        await desk.propose(ticket)
    desk.bureau.reconcile = real  # type: ignore[method-assign]
    assert (len(desk.bureau.booked), await desk.heard()) == (1, [])
    desk.house.clock.move(minutes=1)
    assert await desk.new_service().execution.resume() == 1
    assert (desk.bureau.calls, len(desk.bureau.booked)) == (2, 1)
    assert await desk.heard() == ["utter_reconciled_by_staff"]
    assert (await desk.actions(ticket))[-1] == "reconcile_done"


async def test_processes_that_carry_it_out_at_once_tell_once(desk: Reconciling) -> None:
    desk.bureau.add()
    desk.bureau.before.append(Unavailable("down"))
    waiting = await desk.propose(await desk.ticket())
    services = [desk.new_service() for _ in range(4)]
    await asyncio.gather(*(service.execution.carry_out(waiting.reference) for service in services))
    assert len(desk.bureau.booked) == 1
    assert await desk.heard() == ["utter_reconciled_by_staff"]


async def test_an_answer_that_does_not_say_reconciled_is_not_believed(desk: Reconciling) -> None:
    desk.bureau.add()
    ticket = await desk.ticket()
    real = desk.bureau.reconcile

    async def only_under_review(*arguments: str) -> object:
        await real(*arguments)
        return desk.bureau.become(SERIAL, State.UNDER_REVIEW)

    desk.bureau.reconcile = only_under_review  # type: ignore[method-assign, assignment]
    waiting = await desk.propose(ticket)
    assert (waiting.state, waiting.outcome) == (ProposalState.APPROVED, "MalformedAnswer")
    assert await desk.heard() == []


# ---------------------------------------------------------------- somebody else was first


async def _approved_meanwhile(desk: Reconciling) -> str:
    desk.bureau.add(amount=OVER)
    return (await desk.propose(await desk.ticket(), amount=OVER)).reference


async def test_a_payment_that_was_reconciled_meanwhile_is_said_with_its_state(desk: Reconciling) -> None:
    reference = await _approved_meanwhile(desk)
    desk.bureau.become(SERIAL, State.RECONCILED)
    clash = await desk.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.PAYMENT_RECONCILED.value)
    assert clash.payment_state == "reconciled"
    assert await desk.heard() == []


async def test_a_line_that_was_taken_meanwhile_is_said(desk: Reconciling) -> None:
    reference = await _approved_meanwhile(desk)
    desk.bureau.lines[SERIAL] = []
    clash = await desk.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.LINE_TAKEN.value)
    assert clash.payment_state == "unreconciled"


async def test_a_payment_that_was_refunded_meanwhile_is_said(desk: Reconciling) -> None:
    reference = await _approved_meanwhile(desk)
    desk.bureau.become(SERIAL, State.REFUNDED)
    clash = await desk.service.approve(reference, SUPERVISOR)
    assert (clash.outcome, clash.payment_state) == (Clash.PAYMENT_STATE.value, "refunded")


async def test_a_conflict_nobody_can_explain_is_said_as_that(desk: Reconciling) -> None:
    reference = await _approved_meanwhile(desk)
    desk.bureau.before.append(Conflict("?"))
    clash = await desk.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.UNCLEAR.value)


@pytest.mark.parametrize("refusal", [NotFound(), InvalidInput("invalid_request")])
async def test_what_the_bureau_refuses_for_good_is_not_tried_again(
    desk: Reconciling, refusal: Exception
) -> None:
    desk.bureau.add()
    desk.bureau.before.append(refusal)
    failed = await desk.propose(await desk.ticket())
    assert (failed.state, failed.outcome) == (ProposalState.FAILED, type(refusal).__name__)
    desk.house.clock.move(days=1)
    assert await desk.service.execution.resume() == 0


# ---------------------------------------------------------------- looking payments up


@pytest.mark.parametrize(
    ("typed", "words", "kind"),
    [
        (" ４２００ 0026 1120 2611 2000 0000 0106 ", "4200002611202611200000000106", QueryKind.NUMBER),
        ("HZ 202611200106", "HZ202611200106", QueryKind.NUMBER),
        ("王小明", "王小明", QueryKind.NAME),
        ("John  Smith", "John Smith", QueryKind.NAME),
        ("  ", "", QueryKind.NOTHING),
    ],
)
def test_what_was_typed_is_a_number_or_a_name(typed: str, words: str, kind: QueryKind) -> None:
    query = PaymentQuery(query_words(typed))
    assert (query.words, query.kind) == (words, kind)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (PaymentQuery(), "nothing_to_search"),
        (PaymentQuery("长" * 65), "query_too_long"),
        (PaymentQuery("310101199003074255"), "identity_number"),
    ],
)
async def test_what_is_not_searched_for(desk: Reconciling, query: PaymentQuery, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await desk.service.lookup.search(query)
    assert refused.value.code == code


async def test_days_in_the_wrong_order_are_said(desk: Reconciling) -> None:
    today = desk.house.clock.now().date()
    with pytest.raises(InvalidInput) as refused:
        await desk.service.lookup.search(PaymentQuery(paid_from=today, paid_to=today - timedelta(days=1)))
    assert refused.value.code == "dates_reversed"


async def test_a_payment_is_found_by_exactly_its_serial_number(desk: Reconciling) -> None:
    desk.bureau.add()
    assert (await desk.service.lookup.payment(SERIAL)).serial_number == SERIAL
    with pytest.raises(NotFound):
        await desk.service.lookup.payment("31000026112000000106")
