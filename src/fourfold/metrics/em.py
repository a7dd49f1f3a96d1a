"""Exact match: the answer is one of the references, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fourfold.metrics.base import averaged, count_of, mean
from fourfold.metrics.normalisation import normalised_words

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


class ExactMatch:
    """Share of texts whose words are those of a reference, 0 to 1."""

    name = "em"
    higher_is_better = True
    is_share = True

    def signature(self, references: int | None = 1) -> str:
        """SQuAD's normalisation with German and English articles."""
        return f"em|{count_of(references)}|norm:squad-1.1|articles:de+en|punct:unicode"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text."""
        return averaged(map(_matches, hypotheses, references))

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _matches(hypothesis: str, references: Sequence[str]) -> bool:
    words = normalised_words(hypothesis)
    return any(words == normalised_words(reference) for reference in references)
