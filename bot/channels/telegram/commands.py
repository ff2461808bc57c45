"""Telegram's slash commands, and the payloads that the dialogue knows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from telegram import Bot, BotCommand

from bot.phrasebook import Phrases

PAYLOADS = {
    "start": "/greet",
    "help": "/greet",
    "status": "/query_status",
    "human": "/request_human",
    "language": "/switch_language",
    "ticket": "/ticket_status",
}

COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
SERIAL_NUMBER = re.compile(r"[0-9A-Za-z_-]{6,64}")


@dataclass(frozen=True)
class Command:
    """`/name@addressee argument`; the addressee is another bot's or ours, or nobody's."""

    name: str
    addressee: str | None
    argument: str

    @property
    def known(self) -> bool:
        """True for a command in the menu."""
        return self.name in PAYLOADS

    @property
    def payload(self) -> str:
        """What the dialogue reads; an unknown command reads as an unknown button."""
        if self.name == "start" and SERIAL_NUMBER.fullmatch(self.argument):
            return "/provide_serial" + json.dumps({"serial_number": self.argument})
        return PAYLOADS.get(self.name, f"/{self.name}")


def read_command(text: str) -> Command | None:
    """The command that the text is, or None; a payload typed by hand (`/intent{…}`) is none."""
    found = COMMAND.fullmatch(text.strip())
    if not found:
        return None
    return Command(found.group(1).lower(), found.group(2), (found.group(3) or "").strip())


async def register_commands(bot: Bot, phrases: Phrases) -> None:
    """Puts the menu beside the message field, in Chinese, and in English for those who use it."""
    await bot.set_my_commands(_menu(phrases, "zh"))
    await bot.set_my_commands(_menu(phrases, "en"), language_code="en")


def _menu(phrases: Phrases, language: str) -> list[BotCommand]:
    return [BotCommand(name, phrases.say(f"utter_command_{name}", language).text) for name in PAYLOADS]
