"""The views of one message that the classifier learns from: its words, its sounds, how it is spelled."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dialogue.nlu.normalise import clean, reword
from bot.dialogue.nlu.pinyin import is_pinyin, syllable_text, transliterate


@dataclass(frozen=True)
class Reading:
    """One message, ready to be compared with others."""

    words: str
    sounds: str
    in_pinyin: bool

    @property
    def letters(self) -> str:
        """The sounds without the cuts between syllables."""
        return self.sounds.replace(" ", "")

    def part(self, clause: str) -> Reading:
        """One clause of it, read in the same script."""
        sounds = syllable_text(clause) if self.in_pinyin else transliterate(clause)
        return Reading(clause, sounds, self.in_pinyin)


def read(text: str) -> Reading:
    """The message normalised, transliterated, and recognised as pinyin or not."""
    plain = clean(text)
    words, in_pinyin = reword(plain), is_pinyin(plain)
    sounds = syllable_text(words) if in_pinyin else transliterate(words)
    return Reading(words, sounds, in_pinyin)
