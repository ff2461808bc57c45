"""Webhooks sent to real receivers on the loopback: well, failing, slow, redirecting, dropping."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Optional

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.errors import Conflict
from bot.seal import Seal
from bot.servers import RunningServer, listen, serve
from bot.webhooks.addresses import Addresses, networks_of
from bot.webhooks.dispatcher import WebhookDispatcher
from bot.webhooks.model import CHOICES, Delivery, DeliveryState, Webhook
from bot.webhooks.sender import WebhookSender
from bot.webhooks.service import WebhooksService, Wish
from bot.webhooks.signing import headers
from tests.doubles.web_house import SECRET, FakeClock, WebHouse, open_web_house

LOOPBACK = Addresses(networks_of("127.0.0.1"))
ALL = tuple(event.value for event in CHOICES)
Answer = Callable[[Request], Optional[Response]]


@dataclass
class Receiver:
    """Keeps what it hears; answers with the next of `answers`, then always well."""

    server: Optional[RunningServer] = None
    answers: list[Any] = field(default_factory=list)
    heard: list[tuple[dict[str, str], str]] = field(default_factory=list)
    on_their_way: int = 0
    most: int = 0

    async def hear(self, request: Request) -> Response:
        self.on_their_way += 1
        self.most = max(self.most, self.on_their_way)
        try:
            self.heard.append((dict(request.headers), (await request.body()).decode()))
            answer = self.answers.pop(0) if self.answers else 204
            if isinstance(answer, asyncio.Event):
                await answer.wait()
                return Response()
            return answer if isinstance(answer, Response) else Response(status_code=answer)
        finally:
            self.on_their_way -= 1

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"{self.server.url}/hook"

    @property
    def events(self) -> list[tuple[str, str]]:
        """Each event that was heard, and its ticket."""
        bodies = [json.loads(body) for _, body in self.heard]
        return [(body["type"], body["data"].get("ticket", {}).get("number", "")) for body in bodies]


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path, FakeClock())
    yield house
    await house.aclose()


async def listening() -> Receiver:
    receiver = Receiver()
    app = Starlette(routes=[Route("/{rest:path}", receiver.hear, methods=["POST", "GET"])])
    receiver.server = await serve(app, "127.0.0.1", 0)
    return receiver


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = await listening()
    yield receiver
    assert receiver.server is not None
    await receiver.server.stop()


@pytest_asyncio.fixture
async def dispatcher(house: WebHouse) -> AsyncIterator[WebhookDispatcher]:
    sender = WebhookSender(LOOPBACK, seconds=2.0)
    dispatcher = WebhookDispatcher(house.work, sender, Seal(SECRET), house.clock, jitter=lambda: 1.0)
    yield dispatcher
    await dispatcher.aclose(0)
    await sender.aclose()


async def follow(house: WebHouse, url: str, name: str = "one", with_texts: bool = False) -> tuple[int, str]:
    """Adds a webhook for everything; returns its number and secret."""
    service = WebhooksService(house.clock, Seal(SECRET), LOOPBACK)
    async with house.work() as work:
        secret = await service.add(work, Wish(name, url, ALL, with_texts), "chenjie")
        await work.commit()
        [webhook] = [one for one in await work.webhooks.all() if one.name == name]
    return webhook.id, secret


async def deliveries(house: WebHouse, webhook_id: int) -> list[Delivery]:
    """Oldest first."""
    async with house.work() as work:
        return (await work.webhooks.deliveries(webhook_id, 1000))[::-1]


async def webhook(house: WebHouse, webhook_id: int) -> Webhook:
    async with house.work() as work:
        found = await work.webhooks.get(webhook_id)
    assert found is not None
    return found


async def do(house: WebHouse, number: str, action: str, *arguments: Any) -> None:
    async with house.work() as work:
        await getattr(house.casework, action)(work, number, "wangmin", *arguments)
        await work.commit()


async def later(house: WebHouse, dispatcher: WebhookDispatcher, **by: float) -> None:
    house.clock.move(timedelta(**by))
    await dispatcher.settle()


async def test_an_event_arrives_signed_and_what_was_answered_is_kept(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [Response("谢谢" * 400)]
    number, secret = await follow(house, receiver.url)
    ticket = await house.open_ticket()
    await dispatcher.settle()
    [(sent, body)] = receiver.heard
    signed = headers(sent["webhook-id"], int(sent["webhook-timestamp"]), body, [secret])
    assert sent["webhook-signature"] == signed["webhook-signature"]
    assert sent["content-type"] == "application/json" and sent["host"] in receiver.url
    [delivery] = await deliveries(house, number)
    assert (delivery.state, delivery.status, delivery.attempts) == (DeliveryState.SENT, 200, 1)
    assert delivery.answer == ("谢谢" * 400)[:500] and delivery.milliseconds is not None
    assert receiver.events == [("ticket.opened", ticket.number)]


async def test_for_a_day_both_secrets_sign(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    number, old = await follow(house, receiver.url)
    async with house.work() as work:
        new = await WebhooksService(house.clock, Seal(SECRET), LOOPBACK).renew_secret(work, number, "chenjie")
        await work.commit()
    for hours, keys in ((23, [new, old]), (2, [new])):
        house.clock.move(timedelta(hours=hours))
        await house.open_ticket(f"r{hours}")
        await dispatcher.settle()
        sent, body = receiver.heard[-1]
        expected = headers(sent["webhook-id"], int(sent["webhook-timestamp"]), body, keys)
        assert sent["webhook-signature"] == expected["webhook-signature"]


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_what_fails_is_tried_again_under_the_same_id(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher, status: int
) -> None:
    receiver.answers = [status, status]
    number, _ = await follow(house, receiver.url)
    await house.open_ticket()
    await dispatcher.settle()
    assert len(receiver.heard) == 1
    await later(house, dispatcher, seconds=1.1)
    await later(house, dispatcher, seconds=1.1)
    assert len(receiver.heard) == 2
    await later(house, dispatcher, seconds=1.1)
    assert len({sent["webhook-id"] for sent, _ in receiver.heard}) == 1 and len(receiver.heard) == 3
    [delivery] = await deliveries(house, number)
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 3)


async def test_a_receiver_says_when_to_come_again(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [Response(status_code=429, headers={"Retry-After": "120"})]
    await follow(house, receiver.url)
    await house.open_ticket()
    await dispatcher.settle()
    await later(house, dispatcher, seconds=119)
    assert len(receiver.heard) == 1
    await later(house, dispatcher, seconds=2)
    assert len(receiver.heard) == 2


async def test_a_redirect_is_not_followed(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [RedirectResponse(f"{receiver.url}/elsewhere", 307)]
    number, _ = await follow(house, receiver.url)
    await house.open_ticket()
    await dispatcher.settle()
    assert len(receiver.heard) == 1
    [delivery] = await deliveries(house, number)
    assert (delivery.state, delivery.status) == (DeliveryState.PENDING, 307)


async def test_a_slow_receiver_is_not_waited_for(house: WebHouse, receiver: Receiver) -> None:
    answers = asyncio.Event()
    receiver.answers = [answers]
    sender = WebhookSender(LOOPBACK, seconds=0.2)
    attempt = await sender.post(receiver.url, {}, "{}")
    assert (attempt.status, attempt.error, attempt.succeeded) == (None, "timeout", False)
    answers.set()
    await sender.aclose()


async def test_an_endless_answer_is_cut_off() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    sender = WebhookSender(LOOPBACK)
    attempt = await sender.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, "{}")
    assert attempt.succeeded and attempt.answer == "x" * 500
    await sender.aclose()
    server.close()


async def test_dropped_connections_and_closed_ports_are_failures() -> None:
    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.transport.abort()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    closed = listen("127.0.0.1", 0)
    port = closed.getsockname()[1]
    closed.close()
    sender = WebhookSender(LOOPBACK)
    dropped = await sender.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, "{}")
    nobody = await sender.post(f"http://127.0.0.1:{port}/", {}, "{}")
    assert (dropped.status, dropped.error) == (None, "broken_off")
    assert (nobody.status, nobody.error) == (None, "no_connection")
    assert dropped.is_receivers_trouble and nobody.is_receivers_trouble
    await sender.aclose()
    server.close()


async def test_nothing_is_sent_where_it_may_not_lead_any_more(house: WebHouse, receiver: Receiver) -> None:
    sender = WebhookSender(Addresses())
    attempt = await sender.post(receiver.url, {}, "{}")
    assert (attempt.status, attempt.error) == (None, "url_private") and receiver.heard == []
    await sender.aclose()


async def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    sender = WebhookSender(LOOPBACK)
    assert (await sender.post(receiver.url, {}, "{}")).succeeded
    await sender.aclose()


def told(receiver: Receiver, number: str) -> list[str]:
    """What was told of one ticket, in order."""
    return [event for event, of in receiver.events if of == number]


async def test_a_ticket_is_told_in_order_and_holds_up_no_other(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    await follow(house, receiver.url)
    numbers = {(await house.open_ticket(user)).number for user in ("a", "b")}
    for number in numbers:
        await do(house, number, "claim")
    receiver.answers = [404]
    await dispatcher.settle()
    refused = receiver.events[0][1]  # two are told at the same time, and one of them comes first
    (other,) = numbers - {refused}
    assert told(receiver, refused) == ["ticket.opened"]
    assert told(receiver, other) == ["ticket.opened", "ticket.claimed"]
    await later(house, dispatcher, seconds=2)
    assert told(receiver, refused) == ["ticket.opened", "ticket.opened", "ticket.claimed"]


async def test_one_receiver_in_trouble_holds_up_no_other(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    sick = await listening()
    sick.answers = [503] * 500
    await follow(house, sick.url, "sick")
    for count in range(80):
        with suppress(Conflict):  # two numbers alike by chance
            await house.open_ticket(f"r{count}")
    await dispatcher.settle()
    await follow(house, receiver.url, "well")
    ticket = await house.open_ticket("late")
    await dispatcher.settle()
    assert receiver.events == [("ticket.opened", ticket.number)]
    # It rests as a whole: the few that were on their way at first, and no knocking for each ticket.
    assert len(sick.heard) <= 5
    assert sick.server is not None
    await sick.server.stop()


async def test_after_a_day_it_is_given_up_and_supervisors_hear_of_it_once(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [500] * 500
    number, _ = await follow(house, receiver.url)
    for user in ("a", "b"):
        await house.open_ticket(user)
    for _ in range(30):
        await later(house, dispatcher, hours=1)
    assert {one.state for one in await deliveries(house, number)} == {DeliveryState.GIVEN_UP}
    heard = len(receiver.heard)
    await later(house, dispatcher, hours=5)
    assert len(receiver.heard) == heard
    async with house.work() as work:
        assert [alert.subject for alert in await work.alerts.list()] == ["one"]


async def test_what_was_given_up_is_sent_again_by_hand(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [500] * 500
    number, _ = await follow(house, receiver.url)
    await house.open_ticket()
    for _ in range(26):
        await later(house, dispatcher, hours=1)
    receiver.answers = []
    async with house.work() as work:
        work.webhooks.send_all_again(number, house.clock.now())
        await work.commit()
    await later(house, dispatcher, hours=1)
    [delivery] = await deliveries(house, number)
    assert delivery.state is DeliveryState.SENT
    assert len({sent["webhook-id"] for sent, _ in receiver.heard}) == 1


async def test_who_wants_nothing_any_more_is_paused(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    receiver.answers = [410]
    number, _ = await follow(house, receiver.url)
    await house.open_ticket()
    await dispatcher.settle()
    assert not (await webhook(house, number)).active
    await house.open_ticket("b")
    await later(house, dispatcher, hours=1)
    assert len(receiver.heard) == 1


async def test_what_waited_during_a_pause_goes_after_it(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    number, _ = await follow(house, receiver.url)
    ticket = await house.open_ticket()
    for active in (False, True):
        async with house.work() as work:
            work.webhooks.update(await webhook(house, number), active=active)
            await work.commit()
        await dispatcher.settle()
        assert receiver.events == ([("ticket.opened", ticket.number)] if active else [])


async def test_what_a_killed_process_was_at_goes_again_after_a_minute(
    house: WebHouse, receiver: Receiver, dispatcher: WebhookDispatcher
) -> None:
    number, _ = await follow(house, receiver.url)
    await house.open_ticket()
    async with house.work() as work:
        [delivery] = await work.webhooks.due(house.clock.now(), 9)
        work.webhooks.hold(delivery, "killed", house.clock.now())
        await work.commit()
    await later(house, dispatcher, seconds=59)
    assert receiver.heard == []
    await later(house, dispatcher, seconds=2)
    assert len(receiver.heard) == 1
