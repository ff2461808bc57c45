"""A line in the parts that Telegram takes: texts of limited length, and the file that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.attachments.model import AgentFile
from bot.attachments.sending import file_name
from bot.channels.telegram.splitting import split

CAPTION_UNITS = 1024
"""What a text under a file may hold, in UTF-16 units."""


@dataclass(frozen=True)
class Document:
    """A file by the name that it goes under; a picture is shown where Telegram can."""

    name: str
    content: bytes
    is_picture: bool = False

    @classmethod
    def of(cls, file: AgentFile, content: bytes) -> "Document":
        """A file that an agent sent."""
        return cls(file_name(file), content, file.media_type.startswith("image/"))


@dataclass(frozen=True)
class Part:
    """One message: a text, or a file with a text under it."""

    text: str
    document: Document | None = None


class Files(Protocol):
    """Opens the files that agents sent."""

    async def open(self, conversation_id: int, sha256: str) -> tuple[AgentFile, bytes] | None: ...


def parts_of(text: str, document: Document | None = None) -> list[Part]:
    """The text in as few parts as it takes, and the file under the text where that is short enough."""
    texts = [Part(one) for one in split(text)]
    if document is None:
        return texts
    if len(text.encode("utf-16-le", "replace")) // 2 <= CAPTION_UNITS:
        return [Part(text, document)]
    return [*texts, Part("", document)]
