"""Everything that answers HTTP, assembled into one application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from bot.announcer import Announcer
from bot.attachments.links import FileLinks
from bot.attachments.sending import SendingService
from bot.channels.files import file_routes
from bot.channels.gate import Gate
from bot.channels.health import Check, health_routes
from bot.channels.problems import Problem, answer_problem, problem_of
from bot.channels.rest import Parse, rest_routes
from bot.channels.web import web_routes
from bot.clock import Clock
from bot.console.app import console_routes
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.service import AccountsService
from bot.desk import Desk
from bot.errors import HelpdeskError
from bot.payments.service import PaymentsService
from bot.phrasebook import Phrases
from bot.reconciliation.service import ReconciliationService
from bot.statistics.service import StatisticsService
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.ticket_api.routes import TicketApi
from bot.tickets.casework import Casework
from bot.tickets.service import TicketsService
from bot.webhooks.service import WebhooksService


@dataclass(frozen=True)
class WebParts:
    """What the application is made of. `extra_routes` come first, for channels that bring webhooks."""

    desk: Desk
    work: UnitOfWorkFactory
    tickets: TicketsService
    casework: Casework
    accounts: AccountsService
    clock: Clock
    announcer: Announcer
    notify: Callable[[], None]
    phrases: Phrases
    sending: SendingService
    payments: PaymentsService
    reconciliation: ReconciliationService
    statistics: StatisticsService
    webhooks: WebhooksService
    notify_webhooks: Callable[[], None]
    parse: Parse
    checks: Mapping[str, Check]
    secret_key: str
    extra_routes: Sequence[BaseRoute] = ()
    rest_token: str = ""
    public_address: str = ""
    """Where other programs find this service; empty: where their requests did."""


def create_web_app(parts: WebParts) -> Starlette:
    """One application: REST channel, web chat, health, console, and whatever `extra_routes` bring."""
    office = Office(
        work=parts.work,
        tickets=parts.tickets,
        casework=parts.casework,
        accounts=parts.accounts,
        clock=parts.clock,
        announcer=parts.announcer,
        notify=parts.notify,
        secret_key=parts.secret_key,
        phrases=parts.phrases,
        sending=parts.sending,
        payments=parts.payments,
        reconciliation=parts.reconciliation,
        statistics=parts.statistics,
        webhooks=parts.webhooks,
        notify_webhooks=parts.notify_webhooks,
    )
    pages = Pages(parts.clock)
    links = FileLinks(parts.secret_key)
    https = parts.public_address.startswith("https://")
    tickets = TicketApi(parts.work, parts.casework, parts.clock, parts.announcer, parts.notify)

    async def levels() -> Mapping[str, Mapping[str, int]]:
        async with parts.work() as work:
            return await work.statistics.levels()

    async def answer_error(request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/console"):
            return pages.error(request, problem_of(error))
        return await answer_problem(request, error)

    return Starlette(
        routes=[
            *parts.extra_routes,
            *health_routes(parts.checks, levels=levels),
            *rest_routes(parts.desk, parts.parse, links, parts.rest_token, parts.public_address),
            *web_routes(parts.desk, parts.secret_key, links, https),
            *file_routes(links, parts.sending),
            *tickets.routes(),
            *console_routes(office, pages, https),
        ],
        middleware=[Middleware(Gate, answer=answer_error)],
        exception_handlers=dict.fromkeys((HTTPException, Problem, HelpdeskError), answer_error),
    )
