"""Files that agents send to residents: judged by their first bytes, kept encrypted, opened to deliver."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from bot.attachments.media import ENDINGS, media_type_of
from bot.attachments.model import AgentFile
from bot.clock import SHANGHAI, Clock
from bot.errors import InvalidInput
from bot.seal import Seal

CUSTOM = "file"
"""Where a line's custom field says which file goes with it."""


@dataclass(frozen=True)
class Enclosure:
    """What a line says of its file: enough to find it and to name it, in bytes."""

    sha256: str
    media_type: str
    size: int

    @classmethod
    def of(cls, custom: Mapping[str, Any]) -> Optional["Enclosure"]:
        """The file that goes with a line, or None."""
        said = custom.get(CUSTOM)
        return cls(said["sha256"], said["media_type"], said["size"]) if said else None

    @property
    def is_image(self) -> bool:
        """True for what can be shown where it stands."""
        return self.media_type.startswith("image/")


class SendingService:
    """Keeps what an agent sends, of at most `most` bytes, and opens it for the channel that delivers it."""

    def __init__(self, work: Any, seal: Seal, clock: Clock, most: int) -> None:
        self._work = work
        self._seal = seal
        self._clock = clock
        self.most = most

    async def keep(self, work: Any, conversation_id: int, agent: str, content: bytes) -> dict[str, Any]:
        """Stages the file; returns what its line carries in `custom`.

        Raises InvalidInput("file_empty" | "file_too_large" | "file_wrong_type").
        """
        media_type = media_type_of(content)
        if not content:
            raise InvalidInput("file_empty")
        if len(content) > self.most:
            raise InvalidInput("file_too_large")
        if media_type is None:
            raise InvalidInput("file_wrong_type")
        digest = hashlib.sha256(content).hexdigest()
        if await work.agent_files.find(conversation_id, digest) is None:
            sealed = await asyncio.to_thread(self._seal.close_bytes, content)
            file = AgentFile(conversation_id, agent, media_type, len(content), digest, self._clock.now())
            work.agent_files.add(file, sealed)
        return {CUSTOM: {"sha256": digest, "media_type": media_type, "size": len(content)}}

    async def open(self, conversation_id: int, sha256: str) -> Optional[tuple[AgentFile, bytes]]:
        """The file again; None when there is none, or it was erased."""
        async with self._work() as work:
            file: Optional[AgentFile] = await work.agent_files.find(conversation_id, sha256)
            sealed = await work.agent_files.sealed(file) if file else None
        if file is None or sealed is None:
            return None
        return file, await asyncio.to_thread(self._seal.open_bytes, sealed)


def file_name(file: AgentFile) -> str:
    """A name of ours: when it was sent, in Shanghai."""
    return f"{file.created_at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.{ENDINGS[file.media_type]}"
