"""One process or WORKERS: starts everything in order, says where it is, ends within ten seconds."""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Optional

import structlog
import uvloop

from bot.bootstrap import House, build_house
from bot.channels.requests import request_routes
from bot.clock import SystemClock
from bot.console.service import AccountsService
from bot.desk import Desk
from bot.dialogue.engine import RasaDialogue
from bot.dialogue.training import model_path, train
from bot.notifications.email import EmailSender
from bot.notifications.place import Place
from bot.notifications.relay import OutboxRelay, Sender
from bot.notifications.slips import Slips
from bot.notifications.sms import SmsSender
from bot.notifications.watcher import Watcher
from bot.requests.follower import RequestsFollower
from bot.sandbox.app import create_app as create_sandbox
from bot.seal import Seal, secret_key
from bot.servers import AddressInUse, IsFair, RunningServer, Shares, address_of, listen, serve
from bot.settings import Settings
from bot.storage.database import migrate, open_database, ping
from bot.storage.outbox_queue import queue_for
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.sweeper import Sweeper
from bot.web import WebParts, create_web_app
from bot.workers import Job, Tether, Workers

if TYPE_CHECKING:
    from bot.channels.telegram.channel import TelegramChannel

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 3.0
ANSWER_SECONDS = 3.0
TELEGRAM = "bot.channels.telegram.channel"


def run(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit status."""
    uvloop.install()
    if settings.links_stay_here:
        log.warning("links_open_on_this_machine_only", links=settings.public_address, set="PUBLIC_URL")
    return asyncio.run(_run(settings)) if settings.workers == 1 else _run_many(settings)


def chat(settings: Settings, language: str) -> int:
    """Talks at this terminal until the input ends."""
    return asyncio.run(_chat(settings, language))


@dataclass(frozen=True)
class _Started:
    """What serving stands on; `bureau` is where the reconciliation system is."""

    web: socket.socket
    bureau: str
    dialogue: RasaDialogue


async def _run(settings: Settings) -> int:
    """Everything in this process."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        web = _listen(settings)
        if web is None:
            return 1
        stack.callback(web.close)
        sandbox = await _start_sandbox(settings, stack)
        link = await _prepare(settings)
        started = _Started(web, sandbox.url if sandbox else _bureau(settings), _load(settings))
        await _serve(settings, started, stop, lambda: _say_where(settings, started, link))
    return 0


def _run_many(settings: Settings) -> int:
    """The same in WORKERS processes, with the sandbox in one of its own."""
    with ExitStack() as stack:
        web = _listen(settings)
        if web is None:
            return 1
        stack.callback(web.close)
        link = asyncio.run(_prepare(settings))
        jobs: list[Job] = []
        sockets = [web]
        bureau = _bureau(settings)
        if settings.uses_sandbox:
            listening = listen("127.0.0.1", settings.sandbox_port, fallback=True)
            stack.callback(listening.close)
            jobs.append(Job("sandbox", lambda tether: asyncio.run(_be_sandbox(listening, tether)), True))
            sockets.append(listening)
            bureau = address_of(listening)
        started = _Started(web, bureau, _load(settings))

        shares = Shares(settings.workers)

        def work(number: int, tether: Tether) -> int:
            return asyncio.run(_be_worker(settings, started, partial(shares.is_fair, number), tether))

        jobs += [Job(f"worker {number + 1}", partial(work, number)) for number in range(settings.workers)]
        workers = Workers(jobs, sockets)
        return workers.run(lambda: _say_where(settings, started, link), lambda: _say("stopping ..."))


async def _be_sandbox(listening: socket.socket, tether: Tether) -> int:
    stop = tether.stop()
    sandbox = RunningServer(create_sandbox(), listening)
    await sandbox.started()
    tether.ready()
    await stop.wait()
    await sandbox.stop()
    return 0


async def _be_worker(settings: Settings, started: _Started, is_fair: IsFair, tether: Tether) -> int:
    await _serve(settings, started, tether.stop(), tether.ready, is_fair)
    return 0


def _listen(settings: Settings) -> Optional[socket.socket]:
    """The socket of the pages and of REST; None, and said, when it cannot be had."""
    try:
        return listen(settings.http_host, settings.http_port)
    except AddressInUse as error:
        _say(f"{error} (set HTTP_PORT to another one)")
        return None


def _bureau(settings: Settings) -> str:
    return settings.reconciliation_api_url or ""


async def _prepare(settings: Settings) -> Optional[str]:
    """Brings the schema up to date; returns what the first account's link ends in, None when there is one."""
    engine = open_database(settings.database_url)
    try:
        await migrate(engine)
        accounts = AccountsService(SystemClock(), secret_key(settings.secret_key, settings.data_dir))
        async with UnitOfWorkFactory(engine)() as work:
            return await accounts.setup_token(work)
    finally:
        await engine.dispose()


def _load(settings: Settings) -> RasaDialogue:
    """The dialogue on its model, which a process of its own trains first where it is not there."""
    model = model_path(settings.models_dir)
    if not model.is_file():
        # Training leaves hundreds of megabytes behind in the process that did it.
        subprocess.run([sys.executable, "-m", "bot", "train"], check=False)  # noqa: S603
    _say("loading the model ...")
    dialogue = RasaDialogue.load(model)
    if settings.telegram_bot_token:
        importlib.import_module(TELEGRAM)  # only then, and before workers are forked, who share it
    gc.enable()
    return dialogue


async def _serve(
    settings: Settings,
    started: _Started,
    stop: asyncio.Event,
    ready: Callable[[], None],
    is_fair: Optional[IsFair] = None,
) -> None:
    """Serves until `stop` is set; calls `ready` once connections are accepted."""
    async with AsyncExitStack() as stack:
        house = build_house(settings, started.bureau)
        stack.push_async_callback(house.aclose)
        stack.push_async_callback(house.dispatcher.aclose)
        desk = house.desk(started.dialogue)
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
        app = create_web_app(_web_parts(house, desk, started.dialogue, relay, telegram))
        server = RunningServer(app, started.web, settings.trusted_proxies, is_fair)
        await server.started()
        background = _start_background(house, desk, relay)
        try:
            if telegram:
                await telegram.start()
            ready()
            await stop.wait()
            if settings.workers == 1:
                _say("stopping ...")
        finally:
            await _stop(server, telegram, relay, background)


async def _start_sandbox(settings: Settings, stack: AsyncExitStack) -> Optional[RunningServer]:
    if not settings.uses_sandbox:
        return None
    sandbox = await serve(create_sandbox(), "127.0.0.1", settings.sandbox_port, fallback=True)
    stack.push_async_callback(sandbox.stop)
    return sandbox


def _telegram(settings: Settings, house: House, desk: Desk, relay: OutboxRelay) -> Optional[TelegramChannel]:
    if not settings.telegram_bot_token:
        return None
    from bot.channels.telegram.channel import TelegramChannel

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
        # What Telegram allows the bot, all workers share.
        messages_per_second=settings.telegram_messages_per_second / settings.workers,
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
        accounts=AccountsService(house.clock, house.secret, turnstile=house.turnstile),
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

    execution = house.reconciliation(relay.notify).execution

    async def once_for_all() -> None:
        """What one process does for all that share the database."""
        led = [watcher.run(), sweeper.run(), follower.run(), house.statistics.run(), execution.run()]
        appraiser = house.appraiser()
        await asyncio.gather(*led, *([appraiser.run()] if appraiser else ()))

    return [
        asyncio.create_task(desk.run()),
        asyncio.create_task(relay.run()),
        asyncio.create_task(house.dispatcher.run()),
        asyncio.create_task(house.leadership.lead("background", once_for_all)),
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


def _say_where(settings: Settings, started: _Started, link: Optional[str]) -> None:
    url = address_of(started.web)
    _say("")
    _say(f"  web chat   {url}/")
    _say(f"  console    {url}/console")
    if link:
        _say(f"             first account: {url}/console/setup/{link}")
    if settings.uses_sandbox:
        _say(f"  sandbox    {started.bureau}/   payments to try, faults, clock")
    else:
        _say(f"  payments   {started.bureau}")
    _say(f"  telegram   {'on' if settings.telegram_bot_token else 'off (set TELEGRAM_BOT_TOKEN)'}")
    if settings.workers > 1:
        _say(f"  workers    {settings.workers}")
    _say("")
    _say("ready; Ctrl-C stops it")


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
