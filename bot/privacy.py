"""Takes identity numbers, bank cards and phone numbers out of free text before it is kept or logged.

Serial numbers, amounts and dates stay. Names and addresses cannot be recognised and stay too: whatever may
hold one has to be treated as personal however it was masked.
"""

from __future__ import annotations

from bot.payments.serial_numbers import FoundNumber, NumberKind, find_numbers

ID_CARD_MARK = "‹id_card›"
BANK_CARD_MARK = "‹bank_card›"


def mask_identity(text: str) -> str:
    """`text` with identity numbers and bank cards replaced by marks and phones as 138****5678; idempotent."""
    masked = _masked_once(text)
    while masked != text:  # what one pass takes out may uncover a neighbour
        text, masked = masked, _masked_once(masked)
    return masked


def find_id_last4(text: str) -> str | None:
    """The last four of the first whole and right identity number in `text`, X in upper case; else None."""
    for found in find_numbers(text):
        if found.kind is NumberKind.ID_CARD and found.problem is None and len(found.value) == 18:
            return found.value[-4:]
    return None


def _masked_once(text: str) -> str:
    for found in reversed(find_numbers(text)):
        mark = _mark(found)
        if mark is not None:
            text = text[: found.start] + mark + text[found.end :]
    return text


def _mark(found: FoundNumber) -> str | None:
    if found.kind is NumberKind.ID_CARD:
        return ID_CARD_MARK
    if found.kind is NumberKind.BANK_CARD:
        return BANK_CARD_MARK
    if found.kind is NumberKind.PHONE:
        country = "86 " if found.raw[:2] in ("86", "８６") else ""
        return f"{country}{found.value[:3]}****{found.value[-4:]}"
    return None
