"""What admins do with webhooks: add one, change it, pause it, test it, send again, take it away."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Awaitable, Iterable, Optional, Protocol

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.seal import Seal
from bot.webhooks.model import CHOICES, Delivery, DeliveryState, Event, Webhook
from bot.webhooks.payload import ping_body
from bot.webhooks.signing import new_secret

MOST = 20
NAME_MAX_CHARS = 64
FORMER_SECRET_SIGNS = timedelta(days=1)


class UrlCheck(Protocol):
    """Refuses what a webhook must not lead to."""

    def check(self, url: str) -> Awaitable[Any]: ...


@dataclass(frozen=True)
class Wish:
    """What an admin typed in; `events` are names, as a form brings them."""

    name: str
    url: str
    events: tuple[str, ...]
    with_texts: bool


@dataclass(frozen=True)
class Overview:
    """A webhook, and how many deliveries wait for it or were given up."""

    webhook: Webhook
    pending: int
    given_up: int


class WebhooksService:
    """Changes are staged in the caller's unit of work, each with an entry in the audit log."""

    def __init__(self, clock: Clock, seal: Seal, addresses: UrlCheck) -> None:
        self._clock = clock
        self._seal = seal
        self._addresses = addresses

    async def overview(self, work: Any) -> list[Overview]:
        """Every webhook, by name."""
        counts = await work.webhooks.counts()
        return [
            Overview(
                webhook,
                counts.get(webhook.id, {}).get(DeliveryState.PENDING, 0),
                counts.get(webhook.id, {}).get(DeliveryState.GIVEN_UP, 0),
            )
            for webhook in await work.webhooks.all()
        ]

    async def get(self, work: Any, webhook_id: int) -> Webhook:
        """One webhook; raises NotFound."""
        webhook: Optional[Webhook] = await work.webhooks.get(webhook_id)
        if webhook is None:
            raise NotFound(str(webhook_id))
        return webhook

    async def add(self, work: Any, wish: Wish, by: str) -> str:
        """A new webhook; returns its secret, which is not shown again.

        Raises InvalidInput("webhook_name" | "webhook_name_taken" | "no_events" | "too_many_webhooks") and as
        `Addresses.check` does.
        """
        present = await work.webhooks.all()
        if len(present) >= MOST:
            raise InvalidInput("too_many_webhooks")
        wish, events = await self._checked(wish, present)
        secret, now = new_secret(), self._clock.now()
        work.webhooks.add(wish.name, wish.url, events, wish.with_texts, self._seal.close(secret), by, now)
        work.agents.record(by, "webhook_added", wish.name, now)
        return secret

    async def change(self, work: Any, webhook_id: int, wish: Wish, by: str) -> None:
        """Changes what an admin may choose. Raises NotFound, and InvalidInput as `add` does."""
        webhook = await self.get(work, webhook_id)
        others = [one for one in await work.webhooks.all() if one.id != webhook_id]
        wish, events = await self._checked(wish, others)
        work.webhooks.update(webhook, name=wish.name, url=wish.url, with_texts=wish.with_texts, events=events)
        work.agents.record(by, "webhook_changed", wish.name, self._clock.now())

    async def renew_secret(self, work: Any, webhook_id: int, by: str) -> str:
        """A new secret; the old one signs beside it for a day. Raises NotFound."""
        webhook = await self.get(work, webhook_id)
        secret, now = new_secret(), self._clock.now()
        work.webhooks.update(
            webhook,
            sealed_secret=self._seal.close(secret),
            former_secret=webhook.sealed_secret,
            former_until=now + FORMER_SECRET_SIGNS,
        )
        work.agents.record(by, "webhook_secret_renewed", webhook.name, now)
        return secret

    async def pause(self, work: Any, webhook_id: int, by: str) -> None:
        """Tells nothing new; what waits already is sent after `resume`. Raises NotFound."""
        webhook = await self.get(work, webhook_id)
        work.webhooks.update(webhook, active=False)
        work.agents.record(by, "webhook_paused", webhook.name, self._clock.now())

    async def resume(self, work: Any, webhook_id: int, by: str) -> None:
        """Tells again from now on. Raises NotFound."""
        webhook = await self.get(work, webhook_id)
        work.webhooks.update(webhook, active=True)
        work.agents.record(by, "webhook_resumed", webhook.name, self._clock.now())

    async def delete(self, work: Any, webhook_id: int, by: str) -> None:
        """Ends a webhook, with everything that waits for it. Raises NotFound."""
        webhook = await self.get(work, webhook_id)
        work.webhooks.delete(webhook_id)
        work.agents.record(by, "webhook_deleted", webhook.name, self._clock.now())

    async def ping(self, work: Any, webhook_id: int, by: str) -> None:
        """Sends a test. Raises NotFound, and InvalidInput("webhook_paused")."""
        webhook = await self.get(work, webhook_id)
        if not webhook.active:
            raise InvalidInput("webhook_paused")
        now = self._clock.now()
        work.webhooks.enqueue(webhook_id, Event.PING, ping_body(webhook.name, now), now)
        work.agents.record(by, "webhook_pinged", webhook.name, now)

    async def send_again(self, work: Any, webhook_id: int, delivery_id: int, by: str) -> None:
        """Sends a delivery that has ended once more. Raises NotFound; Conflict at commit while it is sent."""
        webhook = await self.get(work, webhook_id)
        delivery: Optional[Delivery] = await work.webhooks.delivery(delivery_id)
        if delivery is None or delivery.webhook_id != webhook_id:
            raise NotFound(str(delivery_id))
        now = self._clock.now()
        work.webhooks.send_again(delivery_id, now)
        work.agents.record(by, "webhook_sent_again", f"{webhook.name}/{delivery.event_id}", now)

    async def send_all_again(self, work: Any, webhook_id: int, by: str) -> None:
        """Sends everything that was given up once more. Raises NotFound."""
        webhook = await self.get(work, webhook_id)
        now = self._clock.now()
        work.webhooks.send_all_again(webhook_id, now)
        work.agents.record(by, "webhook_sent_again", webhook.name, now)

    async def _checked(self, wish: Wish, others: Iterable[Webhook]) -> tuple[Wish, list[Event]]:
        name, url = wish.name.strip(), wish.url.strip()
        if not name or len(name) > NAME_MAX_CHARS or not name.isprintable():
            raise InvalidInput("webhook_name")
        if any(one.name == name for one in others):
            raise InvalidInput("webhook_name_taken")
        events = [event for event in CHOICES if event.value in wish.events]
        if not events:
            raise InvalidInput("no_events")
        await self._addresses.check(url)
        return dataclasses.replace(wish, name=name, url=url), events
