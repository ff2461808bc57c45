"""A bureau's own reconciliation system as a web application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.api.arrivals import MOST_BYTES
from bot.sandbox.app import HANDLERS, opened, shared_routes
from bot.sandbox.folder import LOOK_SECONDS, Folder
from bot.sandbox.intake import Intake
from bot.sandbox.kept import KeptBureau
from bot.sandbox.keys import Keys
from bot.sandbox.problems import Problem


def create_kept_app(
    bureau: KeptBureau, keys: Keys, bills: Path | None = None, most_upload: int = MOST_BYTES
) -> Starlette:
    """A bureau's own system: its books in a database, bills from the folder `bills` and by upload.

    Nobody plays the world, no clock is moved and no fault is injected; the books are open while the
    application runs, and CannotOpen ends its start.
    """
    intake = Intake(bureau)
    folder = Folder(bills, intake) if bills is not None else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if folder is not None:
            folder.prepare()
        await bureau.open()
        watching = asyncio.create_task(folder.watch() if folder is not None else _runs(bureau))
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await bureau.close()

    routes = [*shared_routes(bureau, intake, keys, most_upload), Route("/", _to_bills)]
    return opened(Starlette(routes=routes, lifespan=lifespan, exception_handlers=HANDLERS), bureau)


async def _to_bills(request: Request) -> Response:
    return RedirectResponse("bills", 303)


async def _runs(bureau: KeptBureau) -> None:
    """Make the runs that are due though nobody asks."""
    while True:
        with suppress(Problem):
            await bureau.ready()
        await asyncio.sleep(LOOK_SECONDS)
