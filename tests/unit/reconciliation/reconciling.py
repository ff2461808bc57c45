"""A house with a bureau behind it, and agents who reconcile by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.payments.model import Payment, ReconciliationRequest, RequestStatus
from bot.reconciliation.execution import Execution
from bot.reconciliation.lookup import StaffLookup
from bot.reconciliation.model import Draft, Proposal, new_reference
from bot.reconciliation.service import ReconciliationService
from bot.reconciliation.telling import Telling
from bot.reconciliation.trail import Trail
from bot.tickets.model import HandoffReason, Ticket
from tests.fakes.house import FakeHouse
from tests.fakes.staff_system import LINE, SERIAL, FakeStaffSystem

LIMIT = 100_000
AGENT, SUPERVISOR = "wangmin", "chenjie"
NOTE = "已核对回单"


@dataclass
class Reconciling:
    """What a test of manual reconciliation looks at."""

    house: FakeHouse
    bureau: FakeStaffSystem = field(default_factory=FakeStaffSystem)
    announced: list[int] = field(default_factory=list)
    notified: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = self.new_service()

    def new_service(self, set_up: bool = True) -> ReconciliationService:
        """The service, as another process would have it."""
        house = self.house
        lookup = StaffLookup(self.bureau if set_up else None)
        trail = Trail(house.clock, house.phrases)
        execution = Execution(
            lookup,
            house.work,
            Telling(house.watches, house.requests, house.clock, house.phrases),
            house.clock,
            trail,
            self.announced.append,
            lambda: self.notified.append(1),
        )
        return ReconciliationService(lookup, execution, house.work, house.clock, trail, LIMIT)

    async def ticket(self, user: str = "anna") -> Ticket:
        """A ticket of this resident's."""
        conversation = await self.house.conversation(user)
        async with self.house.work() as work:
            opened = await self.house.tickets.open(
                work, conversation, HandoffReason.MISMATCH, serial_number=SERIAL
            )
            await work.commit()
        return opened.ticket

    async def propose(
        self,
        ticket: Ticket,
        serial: str = SERIAL,
        line: str = LINE,
        note: str = NOTE,
        amount: int = 2000,
    ) -> Proposal:
        """An agent's proposal."""
        reference = new_reference(self.house.clock.now())
        return await self.service.propose(Draft(reference, ticket.number, serial, line, amount, note), AGENT)

    async def stored(self, reference: str) -> Proposal:
        """The proposal as stored."""
        async with self.house.work() as work:
            found = await work.proposals.get(reference)
        assert found is not None
        return found

    async def watch(self, payment: Payment, user: str = "anna") -> None:
        """The resident asks to be told."""
        conversation = await self.house.conversation(user)
        async with self.house.work() as work:
            await self.house.watches.watch(work, conversation, payment)
            await work.commit()

    async def request(self, user: str = "anna") -> None:
        """The resident has asked the bureau for reconciliation."""
        conversation = await self.house.conversation(user)
        sent = self.request_now(RequestStatus.INVESTIGATING)
        async with self.house.work() as work:
            work.requests.add(conversation.id, sent, SERIAL, {}, self.house.clock.now())
            await work.commit()

    def request_now(self, status: RequestStatus) -> ReconciliationRequest:
        """How far the bureau says that request is, from now on."""
        answer = ReconciliationRequest("RR20261123000001", SERIAL, status, None, self.house.clock.now(), None)

        async def get_reconciliation_request(request_id: str) -> ReconciliationRequest:
            return answer

        self.house.bureau.get_reconciliation_request = get_reconciliation_request  # type: ignore[attr-defined]
        return answer

    async def requests_tell(self) -> None:
        """What the follower of requests does in its round."""
        self.house.bureau.payments[SERIAL] = self.bureau.payments[SERIAL]
        async with self.house.work() as work:
            for request in await work.requests.due(self.house.clock.now()):
                await self.house.requests.follow(work, request)
            await work.commit()

    async def watches_tell(self, payment: Payment) -> None:
        """What the watcher does when it sees the event."""
        async with self.house.work() as work:
            await self.house.watches.tell(work, payment)
            await work.commit()

    async def heard(self, user: str = "anna") -> list[str]:
        """The names of what the resident was told about the payment."""
        return [text.split()[0] for text in await self.house.said(user)]

    async def actions(self, ticket: Ticket) -> list[str]:
        """The ticket's log."""
        async with self.house.work() as work:
            return [note.action for note in await work.tickets.log(ticket.number)]
