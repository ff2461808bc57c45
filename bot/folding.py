"""A burst folded into one turn: messages that waited together and belong together are answered as one.

Nobody waits for more to come: only what is there when a message's turn comes is folded into it. What answers
a question stays by itself, because a later question was not yet seen; only its repeats fold, the same words
sent again. A pressed button, a command and a file are never folded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import Optional

from bot.messages import Accepted, MessageKind
from bot.reading import Reading

WITHIN = timedelta(seconds=10)
"""Between one message of a burst and the next."""

MOST = 20
"""Messages that one turn looks at."""
MOST_DIFFERENT = 8
"""Different texts in one turn: a longer story is understood worse than its parts."""

PAUSES = "，。、；：！？…～,.;:!?~"

Together = Callable[[Sequence[str]], Awaitable[int]]
"""How many of some texts, from the first on, are one matter."""


@dataclass(frozen=True)
class Part:
    """One message of a burst, and what it says by itself."""

    accepted: Accepted
    reading: Reading

    @property
    def is_plain(self) -> bool:
        """True for words that choose no button and are not refused."""
        return self.reading.refusal is None and not self.reading.for_dialogue.startswith("/")


async def folded(
    parts: Sequence[Part], awaiting: Optional[str], together: Together, max_chars: int
) -> list[Part]:
    """The messages that are answered as one: the first, and those behind it that belong to it."""
    burst = _burst(parts)
    repeats = list(takewhile(lambda part: part.reading == burst[0].reading, burst))
    if awaiting is not None or not burst[0].is_plain:
        return repeats
    plain = _readable(list(takewhile(lambda part: part.is_plain, burst)), max_chars)
    texts = _different(plain)
    if len(texts) < 2:
        return plain
    one_matter = texts[: max(1, await together(texts))]
    return list(takewhile(lambda part: part.reading.for_dialogue in one_matter, plain))


def as_one(parts: Sequence[Part]) -> Reading:
    """What the messages say together. Two different proofs of identity are none: a try is not wasted."""
    first = parts[0].reading
    last4 = {part.reading.id_last4 for part in parts} - {None}
    return replace(
        first,
        for_dialogue=joined(_different(parts)),
        id_last4=last4.pop() if len(last4) == 1 else None,
    )


def joined(texts: Sequence[str]) -> str:
    """The texts as clauses of one sentence, in order."""
    whole = texts[0]
    for text in texts[1:]:
        whole += _pause(whole) + text
    return whole


def _burst(parts: Sequence[Part]) -> list[Part]:
    burst = [parts[0]]
    for part in parts[1:]:
        apart = part.accepted.received_at - burst[-1].accepted.received_at
        if part.accepted.kind is not MessageKind.TEXT or burst[0].accepted.kind is not MessageKind.TEXT:
            break
        if abs(apart) > WITHIN:  # either way: the clock may have been put back
            break
        burst.append(part)
    return burst


def _readable(parts: list[Part], max_chars: int) -> list[Part]:
    """As many as one turn can take: the first, and more up to its limits."""
    end = 1
    while end < len(parts):
        texts = _different(parts[: end + 1])
        if len(texts) > MOST_DIFFERENT or len(joined(texts)) > max_chars:
            break
        end += 1
    return parts[:end]


def _different(parts: Sequence[Part]) -> list[str]:
    return list(dict.fromkeys(part.reading.for_dialogue for part in parts))


def _pause(whole: str) -> str:
    ends = whole[-1]
    if ends.isdigit():
        return "；"  # a comma would make one amount of two
    if ends in PAUSES:
        return " " if ends.isascii() else ""
    return ", " if ends.isascii() and ends.isalpha() else "，"
