"""The page that tells a newcomer what to type."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.sandbox.api.admin import clock_answer, faults_answer
from bot.sandbox.bureau import Bureau
from bot.sandbox.faults import Malformed, Outage
from bot.sandbox.model import masked
from bot.sandbox.seed import shows

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


def page_route(bureau: Bureau) -> Route:
    """The page at /."""
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    pages.filters["masked"] = masked
    pages.filters["shows"] = lambda payment: shows(payment.serial_number)

    async def show(request: Request) -> HTMLResponse:
        bureau.settle()
        html = pages.get_template("payments.html").render(
            payments=bureau.ledger.payments,
            requests=bureau.ledger.requests,
            clock=clock_answer(bureau.clock),
            faults=faults_answer(bureau.faults.faults),
            outages=[outage.value for outage in Outage],
            malformations=[kind.value for kind in Malformed],
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    return Route("/", show)
