"""The views of one message that the classifier learns from: its words, its sounds, how it is spelled."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dialogue.nlu.normalise import clean, normalise
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

    def aloud(self) -> Reading:
        """The same message as if it had been written in pinyin."""
        return Reading(self.sounds, self.sounds, in_pinyin=True)


def read(text: str) -> Reading:
    """The message normalised, transliterated, and recognised as pinyin or not."""
    words = normalise(text)
    in_pinyin = is_pinyin(clean(text))
    sounds = syllable_text(words) if in_pinyin else transliterate(words)
    return Reading(words, sounds, in_pinyin)
