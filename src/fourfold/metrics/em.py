"""Exact match: the answer is one of the references, word for word."""

from __future__ import annotations

from collections.abc import Sequence

from fourfold.metrics.normalisation import normalised_words


class ExactMatch:
    """1 when the normalised answer equals a normalised reference, else 0."""

    @property
    def name(self) -> str:
        """`em`."""
        return "em"

    @property
    def signature(self) -> str:
        """SQuAD's normalisation with German and English articles."""
        return "em|norm:squad-1.1|articles:de+en|punctuation:unicode"

    def score(self, hypothesis: str, references: Sequence[str]) -> float:
        """1.0 or 0.0; 0.0 without references."""
        words = normalised_words(hypothesis)
        return float(any(words == normalised_words(reference) for reference in references))
