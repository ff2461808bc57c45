"""The only place where services meet adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Callable, Optional

import httpx

from bot.announcer import Announcer
from bot.attachments.sending import SendingService
from bot.attachments.service import AttachmentsService
from bot.clerk import Dialogue
from bot.clock import Clock, SystemClock
from bot.desk import Desk
from bot.notifications.addresses import AddressesService, AddressKind
from bot.notifications.quiet import QuietHours
from bot.notifications.service import WatchesService
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.service import OwnershipLimits, PaymentsService
from bot.personal_data import PersonalDataService
from bot.phrasebook import Phrasebook, Phrases
from bot.reconciliation.amounts import RecordedAmounts
from bot.reconciliation.execution import Execution
from bot.reconciliation.lookup import StaffLookup
from bot.reconciliation.service import ReconciliationService
from bot.reconciliation.telling import Telling
from bot.reconciliation.trail import Trail
from bot.requests.links import RequestLinks
from bot.requests.service import RequestsService
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from bot.seal import Seal, secret_key
from bot.services import Services
from bot.settings import Settings, load_settings
from bot.statistics.service import StatisticsService
from bot.storage.database import Database, migrate, open_database
from bot.storage.file_pen import pen_for
from bot.storage.leadership import Leadership, leadership_for
from bot.storage.ownership import StoredOwnershipAttempts
from bot.storage.turnstile import Turnstile, turnstile_for
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.appraiser import Appraiser
from bot.tickets.casework import Casework
from bot.tickets.deadlines import FIRST_RESPONSE, RESOLUTION, Deadlines, targets_of
from bot.tickets.hours import WorkingHours
from bot.tickets.satisfaction import Satisfaction
from bot.tickets.service import TicketsService
from bot.webhooks.addresses import Addresses as ReceiverAddresses
from bot.webhooks.addresses import networks_of
from bot.webhooks.dispatcher import WebhookDispatcher
from bot.webhooks.sender import WebhookSender
from bot.webhooks.service import WebhooksService

MIB = 1024 * 1024
REFUSAL_BEAT = 0.3
"""Seconds: longer than a look-up usually takes."""


@dataclass(frozen=True)
class House:
    """Everything wired: what the channels, the console and the background readers stand on."""

    settings: Settings
    secret: str
    clock: Clock
    deadlines: Deadlines
    engine: Database
    work: UnitOfWorkFactory
    phrases: Phrases
    client: ReconciliationClient
    staff: Optional[ReconciliationClient]
    services: Services
    announcer: Announcer
    turnstile: Turnstile
    leadership: Leadership
    statistics: StatisticsService
    webhooks: WebhooksService
    dispatcher: WebhookDispatcher
    webhook_sender: WebhookSender
    attachments: AttachmentsService
    sending: SendingService

    def desk(self, dialogue: Dialogue) -> Desk:
        """The desk over a dialogue."""
        return Desk(
            work=self.work,
            dialogue=dialogue,
            services=self.services,
            seal=Seal(self.secret),
            phrases=self.phrases,
            announcer=self.announcer,
            message_max_chars=self.settings.message_max_chars,
            flood_messages_per_minute=self.settings.flood_messages_per_minute,
            turnstile=self.turnstile,
            session_idle=timedelta(hours=self.settings.session_idle_hours),
            attachments=self.attachments,
        )

    def reconciliation(self, notify: Callable[[], None]) -> ReconciliationService:
        """Manual reconciliation; `notify` wakes whoever sends the outbox."""
        trail = Trail(self.clock, self.phrases)
        lookup = StaffLookup(self.staff)
        telling = Telling(self.services.watches, self.services.requests, self.clock, self.phrases)
        execution = Execution(lookup, self.work, telling, self.clock, trail, self.announcer.announce, notify)
        limit = self.settings.reconciliation_four_eyes_fen
        return ReconciliationService(lookup, execution, self.work, self.clock, trail, limit)

    def appraiser(self) -> Optional[Appraiser]:
        """Who asks what cases are about in money; None without the staff's key."""
        if self.staff is None:
            return None
        amounts = RecordedAmounts(self.client, StaffLookup(self.staff))
        return Appraiser(self.work, amounts.of, self.services.tickets)

    async def paper_of(self, conversation_id: int, request_id: str) -> Optional[bytes]:
        """The receipt of a reconciliation request, for channels that hand documents over."""
        async with self.work() as work:
            return await self.services.requests.paper_of(work, conversation_id, request_id)

    async def aclose(self) -> None:
        """Closes connections."""
        await self.client.aclose()
        await self.webhook_sender.aclose()
        if self.staff:
            await self.staff.aclose()
        await self.turnstile.aclose()
        await self.engine.dispose()


def build_house(
    settings: Settings,
    reconciliation_url: str,
    clock: Optional[Clock] = None,
    transport: Optional[httpx.AsyncBaseTransport] = None,
) -> House:
    """Wires the product for these settings; `reconciliation_url` is the real system's or the sandbox's."""
    clock = clock or SystemClock()
    phrases = Phrasebook.load()
    engine = open_database(settings.database_url)
    work = UnitOfWorkFactory(engine, pen_for(engine))
    turnstile = turnstile_for(engine)
    client = ReconciliationClient(_client_config(settings, reconciliation_url), transport, clock)
    staff = _staff_config(settings, reconciliation_url)
    secret = secret_key(settings.secret_key, settings.data_dir)
    quiet = QuietHours(settings.quiet_from, settings.quiet_until)
    links = RequestLinks(secret, settings.public_address)
    addresses = AddressesService(clock, phrases, Seal(secret), _ways(settings))
    payments = PaymentsService(
        client,
        StoredOwnershipAttempts(work),
        clock,
        OwnershipLimits(
            per_contact=settings.ownership_tries,
            per_serial=settings.ownership_tries,
            window=timedelta(minutes=settings.ownership_window_minutes),
            beat=REFUSAL_BEAT,
        ),
        turnstile=turnstile,
    )
    deadlines = _deadlines(settings)
    services = Services(
        clock=clock,
        phrases=phrases,
        payments=payments,
        tickets=TicketsService(
            clock,
            deadlines,
            phrases,
        ),
        casework=Casework(clock, phrases, deadlines),
        watches=WatchesService(
            clock, phrases, timedelta(days=settings.watch_days), quiet, settings.remind_at, addresses
        ),
        personal_data=PersonalDataService(),
        satisfaction=Satisfaction(clock, phrases),
        requests=RequestsService(client, clock, phrases, links, quiet, addresses),
        addresses=addresses,
    )
    receivers = ReceiverAddresses(networks_of(settings.webhook_allow_private))
    webhook_sender = WebhookSender(receivers)
    return House(
        settings=settings,
        secret=secret,
        clock=clock,
        deadlines=deadlines,
        engine=engine,
        work=work,
        phrases=phrases,
        client=client,
        staff=ReconciliationClient(staff, transport, clock) if staff else None,
        services=services,
        announcer=Announcer(),
        statistics=StatisticsService(
            work, clock, deadlines.hours, timedelta(minutes=settings.session_gap_minutes)
        ),
        webhooks=WebhooksService(clock, Seal(secret), receivers),
        dispatcher=WebhookDispatcher(work, webhook_sender, Seal(secret), clock),
        webhook_sender=webhook_sender,
        turnstile=turnstile,
        leadership=leadership_for(engine),
        attachments=AttachmentsService(
            work,
            Seal(secret),
            clock,
            phrases,
            most=settings.attachment_max_mib * MIB,
            most_a_day=settings.attachments_daily_mib * MIB,
        ),
        sending=SendingService(work, Seal(secret), clock, most=settings.attachment_max_mib * MIB),
    )


async def standalone_house() -> House:
    """The house for Rasa's own servers: settings from the environment, the sandbox in this process."""
    settings = load_settings()
    transport: Optional[httpx.AsyncBaseTransport] = None
    if settings.uses_sandbox:
        from bot.sandbox.app import create_app

        transport = httpx.ASGITransport(app=create_app())
    house = build_house(settings, settings.reconciliation_api_url or "http://sandbox", transport=transport)
    await migrate(house.engine)
    return house


def _deadlines(settings: Settings) -> Deadlines:
    hours = WorkingHours(settings.work_from, settings.work_until)
    return Deadlines(
        hours,
        targets_of(settings.first_response, hours.day, FIRST_RESPONSE),
        targets_of(settings.resolution, hours.day, RESOLUTION),
    )


def _ways(settings: Settings) -> list[AddressKind]:
    """By what residents can be told besides the chat."""
    set_up = {AddressKind.EMAIL: settings.smtp_url, AddressKind.SMS: settings.sms_gateway_url}
    return [kind for kind, url in set_up.items() if url]


def _client_config(settings: Settings, url: str) -> ClientConfig:
    key = settings.reconciliation_api_key
    if not key and settings.uses_sandbox:
        key = RESIDENT_KEY
    return ClientConfig(base_url=url, api_key=key)


def _staff_config(settings: Settings, url: str) -> Optional[ClientConfig]:
    """None without a key: what staff may ask, the residents' key may not."""
    key = settings.reconciliation_staff_api_key or (STAFF_KEY if settings.uses_sandbox else "")
    return ClientConfig(base_url=url, api_key=key) if key else None
