"""The sandbox as one web application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from bot.sandbox.api.admin import Admin
from bot.sandbox.api.contract import contract_routes
from bot.sandbox.api.page import page_route
from bot.sandbox.clock import SandboxClock
from bot.sandbox.faults import FaultInjection
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY, Keys
from bot.sandbox.opening import open_bureau
from bot.sandbox.problems import Problem, answer_bug, answer_http_error, answer_problem


def create_app(
    *,
    resident_key: str = RESIDENT_KEY,
    staff_key: str = STAFF_KEY,
    clock: SandboxClock | None = None,
) -> Starlette:
    """A fresh reconciliation system with its admin calls and its page; state lives as long as the app."""
    bureau = open_bureau(clock or SandboxClock())
    app = Starlette(
        routes=[
            *contract_routes(bureau, Keys(resident_key, staff_key)),
            *Admin(bureau).routes(),
            page_route(bureau),
        ],
        middleware=[Middleware(FaultInjection, box=bureau.faults, now=bureau.clock.now)],
        exception_handlers={
            Problem: answer_problem,
            HTTPException: answer_http_error,
            Exception: answer_bug,
        },
    )
    app.router.redirect_slashes = False
    app.state.bureau = bureau
    return app
