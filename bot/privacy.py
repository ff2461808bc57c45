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
        national = found.value[-11:] if not found.value.startswith("0") else found.value
        return f"{national[:3]}****{national[-4:]}"
    return None
