"""The sandbox as one web application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from bot.sandbox.api.admin import Admin
from bot.sandbox.api.arrivals import MOST_BYTES, Arrivals
from bot.sandbox.api.contract import contract_routes
from bot.sandbox.api.desk import Desk
from bot.sandbox.api.office import OfficePages
from bot.sandbox.api.page import page_route
from bot.sandbox.bureau import Bureau
from bot.sandbox.clock import SandboxClock
from bot.sandbox.faults import FaultInjection
from bot.sandbox.intake import Intake
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY, Keys
from bot.sandbox.opening import open_bureau
from bot.sandbox.problems import Problem, answer_bug, answer_http_error, answer_problem

HANDLERS: Mapping[Any, Any] = {
    Problem: answer_problem,
    HTTPException: answer_http_error,
    Exception: answer_bug,
}


def create_app(
    *,
    resident_key: str = RESIDENT_KEY,
    staff_key: str = STAFF_KEY,
    clock: SandboxClock | None = None,
) -> Starlette:
    """A fresh reconciliation system with its admin calls and its page; state lives as long as the app."""
    bureau = open_bureau(clock or SandboxClock())
    keys = Keys(resident_key, staff_key)
    routes = [*shared_routes(bureau, Intake(bureau), keys), *Admin(bureau).routes(), page_route(bureau)]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(FaultInjection, box=bureau.faults, now=bureau.clock.now)],
        exception_handlers=HANDLERS,
    )
    return opened(app, bureau)


def shared_routes(
    bureau: Bureau, intake: Intake, keys: Keys, most_upload: int = MOST_BYTES
) -> list[BaseRoute]:
    """What every bureau offers: the contract, files, reports, requests."""
    desk = Desk(keys)
    return [
        *contract_routes(bureau, keys),
        *Arrivals(bureau, intake, most_upload).routes(desk),
        *OfficePages(bureau, intake, most_upload).routes(desk),
    ]


def opened(app: Starlette, bureau: Bureau) -> Starlette:
    """The application, which answers for this bureau."""
    app.router.redirect_slashes = False
    app.state.bureau = bureau
    return app
