"""Citation support: do the words of an output stand in what it rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from unicodedata import normalize

from fourfold.metrics.base import count_of, mean

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
_LONG = 4  # letters; shorter words mean little, and count only where there is no other
SAYS_NOTHING = frozenset({"", "NONE"})
"""What an output is that refuses to answer."""


class CitationSupport:
    """Share of an output's words and numbers that stand in its sources, 0 to 1.

    The references are the sources: the cited quotes, or the passages that were given. An output
    that refuses says nothing that would need support, and is not counted.
    """

    name = "citation_support"
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """Which words count."""
        return f"citation_support|{count_of(references)}|words:4+|numbers:all|case:folded|version:1"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """Of each text its share and 1; of a refusal 0 and 0."""
        import numpy as np

        rows = [
            (0.0, 0.0) if text.strip() in SAYS_NOTHING else (_best(text, sources), 1.0)
            for text, sources in zip(hypotheses, references, strict=True)
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def value(self, figures: Figures) -> float:
        """The mean over the texts that are no refusal."""
        return mean(figures)


class Refusal:
    """Share of texts that refuse exactly where the reference does, 0 to 1.

    A refusal is an empty text or `NONE`, in outputs as in references.
    """

    name = "refusal"
    higher_is_better = True
    is_share = True

    def signature(self, references: int | None = 1) -> str:
        """What counts as a refusal."""
        return f"refusal|{count_of(references)}|refusals:empty+NONE|version:1"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text."""
        import numpy as np

        rows = [
            (float(_refuses(text) == all(map(_refuses, known))), 1.0)
            for text, known in zip(hypotheses, references, strict=True)
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _refuses(text: str) -> bool:
    return text.strip() in SAYS_NOTHING


def _best(text: str, sources: Sequence[str]) -> float:
    words = _words(text)
    said = {word for word in words if len(word) >= _LONG or word[0].isdigit()} or words
    if not said:
        return 1.0
    return max((len(said & _words(source)) / len(said) for source in sources), default=0.0)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(normalize("NFC", text).casefold()))
