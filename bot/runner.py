"""The process: starts everything in order, says where it is, and ends within ten seconds when told to."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from typing import Any, Awaitable, Callable, Optional

import structlog

from bot.bootstrap import House, build_house
from bot.channels.requests import request_routes
from bot.channels.telegram.channel import TelegramChannel
from bot.console.service import AccountsService
from bot.desk import Desk
from bot.dialogue.engine import RasaDialogue
from bot.dialogue.training import train
from bot.notifications.email import EmailSender
from bot.notifications.place import Place
from bot.notifications.relay import OutboxRelay, Sender
from bot.notifications.slips import Slips
from bot.notifications.sms import SmsSender
from bot.notifications.watcher import Watcher
from bot.requests.follower import RequestsFollower
from bot.sandbox.app import create_app as create_sandbox
from bot.seal import Seal
from bot.servers import AddressInUse, RunningServer, listen, serve
from bot.settings import Settings
from bot.storage.database import migrate, ping
from bot.storage.outbox_queue import queue_for
from bot.tickets.sweeper import Sweeper
from bot.web import WebParts, create_web_app

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 3.0
ANSWER_SECONDS = 3.0

Say = Callable[[str], None]


def run(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit status."""
    return asyncio.run(_run(settings, _say))


def chat(settings: Settings, language: str) -> int:
    """Talks at this terminal until the input ends."""
    return asyncio.run(_chat(settings, language))


async def _run(settings: Settings, say: Say) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        try:
            web = listen(settings.http_host, settings.http_port)
        except AddressInUse as error:
            say(f"{error} (set HTTP_PORT to another one)")
            return 1
        stack.callback(web.close)
        sandbox = await _start_sandbox(settings, stack)
        house = build_house(settings, settings.reconciliation_api_url or (sandbox.url if sandbox else ""))
        stack.push_async_callback(house.aclose)
        stack.push_async_callback(house.dispatcher.aclose)
        await migrate(house.engine)
        say("loading the model ...")
        dialogue = RasaDialogue.load(train(settings.models_dir))
        desk = house.desk(dialogue)
        senders: dict[str, Sender] = {}
        place = Place(settings.data_dir)
        stack.callback(place.leave)
        slips = Slips(place.slips, place.others)
        stack.callback(slips.close)
        queue = queue_for(house.engine, house.work, place.holder)
        relay = OutboxRelay(house.work, senders, house.clock, slips=slips, queue=queue)
        telegram = _telegram(settings, house, desk, relay)
        if telegram:
            senders["telegram"] = telegram.sender
            house.attachments.sources["telegram"] = telegram.files
            telegram.sender.papers = house.paper_of
        senders.update(_notice_senders(settings, house, stack))
        app = create_web_app(_web_parts(house, desk, dialogue, relay, telegram))
        server = RunningServer(app, web)
        await server.started()
        background = _start_background(house, desk, relay)
        try:
            if telegram:
                await telegram.start()
            await _say_where(settings, house, server, sandbox, telegram, say)
            await stop.wait()
            say("stopping ...")
        finally:
            await _stop(server, telegram, relay, background)
    return 0


async def _start_sandbox(settings: Settings, stack: AsyncExitStack) -> Optional[RunningServer]:
    if not settings.uses_sandbox:
        return None
    sandbox = await serve(create_sandbox(), "127.0.0.1", settings.sandbox_port, fallback=True)
    stack.push_async_callback(sandbox.stop)
    return sandbox


def _telegram(settings: Settings, house: House, desk: Desk, relay: OutboxRelay) -> Optional[TelegramChannel]:
    if not settings.telegram_bot_token:
        return None
    return TelegramChannel(
        desk,
        house.work,
        house.phrases,
        token=settings.telegram_bot_token,
        secret=house.secret,
        notify=relay.notify,
        sending=house.sending,
        api_base_url=settings.telegram_api_base_url,
        webhook_url=settings.telegram_webhook_url,
        messages_per_second=settings.telegram_messages_per_second,
        chat_messages_per_second=settings.telegram_chat_messages_per_second,
        leadership=house.leadership,
    )


def _notice_senders(settings: Settings, house: House, stack: AsyncExitStack) -> dict[str, Sender]:
    """Notices besides the chat, where the operator set them up."""
    senders: dict[str, Sender] = {}
    seal = Seal(house.secret)
    if settings.smtp_url:
        senders["email"] = EmailSender(house.work, seal, settings.smtp_url, settings.smtp_from)
    if settings.sms_gateway_url:
        sms = SmsSender(house.work, seal, settings.sms_gateway_url, settings.sms_gateway_key)
        stack.push_async_callback(sms.aclose)
        senders["sms"] = sms
    return senders


def _web_parts(
    house: House,
    desk: Desk,
    dialogue: RasaDialogue,
    relay: OutboxRelay,
    telegram: Optional[TelegramChannel],
) -> WebParts:
    return WebParts(
        desk=desk,
        work=house.work,
        tickets=house.services.tickets,
        casework=house.services.casework,
        accounts=AccountsService(house.clock, house.secret),
        clock=house.clock,
        announcer=house.announcer,
        notify=relay.notify,
        phrases=house.phrases,
        sending=house.sending,
        parse=dialogue.parse,
        payments=house.services.payments,
        reconciliation=house.reconciliation(relay.notify),
        statistics=house.statistics,
        webhooks=house.webhooks,
        notify_webhooks=house.dispatcher.notify,
        checks=_checks(house),
        secret_key=house.secret,
        rest_token=house.settings.rest_token,
        public_address=house.settings.public_url,
        extra_routes=[
            *(telegram.routes() if telegram else ()),
            *request_routes(house.services.requests, house.work, house.clock, house.phrases),
        ],
    )


def _checks(house: House) -> dict[str, Callable[[], Awaitable[Any]]]:
    async def database() -> None:
        await ping(house.engine)

    async def model() -> None:
        """The model is loaded before this page is served at all."""

    return {"model": model, "database": database, "reconciliation": house.client.health}


def _start_background(house: House, desk: Desk, relay: OutboxRelay) -> list["asyncio.Task[Any]"]:
    sweeper = Sweeper(
        house.work,
        house.services.casework,
        house.deadlines,
        house.phrases,
        house.announcer.announce,
        relay.notify,
        house.clock,
    )
    watcher = Watcher(
        house.work,
        house.client,
        house.services.watches,
        house.announcer.announce,
        relay.notify,
        house.clock,
    )
    follower = RequestsFollower(
        house.work, house.services.requests, house.announcer.announce, relay.notify, house.clock
    )

    return [
        asyncio.create_task(desk.run()),
        asyncio.create_task(house.statistics.run()),
        asyncio.create_task(house.dispatcher.run()),
        asyncio.create_task(relay.run()),
        asyncio.create_task(house.leadership.lead("watcher", watcher.run)),
        asyncio.create_task(house.leadership.lead("sweeper", sweeper.run)),
        asyncio.create_task(house.reconciliation(relay.notify).execution.run()),
        asyncio.create_task(house.leadership.lead("requests", follower.run)),
    ]


async def _stop(
    server: RunningServer,
    telegram: Optional[TelegramChannel],
    relay: OutboxRelay,
    background: list["asyncio.Task[Any]"],
) -> None:
    # Side by side: each of them may take its time, and all together have ten seconds.
    inlets = [server.stop(), *([telegram.stop(ANSWER_SECONDS)] if telegram else [])]
    await asyncio.gather(*inlets)
    await relay.drain(DRAIN_SECONDS)
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    if telegram:
        await telegram.close()


async def _say_where(
    settings: Settings,
    house: House,
    server: RunningServer,
    sandbox: Optional[RunningServer],
    telegram: Optional[TelegramChannel],
    say: Say,
) -> None:
    say("")
    say(f"  web chat   {server.url}/")
    say(f"  console    {server.url}/console")
    accounts = AccountsService(house.clock, house.secret)
    async with house.work() as work:
        token = await accounts.setup_token(work)
    if token:
        say(f"             first account: {server.url}/console/setup/{token}")
    if sandbox:
        say(f"  sandbox    {sandbox.url}/   payments to try, faults, clock")
    else:
        say(f"  payments   {settings.reconciliation_api_url}")
    say(f"  telegram   {'on' if telegram else 'off (set TELEGRAM_BOT_TOKEN)'}")
    say("")
    say("ready; Ctrl-C stops it")


async def _chat(settings: Settings, language: str) -> int:
    from bot.channels.terminal import chat as talk
    from bot.channels.terminal import standard_input

    async with AsyncExitStack() as stack:
        sandbox = await _start_sandbox(settings, stack)
        house = build_house(settings, settings.reconciliation_api_url or (sandbox.url if sandbox else ""))
        stack.push_async_callback(house.aclose)
        await migrate(house.engine)
        desk = house.desk(RasaDialogue.load(train(settings.models_dir)))
        if sandbox:
            _say(f"sandbox payments: {sandbox.url}/")
        await talk(desk, language, standard_input())
    return 0


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
