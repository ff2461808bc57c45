"""What a file is, by its first bytes: a name or a header can say anything."""

from __future__ import annotations

from typing import Optional

BEGINNINGS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


def media_type_of(content: bytes) -> Optional[str]:
    """image/jpeg, image/png or application/pdf; None for anything else."""
    return next((kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning)), None)
