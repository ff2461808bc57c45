"""Residents who play their scripts through the Bot API double, some at once, impatient now and then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.doubles.bot_api import BotApi, Sent
from tests.faults.script import Script, Step

FIRST_CHAT = 7000


@dataclass
class Resident:
    """One chat: what was said, and which of it has been answered so far."""

    chat_id: int
    script: Script
    said: list[Step] = field(default_factory=list)
    heard: list[Sent] = field(default_factory=list)
    answered: int = 0
    folded: dict[int, int] = field(default_factory=dict)
    """Which message was folded into which, by their places among what was said."""
    _bursts: int = 0
    _listened: int = 0

    @property
    def waits(self) -> bool:
        """True while an answer is due."""
        return self.answered < len(self.said)

    @property
    def is_done(self) -> bool:
        """True once every message of the script is answered."""
        return self._bursts == len(self.script.bursts) and not self.waits

    @property
    def complaint(self) -> str:
        """What is waited for, and what was heard last."""
        step, heard = self.said[self.answered], self.heard[-1].text if self.heard else "nothing"
        return f"chat {self.chat_id} said {step.text!r} ({step.kind}) and heard {heard[:60]!r}"

    def speak(self, api: BotApi) -> None:
        """Sends the next burst."""
        burst = self.script.bursts[self._bursts]
        self._bursts += 1
        for step in burst:
            self.said.append(step)
            if step.presses:
                shown = next(one for one in reversed(self.heard) if one.keyboard)
                api.press(self.chat_id, shown.message_id)
            else:
                api.say(self.chat_id, step.text)

    def hear(self, sent: Sent) -> None:
        """Takes one line of the bot's."""
        self.heard.append(sent)
        self._understand()

    def learn(self, folded: Mapping[int, int]) -> None:
        """Takes from the books which messages were answered together, and thinks again from the start."""
        if self.folded != folded:
            self.folded = dict(folded)
            self.answered = self._listened = 0
            self._understand()

    def _understand(self) -> None:
        """In order: a message is answered by its own answer, or by the one to those it was folded with."""
        while self.waits:
            together = self._together(self.answered)
            if together[0] >= self.answered and not self._hears_one_of(together):
                return
            self.answered = together[-1] + 1

    def _together(self, place: int) -> list[int]:
        first = self.folded.get(place, place)
        return [first, *(one for one in sorted(self.folded) if self.folded[one] == first)]

    def _hears_one_of(self, places: list[int]) -> bool:
        for number, sent in enumerate(self.heard[self._listened :], start=self._listened + 1):
            if any(self.said[place].answer.search(sent.text) for place in places):
                self._listened = number
                return True
        return False


class Crowd:
    """All residents; at most `at_once` of them are in the middle of their script."""

    def __init__(self, api: BotApi, scripts: list[Script], at_once: int) -> None:
        self.residents = [Resident(FIRST_CHAT + number, script) for number, script in enumerate(scripts)]
        self._by_chat = {resident.chat_id: resident for resident in self.residents}
        self._api = api
        self._outside = deque(self.residents)
        self._inside: list[Resident] = []
        self._at_once = at_once
        self._seen = 0

    @property
    def answered(self) -> int:
        """How many messages have their answer."""
        return sum(resident.answered for resident in self.residents)

    @property
    def is_done(self) -> bool:
        """True once everybody is."""
        return not self._outside and not self._inside

    def step(self) -> None:
        """Lets everybody hear what arrived, and whoever has nothing to wait for speak."""
        self.listen()
        self._inside = [resident for resident in self._inside if not resident.is_done]
        while self._outside and len(self._inside) < self._at_once:
            self._inside.append(self._outside.popleft())
        for resident in self._inside:
            if not resident.waits:
                resident.speak(self._api)

    def learn(self, folded: Mapping[int, Mapping[int, int]]) -> None:
        """Takes from the books which messages of each chat were answered together."""
        for resident in self.residents:
            if resident.chat_id in folded:
                resident.learn(folded[resident.chat_id])

    def waiting(self, fate: Callable[[int, int], str]) -> list[str]:
        """Who waits for an answer, for which, the last line heard, and what the books say of it."""
        return [f"{one.complaint}: {fate(one.chat_id, one.answered)}" for one in self.residents if one.waits]

    def listen(self) -> None:
        """Lets everybody hear what arrived."""
        new = self._api.sent_after(self._seen)
        self._seen += len(new)
        for sent in new:
            if sent.chat_id in self._by_chat:
                self._by_chat[sent.chat_id].hear(sent)
