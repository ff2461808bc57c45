"""Is the process up, can it serve, how is it doing, and what does it offer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Awaitable, Callable, Mapping

import structlog
import yaml
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.metrics import Levels, exposition
from bot.phrasebook import SAFE_LOADER

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[Any]]

OPENAPI = Path(__file__).parent / "openapi.yml"
CHECK_SECONDS = 3.0


async def no_levels() -> Levels:
    """For a process without a database."""
    return {}


def health_routes(
    checks: Mapping[str, Check],
    check_seconds: float = CHECK_SECONDS,
    levels: Callable[[], Awaitable[Levels]] = no_levels,
) -> list[Route]:
    """`checks` say by raising (or by False, or by silence) that something the bot needs is missing.

    `levels` are counted for each reading of the metrics.
    """
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506

    async def healthz(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> JSONResponse:
        running = (_run(name, check, check_seconds) for name, check in checks.items())
        states = dict(await asyncio.gather(*running))
        ready = all(state == "ok" for state in states.values())
        body = {"status": "ready" if ready else "not_ready", "checks": states}
        return JSONResponse(body, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def metrics(request: Request) -> Response:
        counted: Levels = {}
        try:
            counted = await asyncio.wait_for(levels(), check_seconds)
        except Exception as error:
            # The counters are worth having most when the database is away.
            log.warning("levels_not_counted", error=type(error).__name__)
        return Response(exposition(counted), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def openapi(request: Request) -> JSONResponse:
        return JSONResponse(document)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
    ]


async def _run(name: str, check: Check, seconds: float) -> tuple[str, str]:
    try:
        answer = await asyncio.wait_for(check(), seconds)
    except asyncio.TimeoutError:
        return name, "slow"
    except Exception as error:
        # What is wrong is for the log; an anonymous caller learns only that it is.
        log.warning("check_failed", check=name, error=repr(error))
        return name, "failed"
    return name, "failed" if answer is False else "ok"
