"""How drafts were corrected: the share released untouched, and the edits of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from unicodedata import normalize

from fourfold.metrics.base import averaged, count_of, mean
from fourfold.metrics.corrections import Correction, correction

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


class Untouched:
    """Share of texts that were released as they were drafted, blanks apart, 0 to 1."""

    name = "untouched"
    higher_is_better = True
    is_share = True

    def signature(self, references: int | None = 1) -> str:
        """Case and punctuation count."""
        return f"untouched|{count_of(references)}|case:mixed|punct:yes|blanks:no|norm:nfc"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text."""
        pairs = zip(hypotheses, references, strict=True)
        return averaged(_words(text) in map(_words, known) for text, known in pairs)

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _words(text: str) -> list[str]:
    return normalize("NFC", text).split()


class _Edits:
    """Edits of a kind for each 100 released words; of several references, the nearest counts."""

    name: str
    higher_is_better = False

    def signature(self, references: int | None = 1) -> str:
        """The search for edits is TER's."""
        search = f"case:lc|tok:tercom|norm:nfc|punct:yes|version:{version('sacrebleu')}"
        return f"{self.name}|{count_of(references)}|per:100-words|{search}"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """Edits and words of each text."""
        import numpy as np

        rows = []
        for text, known in zip(hypotheses, references, strict=True):
            made = [correction(text, one) for one in known or ("",)]
            nearest = min(made, key=lambda one: one.edits)
            rows.append((self._count(nearest), nearest.words))
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def value(self, figures: Figures) -> float:
        """0 and up; an edit where nothing was left counts as one for each word."""
        edits, words = figures
        return float(100 * edits / words) if words else 100.0 * float(edits > 0)

    def _count(self, made: Correction) -> int:
        raise NotImplementedError


class Insertions(_Edits):
    """Words put in, for each 100 released words."""

    name = "insertions"

    def _count(self, made: Correction) -> int:
        return made.count("inserted")


class Deletions(_Edits):
    """Words taken out, for each 100 released words."""

    name = "deletions"

    def _count(self, made: Correction) -> int:
        return made.count("deleted")


class Substitutions(_Edits):
    """Words replaced, for each 100 released words."""

    name = "substitutions"

    def _count(self, made: Correction) -> int:
        return made.count("substituted")


class Shifts(_Edits):
    """Phrases moved, for each 100 released words."""

    name = "shifts"

    def _count(self, made: Correction) -> int:
        return made.shifts
