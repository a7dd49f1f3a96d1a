"""Do the documents hold an answer at all? Judged from what was found, before anything is read.

Two figures of the hits go into a logistic formula: the cosine of question and passage, and the
share of the question's word weight that stands in a passage. Neither depends on how many
documents there are. Across languages words say little and cosines are lower, so a formula of its
own holds there.

The weights were fitted (maximum likelihood, ridge 0.3) on the tuning half of
`benchmarks/answers.py`: 320 questions of XQuAD (google-deepmind/xquad, CC-BY-SA-4.0), answerable
and with their article left out of the index, and half of the demo's golden set, counted three
times, because questions that are near to the documents and still have no answer stand only there.
`benchmarks/answers.md` has the figures on the other halves. They belong to multilingual-e5-small;
another embedder needs a fit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from fourfold.core.records import Hit

# Chosen on the tuning half: of XQuAD's answerable questions .04 (German) and .02 (English) are
# refused, of the unanswerable ones .95 and .98. At 0.5 it would be .09, .04, .97 and 1.00.
ANSWERABLE = 0.3
_USUAL_SIMILARITY = 0.83


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A logistic formula: how much each figure says."""

    constant: float
    similarity: float
    coverage: float

    def likelihood(self, similarity: float, coverage: float) -> float:
        """How likely an answer is, 0 to 1."""
        above_usual = similarity - _USUAL_SIMILARITY
        logit = self.constant + self.similarity * above_usual + self.coverage * coverage
        return 1 / (1 + exp(-logit))


SAME_LANGUAGE = Weights(constant=-4.28, similarity=23.4, coverage=7.8)
ACROSS_LANGUAGES = Weights(constant=4.5, similarity=140.0, coverage=12.0)  # XQuAD alone


def likelihood(hits: Sequence[Hit], language: str) -> float:
    """How likely it is that the hits answer a question in this language, 0 to 1.

    A passage of unknown language counts as one in the question's.
    """
    own = [hit for hit in hits if hit.chunk.language in ("", language)]
    foreign = [hit for hit in hits if hit.chunk.language not in ("", language)]
    return max(SAME_LANGUAGE.likelihood(*_best(own)), ACROSS_LANGUAGES.likelihood(*_best(foreign)))


def _best(hits: Sequence[Hit]) -> tuple[float, float]:
    """The best similarity and the best coverage, not always of the same hit."""
    similarity = max((hit.similarity for hit in hits), default=0.0)
    return similarity, max((hit.coverage for hit in hits), default=0.0)
