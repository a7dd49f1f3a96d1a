"""A question has a sensible length."""

from __future__ import annotations

from typing import Final

LONGEST_TEXT: Final = 100_000  # characters of a text to work on; a question is far shorter
EMPTY: Final = "the question is empty"
WORDLESS: Final = "there is no word in it"


class LengthGuard:
    """Objects to a question without a word and to one longer than `max_characters`."""

    def __init__(self, max_characters: int = 4_000) -> None:
        self.max_characters = max_characters

    @property
    def name(self) -> str:
        """`length`."""
        return "length"

    def objection(self, text: str) -> str | None:
        """Name the limit that was passed."""
        if not text.strip():
            return EMPTY
        if len(text) > self.max_characters:
            return f"longer than {self.max_characters:,} characters"
        if not any(character.isalnum() for character in text):
            return WORDLESS
        return None
