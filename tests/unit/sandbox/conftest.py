"""A sandbox on a clock that stands still until it is moved: Tuesday 2026-11-24, 08:00 in Shanghai."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.sandbox.app import create_app
from bot.sandbox.clock import SHANGHAI, SandboxClock
from bot.sandbox.keys import RESIDENT_KEY

START = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def app() -> Starlette:
    """A fresh sandbox."""
    return create_app(clock=SandboxClock(source=lambda: START))


@pytest.fixture
def client(app: Starlette) -> Iterator[TestClient]:
    """A caller with the resident key."""
    client = TestClient(app, headers={"Authorization": f"Bearer {RESIDENT_KEY}"})
    yield client
    client.close()
