"""F1 of words: how much of the answer is right, and how much of what is right it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fourfold.metrics.base import averaged, count_of, mean
from fourfold.metrics.normalisation import normalised_words

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


class TokenF1:
    """Harmonic mean of word precision and recall, 0 to 1, averaged over the texts.

    Source: `f1_score` of the SQuAD 1.1 evaluation script (https://arxiv.org/abs/1606.05250).
    """

    name = "f1"
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """SQuAD's normalisation with German and English articles."""
        return f"f1|{count_of(references)}|norm:squad-1.1|articles:de+en|punct:unicode"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """The F1 of each text with its best reference."""
        return averaged(map(_best_f1, hypotheses, references))

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _best_f1(hypothesis: str, references: Sequence[str]) -> float:
    words = normalised_words(hypothesis)
    return max((_f1(words, normalised_words(one)) for one in references), default=0.0)


def _f1(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    if not hypothesis or not reference:
        return float(hypothesis == reference)
    common = sum((Counter(hypothesis) & Counter(reference)).values())
    return 2 * common / (len(hypothesis) + len(reference))
