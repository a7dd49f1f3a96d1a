"""Do the documents hold an answer at all? Judged from the evidence, before a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from fourfold.assistant.base import Candidate
from fourfold.core.records import Hit

THRESHOLD = 0.5


def answerable(hits: Sequence[Hit], candidates: Sequence[Candidate]) -> bool:
    """True when an answer is likelier than not."""
    return bool(candidates) and probability(hits, candidates) >= THRESHOLD


def probability(hits: Sequence[Hit], candidates: Sequence[Candidate]) -> float:
    """How likely it is that the candidates answer the question, 0 to 1."""
    similarity = max((hit.similarity for hit in hits), default=0.0)
    overlap = max((one.overlap for one in candidates), default=0.0)
    return 1 / (1 + exp(-(30 * (similarity - 0.83) + 4 * (overlap - 0.4))))
