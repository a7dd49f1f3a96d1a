"""Both arms in one list: meaning decides, and words add what they know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, pstdev

from fourfold.core.records import Hit

WORD_WEIGHT = 2.0  # of full coverage, in standard deviations of the similarities; measured
# The larger an index, the more alike its nearest passages; dividing by less would make a hair's
# breadth of meaning outweigh the words (benchmarks/retrieval.md).
LEAST_DEVIATION = 0.025


def fuse(
    by_meaning: Sequence[Hit],
    by_words: Sequence[Hit],
    missing: Mapping[str, tuple[float, float]],
) -> list[Hit]:
    """One list, best first, with both ranks and both scores of each hit.

    The score is the similarity, standardised among the hits found by meaning, plus the weighted
    coverage. So a question whose words the index does not know (another language, other words
    for the same) is ranked by meaning alone. `missing` holds similarity and coverage of the
    chunks that one arm did not find, by chunk id.
    """
    similarities = [hit.similarity for hit in by_meaning] or [0.0]
    middle = fmean(similarities)
    deviation = max(pstdev(similarities), LEAST_DEVIATION)
    hits = {}
    for key, hit in _merged(by_meaning, by_words).items():
        similarity, coverage = missing.get(key, (hit.similarity, hit.coverage))
        score = (similarity - middle) / deviation + WORD_WEIGHT * coverage
        hits[key] = replace(hit, score=score, similarity=similarity, coverage=coverage)
    return [hit for _, hit in sorted(hits.items(), key=lambda item: (-item[1].score, item[0]))]


def half_judged(by_meaning: Sequence[Hit], by_words: Sequence[Hit]) -> list[str]:
    """Ids of the chunks that only one arm found."""
    one = {hit.chunk.id for hit in by_meaning}
    other = {hit.chunk.id for hit in by_words}
    return sorted(one ^ other)


def _merged(by_meaning: Sequence[Hit], by_words: Sequence[Hit]) -> dict[str, Hit]:
    """Each chunk once, by its id, with what each arm says of it."""
    merged = {hit.chunk.id: hit for hit in by_meaning}
    for hit in by_words:
        key = hit.chunk.id
        known = merged.get(key)
        merged[key] = (
            replace(known, coverage=hit.coverage, lexical_rank=hit.lexical_rank) if known else hit
        )
    return merged
