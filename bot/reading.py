"""What a message says before anyone understands it: cleaned, masked, buttons and their typed equivalents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from bot.messages import Button, MessageKind
from bot.privacy import find_id_last4, mask_identity

TYPED_FREELY = frozenset({"amount_fen", "payer_id_last4"})
"""Questions whose answer may be a bare digit, so that a digit does not choose a button."""

REFUSALS = {
    MessageKind.PHOTO: "utter_photo_received",
    MessageKind.DOCUMENT: "utter_document_received",
    MessageKind.STICKER: "utter_sticker_received",
    MessageKind.VOICE: "utter_voice_received",
    MessageKind.LOCATION: "utter_location_received",
    MessageKind.OTHER: "utter_kind_not_supported",
}

ID_LAST4 = re.compile(r"(?<![0-9A-Za-z])([0-9]{3}[0-9Xx])(?![0-9A-Za-z])")
LAST4_MARK = "‹id_last4›"


@dataclass(frozen=True)
class Reading:
    """A message made safe: what the dialogue reads, what the transcript keeps, or a refusal's words."""

    for_dialogue: str
    for_transcript: str
    id_last4: Optional[str] = None
    refusal: Optional[str] = None


def read_message(
    text: str,
    *,
    kind: MessageKind,
    offered: Sequence[Button],
    awaiting: Optional[str],
    max_chars: int,
    knows: Callable[[str], bool],
) -> Reading:
    """Reads a message in the light of what was offered and asked last.

    Identity numbers never leave here in clear; only their last four do, in `id_last4`, for one turn.
    """
    if kind in REFUSALS:
        return Reading("", f"‹{kind.value}›", refusal=REFUSALS[kind])
    if len(text) > max_chars:
        return Reading("", mask_identity(clean(text))[:200] + "…", refusal="utter_too_long")
    cleaned = clean(text)
    if not cleaned:
        return Reading("", "‹empty›", refusal="utter_empty_message")
    if kind is MessageKind.BUTTON or cleaned.startswith("/"):
        return _read_payload(cleaned, offered, knows)
    chosen = _typed_equivalent(cleaned, offered, awaiting)
    if chosen:
        return Reading(chosen.payload, chosen.title)
    return _read_words(cleaned, awaiting)


def clean(text: str) -> str:
    """The text without control characters and half surrogates; line breaks become spaces."""
    kept = (" " if c in "\r\n\t" else c for c in text)
    printable = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    return printable.strip()


def _read_payload(payload: str, offered: Sequence[Button], knows: Callable[[str], bool]) -> Reading:
    for button in offered:
        if button.payload == payload:
            return Reading(payload, button.title)
    if not knows(payload):
        return Reading("", mask_identity(payload), refusal="utter_unknown_button")
    masked = mask_identity(payload)
    return Reading(masked, masked)


def _typed_equivalent(text: str, offered: Sequence[Button], awaiting: Optional[str]) -> Optional[Button]:
    word = unicodedata.normalize("NFKC", text).strip(" .。、,，!！").casefold()
    for button in offered:
        if word == unicodedata.normalize("NFKC", button.title).casefold():
            return button
    if awaiting in TYPED_FREELY or not (word.isascii() and word.isdigit() and len(word) <= 2):
        return None
    place = int(word) - 1
    return offered[place] if 0 <= place < len(offered) else None


def _read_words(text: str, awaiting: Optional[str]) -> Reading:
    last4 = find_id_last4(text)
    masked = mask_identity(text)
    if awaiting == "payer_id_last4":
        found = ID_LAST4.search(unicodedata.normalize("NFKC", masked))
        if found:
            last4 = last4 or found.group(1).upper()
            masked = ID_LAST4.sub(LAST4_MARK, unicodedata.normalize("NFKC", masked))
    return Reading(masked, masked, id_last4=last4)
