"""Attempts to override the application's rules, in German and English.

Each word is looked up once in one table; patterns of kinds of words then tell an order to drop the
assistant's own rules ("ignore your previous instructions") from a manual's ordinary language ("do
not ignore these instructions"). All repetitions are bounded: the time grows with the text alone.
"""

from __future__ import annotations

import re
import unicodedata

from fourfold.guards.override_patterns import attempt, signs_of_words

_CONTROL = re.compile(
    r"<\|?(?:im_start|im_end|system|endoftext|eot_id|start_header_id)\|?>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
_LAST_LETTER = "\u024f"  # of the Latin letters; beyond are look-alikes and invisible marks


class InjectionGuard:
    """Objects to texts that try to replace the rules, to read them, or to forge a turn."""

    def __init__(self) -> None:
        self._signs = signs_of_words()

    @property
    def name(self) -> str:
        """`injection`."""
        return "injection"

    def objection(self, text: str) -> str | None:
        """Say what the text tries to do."""
        plain = _plain(text) if _hides_words(text) else text
        if ("<" in plain or "[" in plain) and _CONTROL.search(plain):
            return "imitates the marks of a conversation"
        return attempt(plain.casefold(), self._signs)


def _hides_words(text: str) -> bool:
    """True when a character stands in the text that no German or English word needs."""
    return not text.isascii() and (max(text) > _LAST_LETTER or "\u00ad" in text)


def _plain(text: str) -> str:
    """Without look-alike and invisible characters, which hide words from a reader of words."""
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
