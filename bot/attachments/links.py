"""Addresses under which residents get the files that agents sent them."""

from __future__ import annotations

from typing import Optional, Tuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.attachments.sending import Enclosure
from bot.messages import Line

KEPT_SECONDS = 30 * 24 * 3600
Named = Tuple[int, str]
"""A conversation and a file's digest."""


class FileLinks:
    """Signed with SECRET_KEY; an address serves for 30 days and is made anew whenever its line is shown."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="agent file")

    def of(self, line: Line) -> Optional[str]:
        """The path of the file that goes with a line; None for a line without one."""
        enclosure = Enclosure.of(line.custom)
        if enclosure is None:
            return None
        token = self._signer.dumps([line.conversation_id, enclosure.sha256])
        return f"/files/{token if isinstance(token, str) else token.decode()}"

    def read(self, token: str) -> Optional[Named]:
        """What an address names; None when it was made up, or is too old."""
        try:
            conversation_id, sha256 = self._signer.loads(token, max_age=KEPT_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return int(conversation_id), str(sha256)
