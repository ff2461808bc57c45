"""Everything between a resident's telephone and the database, with a dialogue that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import time
from types import SimpleNamespace
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.announcer import Announcer
from bot.attachments.sending import SendingService
from bot.attachments.service import AttachmentsService
from bot.channels.telegram import ChannelState, TelegramChannel
from bot.clock import SystemClock
from bot.desk import Desk
from bot.messages import Button, Contact, Reply
from bot.notifications.relay import OutboxRelay
from bot.seal import Seal
from bot.storage.tables import outbox
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.tickets.deadlines import Deadlines
from bot.tickets.hours import WorkingHours
from bot.tickets.service import TicketsService
from bot.turn import Turn
from tests.doubles.bot_api import BotApi

LONG_PAYLOAD = '/query_status{"serial_number": "4200002611202611200000000101", "note": "复核之后再查一次"}'
KNOWN = ("/greet", "/query_status", "/provide_serial", "/request_human")
SECRET = "a secret for this test"
MOST_A_DAY = 3 * 1024 * 1024


class Script:
    """A dialogue that says what it was told to, and else repeats what it heard."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Reply]] = {}
        self.heard: list[str] = []
        self.slow: dict[str, asyncio.Event] = {}

    async def awaiting(self, turn: Turn) -> str | None:
        return None

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        self.heard.append(text)
        if text in self.slow:
            await self.slow[text].wait()
        return self.lines.get(text, [Reply(text=f"heard {text}")])

    def knows(self, payload: str) -> bool:
        return payload.startswith(KNOWN)

    async def together(self, texts: Sequence[str]) -> int:
        return 1


class Words:
    """Says the name of what it would say, with the buttons that a test gives it."""

    def __init__(self) -> None:
        self.buttons: dict[str, tuple[Button, ...]] = {}

    def say(self, name: str, language: str, **values: Any) -> Reply:
        text = " ".join([name, language, *map(str, values.values())])
        return Reply(text=text, buttons=self.buttons.get(name, ()))


class FailingWork:
    """Units of work on the engine; the next `failures` commits break, and `gate` holds them all."""

    def __init__(self, engine: Any) -> None:
        self._make = UnitOfWorkFactory(engine)
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def __call__(self) -> UnitOfWork:
        made = self._make()
        commit = made.commit

        async def held() -> None:
            await self.gate.wait()
            if self.failures:
                self.failures -= 1
                raise OperationalError("commit", {}, Exception("disk I/O error"))
            await commit()

        made.commit = held  # type: ignore[method-assign]
        return made


class TelegramHouse:
    """Everything between a resident's telephone and the database."""

    def __init__(self, api: BotApi, engine: Any, webhook_url: str = "", **more: Any) -> None:
        self.api = api
        self.engine = engine
        self.accepting = FailingWork(engine)
        self.work = FailingWork(engine)
        self.dialogue = Script()
        seal = Seal("k" * 20)
        self.phrases = Words()
        deadlines = Deadlines.usual(WorkingHours(time(9), time(17, 30)))
        tickets = TicketsService(SystemClock(), deadlines, self.phrases)
        services: Any = SimpleNamespace(clock=SystemClock(), tickets=tickets)
        self.attachments = AttachmentsService(
            self.work,
            seal,
            SystemClock(),
            Words(),
            most=1024 * 1024,
            most_a_day=MOST_A_DAY,
            jitter=lambda: 0.0,
        )
        self.sending = SendingService(self.work, seal, SystemClock(), most=1024 * 1024)
        self.desk = Desk(
            self.accepting,  # type: ignore[arg-type]
            self.dialogue,
            services,
            seal,
            self.phrases,
            Announcer(),
            attachments=self.attachments,
        )
        senders: dict[str, Any] = {}
        self.relay = OutboxRelay(self.work, senders, SystemClock(), jitter=lambda: 0.0)  # type: ignore[arg-type]
        self.channel = TelegramChannel(
            self.desk,
            self.work,  # type: ignore[arg-type]
            self.phrases,
            token=api.token,
            secret=SECRET,
            notify=self.relay.notify,
            sending=self.sending,
            api_base_url=api.url,
            webhook_url=webhook_url,
            poll_seconds=2,
            **more,
        )
        senders["telegram"] = self.channel.sender
        self.attachments.sources["telegram"] = self.channel.files

    async def open(self) -> None:
        await self.channel.start()
        self._running = asyncio.create_task(self.relay.run())

    async def close(self) -> None:
        await self.channel.stop(2)
        await self.relay.drain(2)
        await self._running
        await self.channel.close()

    async def crash(self) -> None:
        """Ends without confirming anything."""
        await self.relay.drain(1)
        await self._running
        self.channel.state = ChannelState.STARTING
        await self.channel.stop(0)
        await self.channel.close()

    async def states(self, chat_id: int) -> list[str]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                outbox.select().where(outbox.c.user_id == str(chat_id)).order_by(outbox.c.id)
            )
            return [row.state for row in rows]

    async def tell(self, chat_id: int, reply: Reply) -> None:
        """Says something outside a turn, as an agent or a watch does."""
        conversation = await self.desk.conversation_of(Contact("telegram", str(chat_id)))
        assert conversation
        async with self.work() as work:
            work.lines.add(conversation, reply, SystemClock().now())
            await work.commit()
        self.relay.notify()


def texts(api: BotApi, chat_id: int) -> list[str]:
    return [one.text for one in api.replies(chat_id)]


async def until(condition: Any) -> None:
    for _ in range(500):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not seen in time")


async def true(value: bool) -> bool:
    return value


async def equal(actual: Any, expected: object) -> bool:
    return bool(await actual == expected)
