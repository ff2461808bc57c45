"""A console with something on each of its pages, and every page that there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.alerts import AlertKind
from bot.console.model import Role
from bot.messages import Author, Contact, IncomingMessage, Reply
from bot.payments.model import ReconciliationRequest, RequestStatus
from bot.reconciliation.model import Proposal, ProposalState, new_reference
from bot.tickets.model import Cause, HandoffReason, Priority, Ticket
from bot.webhooks.model import CHOICES, DeliveryState
from tests.conversations.seeded import OVERDUE, SERIAL
from tests.doubles.agent_browser import new_agent
from tests.doubles.web_house import WebHouse
from tests.integration.reconciliation.visitor import Bureau

DEAR, TWO_LINES = SERIAL["0105"], SERIAL["0109"]
CASES = (
    ("resident-2", OVERDUE, HandoffReason.OVERDUE, "等了三天了，怎么还没到账？"),
    ("resident-3", None, HandoffReason.COMPLAINT, "你们这是什么服务，我要投诉！"),
    (
        "resident-4",
        TWO_LINES,
        HandoffReason.MISMATCH,
        "我一共就交了十块钱，你们再查查，单子上写得清清楚楚",
    ),
)


@dataclass(frozen=True)
class Scene:
    """What the addresses of the pages name."""

    ticket: str
    ended: str
    reference: str
    requested: tuple[int, str]
    """A conversation and its request for reconciliation."""

    @property
    def pages(self) -> dict[str, str]:
        """An address for each page of the console that somebody logged in can open, by its route."""
        one = f"/console/tickets/{self.ticket}"
        return {
            "/console": "/console?tab=all",
            "/console/": "/console/?tab=mine&q=麒麟",
            "/console/password": "/console/password",
            "/console/payments": "/console/payments",
            "/console/payments/{serial}": f"/console/payments/{DEAR}",
            "/console/tickets/{number}": one,
            "/console/tickets/{number}/reconciliation": f"{one}/reconciliation?find=",
            "/console/tickets/{number}/reconciliation/{serial}": f"{one}/reconciliation/{TWO_LINES}",
            "/console/reconciliations": "/console/reconciliations?list=all",
            "/console/reconciliations/{reference}": f"/console/reconciliations/{self.reference}",
            "/console/bills": "/console/bills",
            "/console/answers": "/console/answers",
            "/console/answers/new": "/console/answers/new",
            "/console/answers/{id:int}": "/console/answers/1",
            "/console/deliveries": "/console/deliveries",
            "/console/dashboard": "/console/dashboard?days=30",
            "/console/tokens": "/console/tokens",
            "/console/webhooks": "/console/webhooks",
            "/console/webhooks/new": "/console/webhooks/new",
            "/console/webhooks/{id:int}": "/console/webhooks/1",
            "/console/accounts": "/console/accounts",
            "/console/accounts/{name}": "/console/accounts/liqiang",
            "/console/alerts": "/console/alerts?list=all",
            "/console/audit": "/console/audit",
        }

    @property
    def more(self) -> dict[str, str]:
        """The same pages in other states."""
        return {
            "an ended ticket": f"/console/tickets/{self.ended}",
            "no payment": "/console/payments/4200002611202611200000009999",
            "nothing waits": "/console/reconciliations?list=mine",
            "an own account": "/console/accounts/zhouli",
            "nothing recorded": "/console/audit?subject=nothing-like-it",
            "nothing there": "/console/tickets/GD000000000000",
        }


PARTS = (
    "/console/rows", "/console/unread", "/console/reconciliations/waiting",
    "/console/reconciliations/{reference}/state", "/console/tickets/{number}/payment",
    "/console/tickets/{number}/live", "/console/tickets/{number}/events", "/console/tickets/{number}/answers",
    "/console/tickets/{number}/attachments/{id:int}", "/console/tickets/{number}/sent/{sha256}",
    "/console/dashboard/{table}.csv", "/console/alerts/rows", "/console/alerts/unseen", "/console/audit.csv",
)  # fmt: skip
"""Addresses that answer with a part of a page, or a file."""

BEFORE_LOGIN = ("/console/login", "/console/setup/{token}")


async def furnish(bureau: Bureau) -> Scene:
    """People, cases, and all that comes of them."""
    house = bureau.house
    for name, shown, role in (
        ("zhouli", "周丽", Role.ADMIN), ("liqiang", "李强", Role.AGENT), ("chenjie", "陈洁", Role.SUPERVISOR),
    ):  # fmt: skip
        await (await new_agent(house, name, shown, role)).web.aclose()
    tickets = [await _case(house, *case) for case in CASES]
    ended = await _case(house, "resident-5", DEAR, HandoffReason.NOT_FOUND, "流水号查不到")
    await _work_on(house, tickets[0].number, ended.number)
    reference = await _proposed(bureau, tickets[2].number)
    await _oversight(house, tickets[1])
    await _outward(house)
    await _undelivered(house)
    return Scene(tickets[0].number, ended.number, reference, await _requested(house, tickets[0]))


async def _case(house: WebHouse, user: str, serial: str | None, reason: HandoffReason, words: str) -> Ticket:
    await house.desk.handle(IncomingMessage(Contact("rest", user), f"{user}-1", words))
    return await house.open_ticket(user, serial, reason)


async def _work_on(house: WebHouse, number: str, ended: str) -> None:
    work_on = house.casework
    async with house.work() as work:
        await work_on.claim(work, number, "liqiang")
        await work_on.reply(work, number, "liqiang", "李强", "您好，正在和银行核对，今天下班前给您答复。")
        await work_on.note(work, number, "liqiang", "已电话联系银行，等回单")
        for tag in ("催办", "银行核实"):
            await work_on.tag(work, number, "liqiang", tag)
        await work_on.set_priority(work, number, "liqiang", Priority.URGENT)
        await house.tickets.appraise(work, number, 150_000)
        await work_on.resolve(work, ended, "chenjie", "已补登", Cause.CALLBACK_LOST)
        await work.commit()


async def _proposed(bureau: Bureau, number: str) -> str:
    house = bureau.house
    now, [line, *_] = house.clock.now(), await bureau.colleague.statement_lines(TWO_LINES)
    proposal = Proposal(
        reference=new_reference(now),
        ticket_number=number,
        serial_number=TWO_LINES,
        statement_line_id=line.statement_line_id,
        amount=line.amount,
        source=line.source.value,
        booked_at=line.booked_at,
        differs=line.differs,
        operator="liqiang",
        note="已核对付款截图和银行流水，金额、时间一致",
        state=ProposalState.PROPOSED,
        created_at=now,
    )
    async with house.work() as work:
        work.proposals.add(proposal)
        await work.commit()
    return proposal.reference


async def _oversight(house: WebHouse, ticket: Ticket) -> None:
    now = house.clock.now()
    async with house.work() as work:
        await house.accounts.add(work, "sunyue", "孙悦", Role.AGENT)
        data = {"promise": "answer", "priority": "high", "due": (now - timedelta(minutes=20)).isoformat()}
        work.alerts.add(AlertKind.TICKET_OVERDUE, ticket.number, now, data)
        work.alerts.add(AlertKind.ENUMERATION, f"rest:{ticket.conversation_id}", now, {"numbers": "6"})
        work.agents.record("liqiang", "resident_revealed", f"{ticket.number} call_back", now)
        work.misunderstandings.add("侬帮我看看伐", "query_status", "greet", 0.3, "below_threshold", now)
        work.api_tokens.add("市局工单系统", "0" * 64, "hd_…3f2a", (), "zhouli", now, now + timedelta(days=90))
        await work.commit()


async def _outward(house: WebHouse) -> None:
    now = house.clock.now()
    async with house.work() as work:
        work.webhooks.add("市局工单系统", "https://tickets.example/hook", CHOICES, True, b"", "zhouli", now)
        await work.commit()
    await house.open_ticket("resident-6", SERIAL["0210"])
    async with house.work() as work:
        [due, *_] = await work.webhooks.due(now, 9)
        work.webhooks.hold(due, "here", now)
        seen = {"answer": "<h1>Bad gateway</h1>", "error": "", "milliseconds": 10_000}
        work.webhooks.end(due.id, "here", DeliveryState.GIVEN_UP, now, status=502, **seen)
        await work.commit()


async def _undelivered(house: WebHouse) -> None:
    """A line to a resident on Telegram that the platform refused for good."""
    now = house.clock.now()
    async with house.work() as work:
        conversation = await work.conversations.open(Contact("telegram", "77"), now, "zh")
        work.lines.add(conversation, Reply("您的工单有新进展。", author=Author.SYSTEM), now)
        await work.commit()
        [head] = await work.outbox.heads(now)
        work.outbox.mark_dead(head.id, "403 bot was blocked by the user")
        await work.commit()


async def _requested(house: WebHouse, ticket: Ticket) -> tuple[int, str]:
    now = house.clock.now()
    due = now + timedelta(days=3)
    sent = ReconciliationRequest("DZ2026112300012", OVERDUE, RequestStatus.INVESTIGATING, None, now, due)
    claimed = {"channel": "wechat_pay", "amount": 4000, "paid_on": "2026-11-20"}
    async with house.work() as work:
        work.requests.add(ticket.conversation_id, sent, OVERDUE, claimed, due)
        await work.commit()
    return ticket.conversation_id, sent.request_id
