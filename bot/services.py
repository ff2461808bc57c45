"""The services that actions use, wired once by `bot/bootstrap.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.notifications.addresses import AddressesService
from bot.notifications.service import WatchesService
from bot.payments.service import PaymentsService
from bot.personal_data import PersonalDataService
from bot.phrasebook import Phrases
from bot.requests.service import RequestsService
from bot.tickets.casework import Casework
from bot.tickets.satisfaction import Satisfaction
from bot.tickets.service import TicketsService


@dataclass(frozen=True)
class Services:
    """Everything a turn can call; none of them knows Rasa, HTTP or SQL."""

    clock: Clock
    phrases: Phrases
    payments: PaymentsService
    tickets: TicketsService
    casework: Casework
    watches: WatchesService
    personal_data: PersonalDataService
    satisfaction: Satisfaction
    requests: RequestsService
    addresses: AddressesService
