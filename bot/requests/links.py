"""Addresses that only their holder can know: a request's status page, and its receipt (受理回执)."""

from __future__ import annotations

from typing import Optional, Tuple

from itsdangerous import BadSignature, URLSafeSerializer

Named = Tuple[int, str]
"""A conversation and the bureau's number of one of its requests."""


class RequestLinks:
    """Signed with SECRET_KEY; who holds the page's address cannot work out the receipt's."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._pages = URLSafeSerializer(secret, salt="request page")
        self._papers = URLSafeSerializer(secret, salt="request paper")

    def page(self, conversation_id: int, request_id: str) -> str:
        """Where anybody who was given it sees how far the request is."""
        return f"{self._public_url}/requests/{_signed(self._pages, conversation_id, request_id)}"

    def paper(self, conversation_id: int, request_id: str) -> str:
        """Where the resident gets the receipt."""
        return f"{self._public_url}/requests/papers/{_signed(self._papers, conversation_id, request_id)}"

    def of_page(self, token: str) -> Optional[Named]:
        """What a page's address names, or None when it was made up."""
        return _read(self._pages, token)

    def of_paper(self, token: str) -> Optional[Named]:
        """What a receipt's address names, or None when it was made up."""
        return _read(self._papers, token)


def _signed(signer: URLSafeSerializer, conversation_id: int, request_id: str) -> str:
    signed = signer.dumps([conversation_id, request_id])
    return signed.decode() if isinstance(signed, bytes) else signed


def _read(signer: URLSafeSerializer, token: str) -> Optional[Named]:
    try:
        conversation_id, request_id = signer.loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(conversation_id), str(request_id)
