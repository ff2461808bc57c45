"""A real desk, database and web application over a scripted dialogue, for the tests of what answers HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any, Mapping, Optional, Sequence

from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from bot.announcer import Announcer
from bot.attachments.sending import SendingService
from bot.clock import SHANGHAI
from bot.console.service import AccountsService
from bot.desk import Desk
from bot.messages import Button, Contact, Conversation, ConversationStatus, Reply
from bot.notifications.service import WatchesService
from bot.reconciliation.execution import Execution
from bot.reconciliation.lookup import StaffLookup, StaffSystem
from bot.reconciliation.service import ReconciliationService
from bot.reconciliation.telling import Telling
from bot.reconciliation.trail import Trail
from bot.requests.links import RequestLinks
from bot.requests.service import RequestsService
from bot.seal import Seal
from bot.statistics.service import StatisticsService
from bot.storage.database import migrate, open_database
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.casework import Casework
from bot.tickets.deadlines import Deadlines
from bot.tickets.hours import WorkingHours
from bot.tickets.model import HandoffReason, Ticket
from bot.tickets.service import TicketsService
from bot.turn import Turn
from bot.web import WebParts, create_web_app
from bot.webhooks.addresses import Addresses, networks_of
from bot.webhooks.service import WebhooksService

SECRET = "a secret for tests only"
MOST_BYTES = 1024 * 1024
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
NO_PAYMENTS: Any = None
CHOICES = (Button("查我的缴费", "/query_status"), Button("为什么未对账", "/faq_why_unreconciled"))


class FakeClock:
    """A clock that stands still until it is moved; a `live` one runs on from its start."""

    def __init__(self, now: datetime = MONDAY, live: bool = False) -> None:
        self._now = now
        self._started = monotonic() if live else None

    def now(self) -> datetime:
        passed = monotonic() - self._started if self._started is not None else 0
        return self._now + timedelta(seconds=passed)

    def move(self, by: timedelta) -> None:
        self._now += by


class FakePhrases:
    """Says the name of what it should say, with the values."""

    def say(self, name: str, language: str, /, **values: Any) -> Reply:
        said = " ".join([name, language, *(str(value) for value in values.values())])
        return Reply(text=said)


@dataclass
class ScriptedDialogue:
    """Answers what the script says, else repeats the message; opens a ticket when asked for a person."""

    script: Mapping[str, list[Reply]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    breaks: bool = False
    slot: Optional[str] = None

    async def awaiting(self, turn: Turn) -> Optional[str]:
        return self.slot

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        self.heard.append(text)
        if self.breaks:
            raise RuntimeError("scripted")
        if text == "/greet":
            return [Reply("您好，我是户政缴费助手。", buttons=CHOICES)]
        if "人工" in text or text == "/request_human":
            opened = await turn.services.tickets.open(
                turn.work, turn.conversation, HandoffReason.CUSTOMER_REQUEST, "4200000925202101284997714292",
                {"state": "unreconciled", "paid_at": "2026-11-20T09:30:00+08:00", "amount_fen": "4000"},
            )  # fmt: skip
            turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)
            return [Reply(f"已转人工，工单 {opened.ticket.number}。")]
        return list(self.script.get(text, [Reply(f"收到：{text}")]))

    def knows(self, payload: str) -> bool:
        return payload.startswith("/")

    async def together(self, texts: Sequence[str]) -> int:
        return 1


@dataclass
class WebHouse:
    """Everything a web test looks at."""

    engine: AsyncEngine
    work: UnitOfWorkFactory
    clock: FakeClock
    dialogue: ScriptedDialogue
    desk: Desk
    tickets: TicketsService
    casework: Casework
    accounts: AccountsService
    announcer: Announcer
    app: Starlette
    notified: list[int]

    async def open_ticket(
        self,
        user_id: str = "resident-1",
        serial_number: Optional[str] = None,
        reason: HandoffReason = HandoffReason.CUSTOMER_REQUEST,
        channel: str = "rest",
    ) -> Ticket:
        """A ticket of a resident who has said nothing yet."""
        async with self.work() as work:
            conversation = await work.conversations.open(Contact(channel, user_id), self.clock.now(), "zh")
            opened = await self.tickets.open(work, conversation, reason, serial_number)
            await work.commit()
        return opened.ticket

    async def conversation(self, ticket: Ticket) -> Conversation:
        """A ticket's conversation."""
        async with self.work() as work:
            found = await work.conversations.get(ticket.conversation_id)
        assert found is not None
        return found

    async def ticket(self, number: str) -> Ticket:
        """A ticket as stored."""
        async with self.work() as work:
            found = await work.tickets.get(number)
        assert found is not None
        return found

    async def aclose(self) -> None:
        await self.engine.dispose()


async def parse(text: str) -> dict[str, Any]:
    """What Rasa's parser would answer."""
    intent = {"name": "greet", "confidence": 0.9}
    return {"text": text, "intent": intent, "entities": [], "intent_ranking": [intent]}


async def open_web_house(
    folder: Path,
    clock: Optional[FakeClock] = None,
    phrases: Any = None,
    staff: Optional[StaffSystem] = None,
    four_eyes_fen: int = 100_000,
    database_url: str = "",
    **changes: Any,
) -> WebHouse:
    """Builds the house on a new SQLite file in `folder`, or another database; `changes` replace web parts.

    `staff` is the reconciliation system with the staff's key; without it there is none.
    """
    engine = open_database(database_url or f"sqlite+aiosqlite:///{folder / 'web.sqlite'}")
    await migrate(engine)
    clock = clock or FakeClock()
    phrases = phrases or FakePhrases()
    work, announcer, dialogue = UnitOfWorkFactory(engine), Announcer(), ScriptedDialogue()
    deadlines = Deadlines.usual(WorkingHours(time(9), time(17, 30)))
    tickets = TicketsService(clock, deadlines, phrases)
    casework = Casework(clock, phrases, deadlines)
    services: Any = SimpleNamespace(clock=clock, phrases=phrases, tickets=tickets, casework=casework)
    desk = Desk(work, dialogue, services, Seal(SECRET), phrases, announcer)
    accounts = AccountsService(clock, SECRET, QUICK)
    notified: list[int] = []
    watches, trail = WatchesService(clock, phrases, timedelta(days=30)), Trail(clock, phrases)
    requests = RequestsService(NO_PAYMENTS, clock, phrases, RequestLinks(SECRET, "http://desk.example"))
    telling = Telling(watches, requests, clock, phrases)
    lookup = StaffLookup(staff)
    execution = Execution(lookup, work, telling, clock, trail, announcer.announce, lambda: notified.append(1))
    parts: dict[str, Any] = {
        "desk": desk,
        "work": work,
        "tickets": tickets,
        "casework": casework,
        "accounts": accounts,
        "clock": clock,
        "announcer": announcer,
        "notify": lambda: notified.append(1),
        "phrases": phrases,
        "sending": SendingService(work, Seal(SECRET), clock, most=MOST_BYTES),
        "payments": NO_PAYMENTS,
        "reconciliation": ReconciliationService(lookup, execution, work, clock, trail, four_eyes_fen),
        "statistics": StatisticsService(work, clock, deadlines.hours, timedelta(hours=1)),
        "webhooks": WebhooksService(clock, Seal(SECRET), Addresses(networks_of("127.0.0.1, ::1"))),
        "notify_webhooks": lambda: None,
        "parse": parse,
        "checks": {},
        "secret_key": SECRET,
        **changes,
    }
    app = create_web_app(WebParts(**parts))
    return WebHouse(
        engine, work, clock, dialogue, desk, tickets, casework, accounts, announcer, app, notified
    )
