"""What residents do on Telegram, as the Bot API describes it."""

from __future__ import annotations

import re
import time
from typing import Any

Json = dict[str, Any]

PHOTO_SIZE = {"file_id": "photo-1", "file_unique_id": "p1", "width": 90, "height": 160, "file_size": 1253}
FILE = {"file_id": "file-1", "file_unique_id": "f1", "file_size": 4096}

CONTENTS: dict[str, Any] = {
    "photo": [PHOTO_SIZE],
    "document": {**FILE, "file_name": "receipt.pdf", "mime_type": "application/pdf"},
    "sticker": {
        **FILE,
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "🙏",
    },
    "voice": {**FILE, "duration": 3, "mime_type": "audio/ogg"},
    "audio": {**FILE, "duration": 3},
    "video_note": {**FILE, "duration": 3, "length": 240},
    "location": {"latitude": 31.23, "longitude": 121.47},
    "contact": {"phone_number": "+8613800000000", "first_name": "阿姨"},
    "dice": {"emoji": "🎲", "value": 6},
}


def user(user_id: int, language: str = "zh-hans", is_bot: bool = False) -> Json:
    """A Telegram account."""
    return {"id": user_id, "is_bot": is_bot, "first_name": "居民", "language_code": language}


def chat(chat_id: int) -> Json:
    """A private chat, or a group when the id is negative."""
    if chat_id < 0:
        return {"id": chat_id, "type": "supergroup", "title": "小区群"}
    return {"id": chat_id, "type": "private", "first_name": "居民"}


def membership(chat_id: int, bot_id: int, before: str, now: str) -> Json:
    """What the bot is in a chat, and was: member, kicked, left."""

    def state(status: str) -> Json:
        until = {"until_date": 0} if status == "kicked" else {}
        return {"status": status, "user": user(bot_id, is_bot=True), **until}

    return {
        "chat": chat(chat_id),
        "from": user(abs(chat_id)),
        "date": int(time.time()),
        "old_chat_member": state(before),
        "new_chat_member": state(now),
    }


def message(message_id: int, chat_id: int, sender: Json, **content: Any) -> Json:
    """A message; dates are in seconds."""
    made = {
        "message_id": message_id,
        "date": int(time.time()),
        "chat": chat(chat_id),
        "from": sender,
        **content,
    }
    if "text" in content:
        made["entities"] = _entities(content["text"])
    return {key: value for key, value in made.items() if value not in (None, [])}


def _entities(text: str) -> list[Json]:
    found = []
    for kind, pattern in (("bot_command", r"/[A-Za-z0-9_]+(?:@\w+)?"), ("mention", r"@[A-Za-z0-9_]{4,32}")):
        for match in re.finditer(rf"(?<![\w@/]){pattern}", text, re.ASCII):
            offset = len(text[: match.start()].encode("utf-16-le")) // 2
            found.append({"type": kind, "offset": offset, "length": len(match.group())})
    return found
