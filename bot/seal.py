"""Encryption of what must be kept for a while and read by nobody: accepted messages until answered."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import Bug


class Seal:
    """Encrypts and decrypts text with a key derived from SECRET_KEY (Fernet: AES-128-CBC with HMAC)."""

    def __init__(self, secret: str) -> None:
        digest = hashlib.sha256(b"seal:" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def close(self, text: str) -> bytes:
        """The text, encrypted."""
        return self._fernet.encrypt(text.encode("utf-8", "replace"))

    def open(self, sealed: bytes) -> str:
        """The text again; raises Bug when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Bug("sealed with another SECRET_KEY") from error


def secret_key(configured: str, data_dir: Path) -> str:
    """The configured key, or one made on the first start and kept in `data_dir` for its owner only."""
    if configured:
        return configured
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(32)
        file.write(key)
    return key
