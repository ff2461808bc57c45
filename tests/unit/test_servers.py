"""The sockets that answers go out on."""

from __future__ import annotations

import socket
from contextlib import closing

from bot.servers import listen


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    # asyncio turns Nagle's algorithm off only for sockets that say that they are TCP.
    with closing(listen("127.0.0.1", 0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP
