"""F1 of words: how much of the answer is right, and how much of what is right it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fourfold.metrics.normalisation import normalised_words


class TokenF1:
    """Harmonic mean of word precision and recall, the best over the references.

    Source: `f1_score` of the SQuAD 1.1 evaluation script (https://arxiv.org/abs/1606.05250).
    """

    @property
    def name(self) -> str:
        """`f1`."""
        return "f1"

    @property
    def signature(self) -> str:
        """SQuAD's normalisation with German and English articles."""
        return "f1|norm:squad-1.1|articles:de+en|punctuation:unicode"

    def score(self, hypothesis: str, references: Sequence[str]) -> float:
        """0 to 1; 0.0 without references."""
        words = normalised_words(hypothesis)
        return max((_f1(words, normalised_words(one)) for one in references), default=0.0)


def _f1(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    if not hypothesis or not reference:
        return float(hypothesis == reference)
    common = sum((Counter(hypothesis) & Counter(reference)).values())
    return 2 * common / (len(hypothesis) + len(reference))
