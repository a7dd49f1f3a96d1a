"""Length, readability and language: what a text is like, whatever it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fourfold.core.language import detect_language
from fourfold.core.sentences import split_sentences
from fourfold.metrics.base import averaged, count_of, mean

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures

_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = {
    "de": re.compile(r"ie|ei|ai|au|eu|äu|ee|oo|aa|[aeiouyäöü]"),
    "en": re.compile(r"[aeiouy]+"),
}
_SILENT_E = re.compile(r"(?<=[^aeiouy])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouysxz])es$")


class Length:
    """Words of the texts for each word of the references; 1 is as long as people write."""

    name = "length"
    higher_is_better = False  # of two texts as good, the shorter

    def signature(self, references: int | None = 1) -> str:
        """Which reference counts."""
        return f"length|{count_of(references)}|words:blanks|reference:nearest"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """Words of each text and of the reference nearest in length."""
        import numpy as np

        rows = []
        for text, known in zip(hypotheses, references, strict=True):
            words = len(text.split())
            lengths = [len(one.split()) for one in known] or [0]
            rows.append((words, min(lengths, key=lambda length: abs(length - words))))
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def value(self, figures: Figures) -> float:
        """Words over words."""
        return mean(figures)


class Readability:
    """Reading ease by Flesch, 0 (hard) to 100 (easy), in Amstad's form for German.

    Sources: Flesch 1948, A new readability yardstick, https://doi.org/10.1037/h0057532; Amstad
    1978, Wie verständlich sind unsere Zeitungen? Syllables are counted as groups of vowels.
    References are not looked at. Texts without a word are not counted.
    """

    name = "readability"
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """Which formula for which language."""
        return "readability|en:flesch|de:amstad|other:flesch|syllables:vowels|version:1"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """The ease of each text and 1; 0 and 0 where there is no word."""
        import numpy as np

        rows = [(_ease(text), 1.0) if _WORD.search(text) else (0.0, 0.0) for text in hypotheses]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


class Language:
    """Share of texts in the language of a reference, 0 to 1, by fastText's small `lid.176`.

    A text too short to tell is in the language of a reference that is too short as well.
    """

    name = "language"
    higher_is_better = True
    is_share = True

    def signature(self, references: int | None = 1) -> str:
        """What tells the language."""
        return f"language|{count_of(references)}|model:lid.176.ftz"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text."""
        return averaged(
            any(detect_language(text) == detect_language(one) for one in known)
            for text, known in zip(hypotheses, references, strict=True)
        )

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _ease(text: str) -> float:
    language = "de" if detect_language(text) == "de" else "en"
    words = _WORD.findall(text.casefold())
    sentences = max(1, len(split_sentences(text)))
    syllables = sum(_syllables(word, language) for word in words)
    length, density = len(words) / sentences, syllables / len(words)
    if language == "de":
        return 180 - length - 58.5 * density
    return 206.835 - 1.015 * length - 84.6 * density


def _syllables(word: str, language: str) -> int:
    spoken = _SILENT_E.sub("", word) if language == "en" else word
    return max(1, len(_VOWELS[language].findall(spoken)))
