"""What the console works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from bot.announcer import Announcer
from bot.attachments.sending import SendingService
from bot.clock import Clock
from bot.console.service import AccountsService
from bot.payments.service import PaymentsService
from bot.phrasebook import Phrases
from bot.reconciliation.service import ReconciliationService
from bot.statistics.service import StatisticsService
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.casework import Casework
from bot.tickets.service import TicketsService
from bot.webhooks.service import WebhooksService


@dataclass(frozen=True)
class Office:
    """`notify` wakes whoever sends the outbox, after a commit that put something in it."""

    work: UnitOfWorkFactory
    tickets: TicketsService
    casework: Casework
    accounts: AccountsService
    clock: Clock
    announcer: Announcer
    notify: Callable[[], None]
    secret_key: str
    phrases: Phrases
    sending: SendingService
    payments: PaymentsService
    reconciliation: ReconciliationService
    statistics: StatisticsService
    webhooks: WebhooksService
    notify_webhooks: Callable[[], None]
    """Wakes whoever sends to webhooks."""
