"""What Prometheus is told: counts of what happened, levels of what waits, nobody's name."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import REGISTRY, generate_latest
from starlette.applications import Starlette

from bot.channels.health import health_routes
from bot.errors import AccessRefused
from bot.messages import Author, Reply
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.tickets.model import HandoffReason
from tests.fakes.house import FakeHouse, message


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_message_counts_when_it_is_stored_and_when_it_is_answered(house: FakeHouse) -> None:
    names = ("helpdesk_messages_accepted_total", "helpdesk_messages_answered_total")
    before = [value(name, channel="telegram") for name in names]
    turns = value("helpdesk_turn_seconds_count")
    accepted = await house.desk.accept(message("你好"))
    assert [value(name, channel="telegram") for name in names] == [before[0] + 1, before[1]]
    await house.desk.answer(accepted)
    assert [value(name, channel="telegram") for name in names] == [before[0] + 1, before[1] + 1]
    assert value("helpdesk_turn_seconds_count") == turns + 1


async def test_a_message_delivered_twice_counts_once(house: FakeHouse) -> None:
    before = value("helpdesk_messages_accepted_total", channel="telegram")
    for _ in range(2):
        await house.desk.handle(message("你好", message_id="same"))
    assert value("helpdesk_messages_accepted_total", channel="telegram") == before + 1


async def metrics(house: FakeHouse) -> str:
    async def levels() -> dict[str, dict[str, int]]:
        async with house.work() as work:
            return await work.statistics.levels()

    app = Starlette(routes=health_routes({}, levels=levels))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as web:
        answer = await web.get("/metrics")
    assert answer.status_code == 200
    return answer.text


async def test_levels_are_what_waits_now(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        await house.tickets.open(work, conversation, HandoffReason.COMPLAINT)
        work.lines.add(conversation, Reply("好", author=Author.SYSTEM), house.clock.now())
        await work.commit()
    text = await metrics(house)
    assert 'helpdesk_outbox_lines{state="pending"} 1.0' in text
    assert 'helpdesk_tickets_live{status="new"} 1.0' in text
    assert "anna" not in text


async def test_without_a_database_counters_stay_and_old_levels_go(
    house: FakeHouse,
) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        work.lines.add(conversation, Reply("好", author=Author.SYSTEM), house.clock.now())
        await work.commit()
    assert "helpdesk_outbox_lines{" in await metrics(house)

    async def broken() -> dict[str, dict[str, int]]:
        raise ConnectionError("postgres://user:hunter2@host")

    app = Starlette(routes=health_routes({}, levels=broken))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as web:
        text = (await web.get("/metrics")).text
    assert "helpdesk_messages_accepted_total" in text
    assert "helpdesk_outbox_lines{" not in text
    assert "hunter2" not in text


async def test_calls_of_the_reconciliation_system_count_by_outcome() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={})

    name = "helpdesk_reconciliation_calls_total"
    before = value(name, outcome="AccessRefused")
    client = ReconciliationClient(
        ClientConfig(base_url="http://bureau.example", api_key="k"), httpx.MockTransport(answer)
    )
    with pytest.raises(AccessRefused):
        await client.health()
    await client.aclose()
    assert value(name, outcome="AccessRefused") == before + 1


def test_no_metric_has_a_label_that_could_name_somebody() -> None:
    allowed = {"channel", "endpoint", "status", "state", "outcome", "le", "implementation", "major", "minor"}
    allowed |= {"patchlevel", "version", "generation"}
    generate_latest()
    labels = {
        label
        for family in REGISTRY.collect()
        for sample in family.samples
        if family.name.startswith("helpdesk")
        for label in sample.labels
    }
    assert labels <= allowed
