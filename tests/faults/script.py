"""What one resident says, and the answer that each message must get."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from bot.phrasebook import PLACEHOLDER, Phrasebook
from bot.sandbox.model import SELF_SETTLING, State
from bot.sandbox.seed import ROWS, serial_number

LARGEST_BURST = 3
WORRIES = 3
"""How often the worried ask the same in one breath."""

QUESTIONS = {
    "为什么缴了费还是未对账": "utter_faq_why_unreconciled",
    "多久能到账": "utter_faq_how_long",
    "怎么退款": "utter_faq_refund",
    "流水号在哪里找": "utter_faq_find_serial",
    "重复缴费了怎么办": "utter_faq_duplicate_payment",
    "付款失败了怎么办": "utter_faq_payment_failed",
    "谢谢": "utter_thanks",
    "再见": "utter_goodbye",
}

TICKET = re.compile(r"GD\d{12}")
REQUEST = re.compile(r"RR\d{8,}")


@dataclass(frozen=True)
class Step:
    """One message; `presses` means the first button under the last line instead of typing."""

    text: str
    answer: re.Pattern[str]
    kind: str
    presses: bool = False
    in_one_breath: bool = False
    """Sent right behind the one before, whatever the dice say."""


@dataclass(frozen=True)
class Script:
    """A resident's steps, in bursts that are sent without waiting for an answer."""

    bursts: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step in order."""
        return tuple(step for burst in self.bursts for step in burst)

    def count(self, kind: str) -> int:
        """How many steps are of a kind."""
        return sum(step.kind == kind for step in self.steps)


class Playwright:
    """Writes scripts in which each answer names its message: different messages have different ones."""

    def __init__(self, phrases: Phrasebook, dice: Random) -> None:
        self._phrases = phrases
        self._dice = dice
        self._serials = {row.code: serial_number(row.channel, row.code, row.day) for row in ROWS}
        # Payments that wait for a person do not change while the residents talk.
        self._stuck = [
            self._serials[row.code]
            for row in ROWS
            if row.state is State.UNRECONCILED and row.reason not in SELF_SETTLING
        ]

    def write(self, messages: int) -> Script:
        """A script of so many messages."""
        scenes = self._scenes()
        chosen: list[list[Step]] = []
        for scene in scenes:
            if sum(map(len, chosen)) + len(scene) <= messages:
                chosen.append(scene)
        self._dice.shuffle(chosen)
        return Script(tuple(self._bursts([step for scene in chosen for step in scene])))

    def _scenes(self) -> list[list[Step]]:
        """More than enough scenes; the first ones are in nearly every script."""
        serials = self._dice.sample(sorted(self._serials.values()), 8)
        open_serial = self._dice.choice(self._stuck)
        questions = [self._asks(text, name) for text, name in QUESTIONS.items()]
        self._dice.shuffle(questions)
        worries = self._worries(questions[1])
        main = [[self._wants_person()], self._requests(open_serial), questions[0], worries]
        self._dice.shuffle(main)
        rest = [*questions[2:], *([self._looks_up(s)] for s in serials if s != open_serial)]
        self._dice.shuffle(rest)
        return [*main, *rest]

    def _requests(self, serial: str) -> list[Step]:
        confirm = Step("申请对账", self._said("utter_confirm_reconciliation", f"…{serial[-6:]}"), "confirm")
        yes = Step("1", REQUEST, "request", presses=self._dice.random() < 0.5)
        watch = Step("帮我盯着这笔", self._said("utter_watch_set", serial[-6:]), "watch")
        return [self._looks_up(serial), confirm, yes, *([watch] if self._dice.random() < 0.5 else [])]

    def _worries(self, question: list[Step]) -> list[Step]:
        """Calls, and asks the same again and again, without waiting."""
        call = Step("你好", self._said("utter_greet"), "call")
        return [call, *(replace(question[0], in_one_breath=True) for _ in range(WORRIES))]

    def _looks_up(self, serial: str) -> Step:
        return Step(serial, self._said("utter_status", serial[-6:]), "state")

    def _wants_person(self) -> Step:
        return Step("转人工", TICKET, "ticket")

    def _asks(self, text: str, name: str) -> list[Step]:
        return [Step(text, self._said(name), "question")]

    def _said(self, name: str, first_value: str = "") -> re.Pattern[str]:
        """Matches the named response up to its first placeholder, and the words in that if they are known."""
        before = PLACEHOLDER.split(self._phrases.say(name, "zh").text)[0]
        return re.compile("^" + re.escape(before) + r"[\s\S]*?" + re.escape(first_value))

    def _bursts(self, steps: list[Step]) -> list[tuple[Step, ...]]:
        bursts: list[tuple[Step, ...]] = []
        for step in steps:
            # A button can only be pressed once it is there.
            joins = bursts and len(bursts[-1]) < LARGEST_BURST and self._dice.random() < 0.3
            if bursts and (step.in_one_breath or (joins and not step.presses)):
                bursts[-1] = (*bursts[-1], step)
            else:
                bursts.append((step,))
        return bursts
