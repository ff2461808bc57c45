"""Buttons under a message, and what pressing one means.

Telegram carries at most 64 bytes with a button, less than many payloads need; so a button carries its place
(`b:<line>:<index>`) and the payload is read back from the stored line.
"""

from __future__ import annotations

import re
import unicodedata

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.messages import Contact, Line
from bot.storage.unit_of_work import UnitOfWorkFactory

UNKNOWN = "/button_not_known"
"""A payload that no dialogue knows: the resident hears that the button no longer works."""

PRIVATE_CHAT = "/private_chat"
"""A payload that opens the bot's private chat instead of coming back."""

SHORT_TITLE = 14
"""Columns (a Chinese character takes two) that fit twice beside each other on a telephone."""

PLACE = re.compile(r"b:([0-9]{1,18}):([0-9]{1,3})")


def keyboard(line: Line, username: str = "") -> InlineKeyboardMarkup | None:
    """The line's buttons: two in a row when all are short, else one."""
    buttons = [
        InlineKeyboardButton(button.title, url=f"https://t.me/{username}")
        if button.payload == PRIVATE_CHAT
        else InlineKeyboardButton(button.title, callback_data=f"b:{line.id}:{index}")
        for index, button in enumerate(line.buttons)
    ]
    if not buttons:
        return None
    columns = 2 if all(_width(button.title) <= SHORT_TITLE for button in line.buttons) else 1
    return InlineKeyboardMarkup([buttons[i : i + columns] for i in range(0, len(buttons), columns)])


async def pressed_payload(work: UnitOfWorkFactory, contact: Contact, data: str) -> str:
    """The payload of a pressed button; UNKNOWN when this contact never got such a button."""
    place = PLACE.fullmatch(data)
    if not place:
        return UNKNOWN
    line = await _line_of(work, contact, int(place.group(1)))
    index = int(place.group(2))
    if line is None or index >= len(line.buttons):
        return UNKNOWN
    return line.buttons[index].payload


async def _line_of(work: UnitOfWorkFactory, contact: Contact, line_id: int) -> Line | None:
    async with work() as unit:
        line = await unit.lines.get(line_id)
        conversation = await unit.conversations.get(line.conversation_id) if line else None
    return line if conversation and conversation.contact == contact else None


def _width(title: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in title)
