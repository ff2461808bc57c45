"""Which key the staff's calls go out with, and that it is nowhere shown."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.bootstrap import build_house
from bot.reconciliation.lookup import NotSetUp
from bot.reconciliation.model import PaymentQuery
from bot.sandbox.keys import STAFF_KEY
from bot.settings import SettingsError, load_settings

SEARCH = PaymentQuery("4200002611202611200000000106")
REAL = {"reconciliation_api_url": "https://bureau.example", "reconciliation_api_key": "residents-key"}


async def keys_used(folder: Path, **environment: str) -> list[str]:
    """The keys of the staff's calls."""
    used: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        used.append(request.headers["authorization"])
        return httpx.Response(200, json={"payments": [], "next_cursor": None})

    url = f"sqlite+aiosqlite:///{folder}/x.sqlite"
    settings = load_settings(database_url=url, data_dir=folder, secret_key="s" * 32, **environment)
    bureau = settings.reconciliation_api_url or "http://sandbox"
    house = build_house(settings, bureau, transport=httpx.MockTransport(answer))
    try:
        await house.reconciliation(lambda: None).lookup.search(SEARCH)
    finally:
        await house.aclose()
    return used


async def test_the_sandbox_brings_its_own_key(tmp_path: Path) -> None:
    assert await keys_used(tmp_path) == [f"Bearer {STAFF_KEY}"]


async def test_a_real_system_is_asked_with_the_staff_key(tmp_path: Path) -> None:
    used = await keys_used(tmp_path, **REAL, reconciliation_staff_api_key="the-staff-key")
    assert used == ["Bearer the-staff-key"]


async def test_a_real_system_without_a_staff_key_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp):
        await keys_used(tmp_path, **REAL)


def test_the_staff_key_is_not_shown() -> None:
    assert "the-staff-key" not in repr(load_settings(reconciliation_staff_api_key="the-staff-key"))


def test_the_limit_is_an_amount() -> None:
    assert load_settings().reconciliation_four_eyes_fen == 100_000
    with pytest.raises(SettingsError, match="RECONCILIATION_FOUR_EYES_FEN"):
        load_settings(reconciliation_four_eyes_fen=-1)
