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
from tests.unit.reconciliation.reconciling import AGENT, LIMIT, NOTE, SUPERVISOR, Reconciling

OVER = LIMIT + 1


@pytest.fixture
def team(house: FakeHouse) -> Reconciling:
    return Reconciling(house)


# ---------------------------------------------------------------- at once, or by two


async def test_up_to_the_limit_it_is_done_at_once(team: Reconciling) -> None:
    team.bureau.add(amount=LIMIT)
    ticket = await team.ticket()
    done = await team.propose(ticket, amount=LIMIT)
    assert (done.state, done.payment_state, done.decided_by) == (ProposalState.DONE, "reconciled", None)
    [booking] = team.bureau.booked.values()
    assert booking == Booking(SERIAL, LINE, AGENT, NOTE)
    assert await team.actions(ticket) == ["opened", "reconcile_proposed", "reconcile_done"]


async def test_over_the_limit_nothing_is_asked_before_a_second_person_agrees(
    team: Reconciling,
) -> None:
    team.bureau.add(amount=OVER)
    ticket = await team.ticket()
    waiting = await team.propose(ticket, amount=OVER)
    assert (waiting.state, team.bureau.calls) == (ProposalState.PROPOSED, 0)
    assert await team.heard() == []
    done = await team.service.approve(waiting.reference, SUPERVISOR, "金额无误")
    assert (done.state, done.decided_by, done.decision_note) == (ProposalState.DONE, SUPERVISOR, "金额无误")
    [booking] = team.bureau.booked.values()
    assert (booking.operator, booking.note) == (AGENT, f"{NOTE} [{AGENT} → {SUPERVISOR}]")
    assert await team.heard() == ["utter_reconciled_by_staff"]


@pytest.mark.parametrize(("amount", "due"), [(2000, OVER), (OVER, 2000)])
async def test_the_largest_amount_in_it_counts(team: Reconciling, amount: int, due: int) -> None:
    team.bureau.add(amount=amount, due=due)
    waiting = await team.propose(await team.ticket(), amount=amount)
    assert waiting.state is ProposalState.PROPOSED


async def test_nobody_decides_their_own(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    waiting = await team.propose(await team.ticket(), amount=OVER)
    for decide in (team.service.approve, team.service.reject):
        with pytest.raises(InvalidInput) as refused:
            await decide(waiting.reference, AGENT, "我自己来")
        assert refused.value.code == "own_proposal"
    assert (await team.stored(waiting.reference)).state is ProposalState.PROPOSED
    assert team.bureau.calls == 0


async def test_a_refusal_needs_a_reason_and_is_final(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    ticket = await team.ticket()
    waiting = await team.propose(ticket, amount=OVER)
    with pytest.raises(InvalidInput) as refused:
        await team.service.reject(waiting.reference, SUPERVISOR, "  ")
    assert refused.value.code == "note_missing"
    rejected = await team.service.reject(waiting.reference, SUPERVISOR, "姓名对不上")
    assert (rejected.state, rejected.decision_note) == (ProposalState.REJECTED, "姓名对不上")
    with pytest.raises(InvalidInput) as late:
        await team.service.approve(waiting.reference, "another", "")
    assert late.value.code == "already_decided"
    assert (team.bureau.calls, await team.heard()) == (0, [])
    assert await team.actions(ticket) == ["opened", "reconcile_proposed", "reconcile_rejected"]


async def test_only_who_proposed_takes_it_back(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    ticket = await team.ticket()
    waiting = await team.propose(ticket, amount=OVER)
    with pytest.raises(InvalidInput) as refused:
        await team.service.withdraw(waiting.reference, SUPERVISOR)
    assert refused.value.code == "not_own_proposal"
    assert (await team.service.withdraw(waiting.reference, AGENT)).state is ProposalState.WITHDRAWN
    assert (await team.propose(ticket, amount=OVER)).state is ProposalState.PROPOSED


async def test_a_payment_has_one_open_proposal(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    ticket, other = await team.ticket(), await team.ticket("bert")
    await team.propose(ticket, amount=OVER)
    with pytest.raises(Conflict):
        await team.propose(other, amount=OVER)
    assert await team.actions(other) == ["opened"]


async def test_of_two_proposals_at_the_same_moment_one_stays(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    ticket = await team.ticket()
    outcomes = await asyncio.gather(
        *(team.propose(ticket, amount=OVER) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict"] * 3 + ["Proposal"]


async def test_of_two_who_decide_at_once_one_is_told(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    waiting = await team.propose(await team.ticket(), amount=OVER)
    outcomes = await asyncio.gather(
        team.service.approve(waiting.reference, SUPERVISOR),
        team.new_service().reject(waiting.reference, "liqiang", "不对"),
        team.new_service().approve(waiting.reference, "zhaolei"),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, (Conflict, InvalidInput))]
    assert len(refused) == 2
    final = await team.stored(waiting.reference)
    booked = final.state is ProposalState.DONE
    assert (len(team.bureau.booked), await team.heard()) == (
        (1, ["utter_reconciled_by_staff"]) if booked else (0, [])
    )


async def test_a_form_sent_twice_is_one_proposal(team: Reconciling) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    draft = Draft("DZ261123-7K2MQX", ticket.number, SERIAL, LINE, 2000, NOTE)
    first = await team.service.propose(draft, AGENT)
    assert await team.service.propose(draft, AGENT) == first
    assert (team.bureau.calls, await team.house.count(tables.proposals)) == (1, 1)
    with pytest.raises(Conflict):
        await team.service.propose(draft, "liqiang")


async def test_a_reference_is_not_anything(team: Reconciling) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    with pytest.raises(InvalidInput) as refused:
        await team.service.propose(Draft("1", ticket.number, SERIAL, LINE, 2000, NOTE), AGENT)
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
async def test_what_cannot_be_proposed(team: Reconciling, changes: dict[str, object], code: str) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    with pytest.raises(InvalidInput) as refused:
        await team.propose(ticket, **changes)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert await team.house.count(tables.proposals) == 0


async def test_a_settled_payment_is_not_proposed(team: Reconciling) -> None:
    team.bureau.add()
    team.bureau.become(SERIAL, State.REFUNDED)
    with pytest.raises(InvalidInput) as refused:
        await team.propose(await team.ticket())
    assert refused.value.code == "payment_settled"


async def test_an_ended_ticket_is_reopened_first(team: Reconciling) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    async with team.house.work() as work:
        await team.house.casework.resolve(work, ticket.number, AGENT)
        await work.commit()
    with pytest.raises(InvalidInput) as refused:
        await team.propose(ticket)
    assert refused.value.code == "already_resolved"


async def test_without_a_key_nothing_is_asked(team: Reconciling) -> None:
    ticket = await team.ticket()
    team.service = team.new_service(set_up=False)
    assert not team.service.lookup.is_set_up
    with pytest.raises(NotSetUp):
        await team.propose(ticket)
    with pytest.raises(NotSetUp):
        await team.service.lookup.search(PaymentQuery("王小明"))


async def test_identity_numbers_in_a_note_are_not_kept(team: Reconciling) -> None:
    team.bureau.add()
    done = await team.propose(await team.ticket(), note="身份证 310101199003074255 已看")
    assert "310101199003074255" not in await team.house.every_value()
    assert "‹id_card›" in done.note


async def erase(team: Reconciling) -> None:
    async with team.house.work() as work:
        work.personal_data.erase((await team.house.conversation()).id)
        await work.commit()


async def test_erasure_takes_the_payment_out_of_what_is_kept(team: Reconciling) -> None:
    team.bureau.add()
    done = await team.propose(await team.ticket())
    await erase(team)
    kept = await team.stored(done.reference)
    assert (kept.serial_number, kept.statement_line_id, kept.note) == ("", "", "")
    left = await team.house.every_value()
    assert SERIAL not in left and NOTE not in left


async def test_erasure_withdraws_what_nobody_decided(team: Reconciling) -> None:
    team.bureau.add(amount=OVER)
    waiting = await team.propose(await team.ticket(), amount=OVER)
    await erase(team)
    assert (await team.stored(waiting.reference)).state is ProposalState.WITHDRAWN
    assert SERIAL not in await team.house.every_value()


# ---------------------------------------------------------------- told once


async def test_the_resident_without_a_watch_is_told_through_the_ticket(team: Reconciling) -> None:
    team.bureau.add()
    done = await team.propose(await team.ticket())
    assert done.told is Told.BY_TICKET
    assert await team.heard() == ["utter_reconciled_by_staff"]
    assert team.announced == [(await team.house.conversation()).id]
    assert team.notified == [1]
    await team.watches_tell(team.bureau.payments[SERIAL])
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_the_resident_who_watches_hears_it_from_the_watch_and_only_once(
    team: Reconciling,
) -> None:
    await team.watch(team.bureau.add())
    done = await team.propose(await team.ticket())
    assert done.told is Told.BY_WATCH
    await team.watches_tell(team.bureau.payments[SERIAL])
    assert await team.heard() == ["utter_watch_settled"]


async def test_others_who_watch_are_told_with_the_resident_of_the_ticket(team: Reconciling) -> None:
    await team.watch(team.bureau.add(), "bert")
    await team.propose(await team.ticket())
    await team.watches_tell(team.bureau.payments[SERIAL])
    assert await team.heard() == ["utter_reconciled_by_staff"]
    assert await team.heard("bert") == ["utter_watch_settled"]
    assert len(team.announced) == 2


async def test_a_watcher_that_was_quicker_is_enough(team: Reconciling) -> None:
    """The event may be seen between the bureau's answer and our storing it."""
    await team.watch(team.bureau.add())
    team.bureau.after.append(Slow("lost"))
    waiting = await team.propose(await team.ticket())
    await team.watches_tell(team.bureau.payments[SERIAL])
    done = await team.service.execution.carry_out(waiting.reference)
    assert (done.state, done.told) == (ProposalState.DONE, Told.BY_WATCH)
    assert await team.heard() == ["utter_watch_settled"]


async def test_a_watch_that_the_resident_ended_does_not_keep_them_from_hearing(
    team: Reconciling,
) -> None:
    await team.watch(team.bureau.add())
    async with team.house.work() as work:
        await team.house.watches.stop(work, await team.house.conversation())
        await work.commit()
    assert (await team.propose(await team.ticket())).told is Told.BY_TICKET
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_the_end_of_their_own_request_is_not_told_a_second_time(team: Reconciling) -> None:
    team.bureau.add()
    await team.request()
    team.request_now(RequestStatus.RESOLVED)
    assert (await team.propose(await team.ticket())).told is Told.BY_TICKET
    await team.requests_tell()
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_a_request_that_was_answered_while_our_answer_was_lost_is_enough(
    team: Reconciling,
) -> None:
    team.bureau.add()
    await team.request()
    team.bureau.after.append(Slow("lost"))
    waiting = await team.propose(await team.ticket())
    team.request_now(RequestStatus.RESOLVED)
    await team.requests_tell()
    done = await team.service.retry(waiting.reference, AGENT)
    assert (done.state, done.told) == (ProposalState.DONE, Told.BY_REQUEST)
    assert await team.heard() == ["utter_request_resolved"]


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    "trouble",
    [Unavailable("down"), Slow("slow"), UnderMaintenance(), AccessRefused("403"), MalformedAnswer("state")],
)
async def test_a_bureau_in_trouble_is_asked_again_later(team: Reconciling, trouble: Exception) -> None:
    team.bureau.add()
    team.bureau.before.append(trouble)
    waiting = await team.propose(await team.ticket())
    assert (waiting.state, waiting.outcome) == (ProposalState.APPROVED, type(trouble).__name__)
    assert await team.heard() == []
    assert await team.service.execution.resume() == 0, "not due yet"
    team.house.clock.move(minutes=1)
    assert await team.service.execution.resume() == 1
    assert (await team.stored(waiting.reference)).state is ProposalState.DONE
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_the_pauses_grow_and_end(team: Reconciling) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    team.bureau.before += [Unavailable("down")] * 500
    reference = (await team.propose(ticket)).reference
    pauses = []
    while True:
        proposal = await team.stored(reference)
        if proposal.next_try_at is None:
            break
        pauses.append(proposal.next_try_at - team.house.clock.now())
        team.house.clock.at = proposal.next_try_at
        await team.service.execution.resume()
    assert pauses[:7] == [timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60)]
    assert (proposal.state, proposal.outcome) == (ProposalState.FAILED, "no_answer")
    assert proposal.ended_at is not None
    assert proposal.ended_at - proposal.created_at <= GIVE_UP_AFTER + timedelta(hours=1)
    assert await team.heard() == []


async def test_an_agent_may_ask_again_at_once(team: Reconciling) -> None:
    team.bureau.add()
    team.bureau.before.append(Unavailable("down"))
    waiting = await team.propose(await team.ticket())
    assert (await team.service.retry(waiting.reference, AGENT)).state is ProposalState.DONE
    with pytest.raises(InvalidInput) as refused:
        await team.service.retry(waiting.reference, AGENT)
    assert refused.value.code == "nothing_to_retry"


async def test_a_lost_answer_books_once_and_tells_once(team: Reconciling) -> None:
    team.bureau.add()
    team.bureau.after += [Slow("lost"), Unavailable("lost")]
    waiting = await team.propose(await team.ticket())
    for _ in range(3):
        team.house.clock.move(hours=1)
        await team.service.execution.resume()
    assert (await team.stored(waiting.reference)).state is ProposalState.DONE
    assert (team.bureau.calls, len(team.bureau.booked)) == (3, 1)
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_a_process_killed_before_it_stored_the_answer_is_repaired(
    team: Reconciling,
) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    committed = team.house.access.breaks
    real = team.bureau.reconcile

    async def reconcile_then_die(*arguments: str) -> object:
        answer = await real(*arguments)
        committed.append(locked())
        return answer

    team.bureau.reconcile = reconcile_then_die  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable):
        await team.propose(ticket)
    team.bureau.reconcile = real  # type: ignore[method-assign]
    assert (len(team.bureau.booked), await team.heard()) == (1, [])
    team.house.clock.move(minutes=1)
    assert await team.new_service().execution.resume() == 1
    assert (team.bureau.calls, len(team.bureau.booked)) == (2, 1)
    assert await team.heard() == ["utter_reconciled_by_staff"]
    assert (await team.actions(ticket))[-1] == "reconcile_done"


async def test_processes_that_carry_it_out_at_once_tell_once(team: Reconciling) -> None:
    team.bureau.add()
    team.bureau.before.append(Unavailable("down"))
    waiting = await team.propose(await team.ticket())
    services = [team.new_service() for _ in range(4)]
    await asyncio.gather(*(service.execution.carry_out(waiting.reference) for service in services))
    assert len(team.bureau.booked) == 1
    assert await team.heard() == ["utter_reconciled_by_staff"]


async def test_an_answer_that_does_not_say_reconciled_is_not_believed(team: Reconciling) -> None:
    team.bureau.add()
    ticket = await team.ticket()
    real = team.bureau.reconcile

    async def only_under_review(*arguments: str) -> object:
        await real(*arguments)
        return team.bureau.become(SERIAL, State.UNDER_REVIEW)

    team.bureau.reconcile = only_under_review  # type: ignore[method-assign, assignment]
    waiting = await team.propose(ticket)
    assert (waiting.state, waiting.outcome) == (ProposalState.APPROVED, "MalformedAnswer")
    assert await team.heard() == []


# ---------------------------------------------------------------- somebody else was first


async def _approved_meanwhile(team: Reconciling) -> str:
    team.bureau.add(amount=OVER)
    return (await team.propose(await team.ticket(), amount=OVER)).reference


async def test_a_payment_that_was_reconciled_meanwhile_is_said_with_its_state(
    team: Reconciling,
) -> None:
    reference = await _approved_meanwhile(team)
    team.bureau.become(SERIAL, State.RECONCILED)
    clash = await team.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.PAYMENT_RECONCILED.value)
    assert clash.payment_state == "reconciled"
    assert await team.heard() == []


async def test_a_line_that_was_taken_meanwhile_is_said(team: Reconciling) -> None:
    reference = await _approved_meanwhile(team)
    team.bureau.lines[SERIAL] = []
    clash = await team.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.LINE_TAKEN.value)
    assert clash.payment_state == "unreconciled"


async def test_a_payment_that_was_refunded_meanwhile_is_said(team: Reconciling) -> None:
    reference = await _approved_meanwhile(team)
    team.bureau.become(SERIAL, State.REFUNDED)
    clash = await team.service.approve(reference, SUPERVISOR)
    assert (clash.outcome, clash.payment_state) == (Clash.PAYMENT_STATE.value, "refunded")


async def test_a_conflict_nobody_can_explain_is_said_as_that(team: Reconciling) -> None:
    reference = await _approved_meanwhile(team)
    team.bureau.before.append(Conflict("?"))
    clash = await team.service.approve(reference, SUPERVISOR)
    assert (clash.state, clash.outcome) == (ProposalState.CONFLICT, Clash.UNCLEAR.value)


@pytest.mark.parametrize("refusal", [NotFound(), InvalidInput("invalid_request")])
async def test_what_the_bureau_refuses_for_good_is_not_tried_again(
    team: Reconciling, refusal: Exception
) -> None:
    team.bureau.add()
    team.bureau.before.append(refusal)
    failed = await team.propose(await team.ticket())
    assert (failed.state, failed.outcome) == (ProposalState.FAILED, type(refusal).__name__)
    team.house.clock.move(days=1)
    assert await team.service.execution.resume() == 0


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
async def test_what_is_not_searched_for(team: Reconciling, query: PaymentQuery, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await team.service.lookup.search(query)
    assert refused.value.code == code


async def test_days_in_the_wrong_order_are_said(team: Reconciling) -> None:
    today = team.house.clock.now().date()
    with pytest.raises(InvalidInput) as refused:
        await team.service.lookup.search(PaymentQuery(paid_from=today, paid_to=today - timedelta(days=1)))
    assert refused.value.code == "dates_reversed"


async def test_a_payment_is_found_by_exactly_its_serial_number(team: Reconciling) -> None:
    team.bureau.add()
    assert (await team.service.lookup.payment(SERIAL)).serial_number == SERIAL
    with pytest.raises(NotFound):
        await team.service.lookup.payment("31000026112000000106")
