"""A bureau's own reconciliation system as a web application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.api.arrivals import MOST_BYTES
from bot.sandbox.app import HANDLERS, opened, shared_routes
from bot.sandbox.folder import Folder
from bot.sandbox.intake import Intake
from bot.sandbox.kept import KeptBureau
from bot.sandbox.keys import Keys
from bot.sandbox.problems import Problem

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3.0


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
        watching = asyncio.create_task(_watch(bureau, folder))
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


async def _watch(bureau: KeptBureau, folder: Folder | None) -> None:
    """Take up what was left, then make the runs that are due and look into the folder, for good."""
    caught_up = False
    while True:
        try:
            await (bureau.ready() if caught_up else bureau.catch_up())
            caught_up = True
            if folder is not None:
                await folder.look()
        except (Problem, OSError) as error:
            logger.warning("the books wait: %s", error)
        except Exception:
            logger.exception("the books wait")
        await asyncio.sleep(LOOK_SECONDS)
