"""A turn outside the desk: for Rasa's own servers (`rasa run`, `rasa shell`, `rasa run actions`)."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, AsyncIterator, Optional

from bot.messages import Contact
from bot.turn import Private, Turn

if TYPE_CHECKING:
    from bot.bootstrap import House

CHANNEL = "rasa"

_house: Optional["House"] = None
_loop: Optional[asyncio.AbstractEventLoop] = None


@asynccontextmanager
async def turn(sender_id: str, private: Optional[Private] = None) -> AsyncIterator[Turn]:
    """A turn of its own for this sender, committed on leaving; services come from the environment."""
    house = await _standalone_house()
    async with house.work() as work:
        now = house.services.clock.now()
        conversation = await work.conversations.open(Contact(CHANNEL, sender_id[:128]), now, "zh")
        yield Turn(
            conversation=conversation,
            work=work,
            services=house.services,
            message_key=f"{CHANNEL}-{secrets.token_hex(12)}",
            now=now,
            private=private or Private(),
        )
        await work.commit()


async def _standalone_house() -> "House":
    global _house, _loop
    # Rasa's shell and tests run more than one event loop in a process; connections belong to one.
    if _house is None or _loop is not asyncio.get_running_loop():
        from bot.bootstrap import standalone_house

        _house = await standalone_house()
        _loop = asyncio.get_running_loop()
    return _house
