"""Encryption of what must be kept (accepted messages until answered, residents' files), and fingerprints."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import Bug

KEY_MIN_CHARS = 16


class Seal:
    """Encrypts and decrypts text with a key derived from SECRET_KEY (Fernet: AES-128-CBC with HMAC)."""

    def __init__(self, secret: str) -> None:
        digest = hashlib.sha256(b"seal:" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))
        self._marking = hashlib.sha256(b"fingerprint:" + secret.encode()).digest()

    def close(self, text: str) -> bytes:
        """The text, encrypted."""
        return self.close_bytes(text.encode("utf-8", "replace"))

    def open(self, sealed: bytes) -> str:
        """The text again; raises Bug when it was sealed with another key."""
        return self.open_bytes(sealed).decode()

    def fingerprint(self, *parts: str) -> str:
        """The same for the same parts under this key, and nowhere else; nothing is read back from it."""
        return hmac.new(self._marking, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    def close_bytes(self, content: bytes) -> bytes:
        """A file's content, encrypted."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """The content again; raises Bug when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise Bug("sealed with another SECRET_KEY") from error


def secret_key(configured: str, data_dir: Path) -> str:
    """The configured key, or one made on the first start and kept in `data_dir` for its owner only.

    Raises Bug when the file that should hold it is empty: a new key would make sealed messages unreadable.
    """
    if configured:
        return configured
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _write_once(path, secrets.token_urlsafe(32))
    key = path.read_text().strip()
    if len(key) < KEY_MIN_CHARS:
        raise Bug(f"{path} holds no key: put it back, or remove it to have a new one made")
    return key


def _write_once(path: Path, content: str) -> None:
    """Writes the whole file or nothing; of several processes that try at once, one succeeds."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(name, path)
    except FileExistsError:
        pass  # Another process was quicker; its key is everybody's.
    finally:
        os.unlink(name)
