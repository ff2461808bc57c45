"""The agents' console, assembled."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount

from bot.console.accounts_page import AccountsPage
from bot.console.alerts_page import AlertsPage
from bot.console.attachment_page import AttachmentPage
from bot.console.audit_page import AuditPage
from bot.console.bills_page import BillsPage
from bot.console.canned_page import CannedPage
from bot.console.dashboard import Dashboard
from bot.console.deliveries import Deliveries
from bot.console.entry import Entry
from bot.console.inbox import Inbox
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.payment_card import PaymentCard
from bot.console.payment_search import PaymentSearch
from bot.console.proposals_page import ProposalsPage
from bot.console.reception import Reception
from bot.console.reconciliation_page import ReconciliationPage
from bot.console.session import Sessions
from bot.console.ticket_page import TicketPage
from bot.console.tokens_page import TokensPage
from bot.console.webhooks_page import WebhooksPage


def console_routes(office: Office, pages: Pages, https: bool = False) -> list[BaseRoute]:
    """Every page under /console."""
    sessions = Sessions(office.secret_key, https)
    reception = Reception(office.work, sessions)
    return [
        *Entry(office.work, office.accounts, sessions, pages).routes(reception),
        *Inbox(office, pages).routes(reception),
        *PaymentSearch(office, pages).routes(reception),
        *ReconciliationPage(office, pages).routes(reception),
        *ProposalsPage(office, pages).routes(reception),
        *PaymentCard(office, pages).routes(reception),
        *BillsPage(office, pages).routes(reception),
        *TicketPage(office, pages).routes(reception),
        *CannedPage(office, pages).routes(reception),
        *Deliveries(office, pages).routes(reception),
        *AttachmentPage(office).routes(reception),
        *Dashboard(office, pages).routes(reception),
        *TokensPage(office, pages).routes(reception),
        *WebhooksPage(office, pages).routes(reception),
        *AccountsPage(office, pages).routes(reception),
        *AlertsPage(office, pages).routes(reception),
        *AuditPage(office, pages).routes(reception),
        Mount("/console/static", pages.assets.files()),
    ]
