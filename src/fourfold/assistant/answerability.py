"""Do the documents hold an answer at all? Judged from what was found, before anything is read.

Two figures of the hits go into a logistic formula: the cosine of question and passage, and the
share of the question's word weight that stands in a passage. Neither depends on how many
documents there are. Across languages words say little and cosines are lower, so a formula of its
own holds there.

The weights were fitted (maximum likelihood, ridge 0.001) on every second article of XQuAD's
German and English questions (`qa/xquad-dev`, google-deepmind/xquad, CC-BY-SA-4.0), each asked once
with its article in the index and once without; `benchmarks/answers.md` has the figures on the
other articles. They belong to multilingual-e5-small; another embedder needs a fit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from fourfold.core.records import Hit

THRESHOLD = 0.5
_USUAL_SIMILARITY = 0.83


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A logistic formula: how much each figure says."""

    constant: float
    similarity: float
    coverage: float

    def probability(self, similarity: float, coverage: float) -> float:
        """How likely an answer is, 0 to 1."""
        sum_ = (
            self.constant
            + self.similarity * (similarity - _USUAL_SIMILARITY)
            + self.coverage * coverage
        )
        return 1 / (1 + exp(-sum_))


SAME_LANGUAGE = Weights(constant=-4.88, similarity=135.8, coverage=28.1)
ACROSS_LANGUAGES = Weights(constant=4.47, similarity=131.0, coverage=11.7)


def answerable(hits: Sequence[Hit], language: str) -> bool:
    """True when an answer is likelier than not."""
    return probability(hits, language) >= THRESHOLD


def probability(hits: Sequence[Hit], language: str) -> float:
    """How likely it is that the hits answer a question in this language, 0 to 1."""
    own, foreign = _best(hits, language, same=True), _best(hits, language, same=False)
    return max(SAME_LANGUAGE.probability(*own), ACROSS_LANGUAGES.probability(*foreign))


def _best(hits: Sequence[Hit], language: str, *, same: bool) -> tuple[float, float]:
    """The best similarity and coverage of hits in the question's language, or in others.

    A passage of unknown language counts as one in the question's.
    """
    chosen = [hit for hit in hits if (hit.chunk.language in ("", language)) is same]
    similarity = max((hit.similarity for hit in chosen), default=0.0)
    return similarity, max((hit.coverage for hit in chosen), default=0.0)
