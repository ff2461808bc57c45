"""What a message says before anyone understands it: cleaned, masked, buttons and their typed equivalents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from bot.messages import Button, MessageKind
from bot.notifications.addresses import EMAIL, address_in
from bot.notifications.addresses import masked as masked_address
from bot.privacy import find_id_last4, mask_identity

LAST4_ASKED = "payer_id_last4"
ADDRESS_ASKED = "notice_address"
TYPED_FREELY = frozenset({"amount_fen", LAST4_ASKED, "notice_code"})
"""Questions whose answer may be a bare digit, so that a digit does not choose a button."""

REFUSALS = {
    MessageKind.PHOTO: "utter_photo_received",
    MessageKind.DOCUMENT: "utter_document_received",
    MessageKind.STICKER: "utter_sticker_received",
    MessageKind.VOICE: "utter_voice_received",
    MessageKind.LOCATION: "utter_location_received",
    MessageKind.OTHER: "utter_kind_not_supported",
    MessageKind.GROUP: "utter_group_private",
}

SILENT = re.compile(r"/(greet|switch_language)\b")
"""Payloads that a page sends by itself; nobody typed them, so nobody sees them."""

ID_LAST4 = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.\-/:])"  # not the end of a number, a date or a word
    r"([0-9](?:[ \-]?[0-9]){2}[ \-]?[0-9Xx])"
    r"(?![0-9A-Za-z年月日元块分])(?![.\-/: ][0-9])"
)
LAST4_MARK = "‹id_last4›"
ADDRESS_MARK = "‹address›"
CUT_NUMBER = re.compile(r"[0-9０-９A-Za-z \-]+\Z")
"""What may be the first part of an identity number that was cut in two."""


@dataclass(frozen=True)
class Reading:
    """A message made safe: what the dialogue reads, what the transcript keeps, or a refusal's words."""

    for_dialogue: str
    for_transcript: str
    id_last4: Optional[str] = None
    address: Optional[str] = None
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
        kept = CUT_NUMBER.sub("", clean(text[:max_chars]))
        return Reading("", _masked(kept, awaiting) + "…", refusal="utter_too_long")
    cleaned = clean(text)
    if not _has_content(cleaned):
        return Reading("", "‹empty›", refusal="utter_empty_message")
    if kind is MessageKind.BUTTON or cleaned.startswith("/"):
        return _read_payload(cleaned, offered, awaiting, knows)
    chosen = _typed_equivalent(cleaned, offered, awaiting)
    if chosen:
        return Reading(chosen.payload, chosen.title)
    return _read_words(cleaned, awaiting)


def clean(text: str, keep: str = "") -> str:
    """The text without control characters and half surrogates; line breaks become spaces unless kept."""
    spaced = (" " if c in "\r\n\t\v\f\x85\u2028\u2029" and c not in keep else c for c in text)
    printable = (c for c in spaced if c in keep or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    return "".join(printable).strip()


def _has_content(text: str) -> bool:
    """True when something can be seen: a letter, a digit, a sign, an emoji."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in text)


def _read_payload(
    payload: str, offered: Sequence[Button], awaiting: Optional[str], knows: Callable[[str], bool]
) -> Reading:
    for button in offered:
        if button.payload == payload:
            return Reading(payload, button.title)
    if not knows(payload):
        return Reading("", _masked(payload, awaiting), refusal="utter_unknown_button")
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
    if awaiting == ADDRESS_ASKED:
        return _read_address(unicodedata.normalize("NFKC", text))
    masked = _masked(text, awaiting)
    return Reading(masked, masked, id_last4=find_id_last4(text) or _last4_alone(text, awaiting))


def _read_address(text: str) -> Reading:
    """An address for notices leaves here in `address` alone, for one turn."""
    address = address_in(text)
    shown = mask_identity(EMAIL.sub(lambda found: masked_address(found.group(0)), text))
    # An address is in no language, and no question.
    return Reading(mask_identity(EMAIL.sub(ADDRESS_MARK, text)), shown, address=address)


def _masked(text: str, awaiting: Optional[str]) -> str:
    masked = mask_identity(text)
    if awaiting != LAST4_ASKED:
        return masked
    plain = unicodedata.normalize("NFKC", masked)
    return ID_LAST4.sub(LAST4_MARK, plain) if ID_LAST4.search(plain) else masked


def _last4_alone(text: str, awaiting: Optional[str]) -> Optional[str]:
    """The four characters that were asked for; None when there are two: a try is not wasted on a guess."""
    if awaiting != LAST4_ASKED:
        return None
    found = ID_LAST4.findall(unicodedata.normalize("NFKC", mask_identity(text)))
    said = {re.sub(r"[ \-]", "", one).upper() for one in found}
    return said.pop() if len(said) == 1 else None
