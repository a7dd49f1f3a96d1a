"""Near-duplicates among hits: the same passage in two files is shown once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fourfold.core.records import Hit
from fourfold.retrieval.words import WORD

SHINGLE = 4  # words; shared runs of words mean shared text, shared words alone do not
ALIKE = 0.8  # shared shingles of all shingles of both
SHORTEST = 5  # shingles; shorter passages are duplicates only when their words are the same
LOOK_BEYOND = 20  # originals below the last one shown: its copies stand near it
DIGIT = re.compile(r"\d")
DIFFERENT_SIMILARITY = 0.02  # copies lie together in meaning, so most pairs are never compared


def collapse(hits: Sequence[Hit], *, limit: int) -> list[Hit]:
    """Keep the best of each set of near-duplicates, `limit` at most; it names the others' paths.

    Give it only hits that the person may see: what is hidden neither hides nor reveals.
    Passages that differ in a number are no duplicates: two prices are two facts.
    """
    kept: list[tuple[Hit, _Print]] = []
    for hit in hits:
        if len(kept) == limit + LOOK_BEYOND:
            break
        mark = _Print(hit.chunk.text)
        for at, (original, other) in enumerate(kept):
            if mark.numbers != other.numbers:
                continue
            near = abs(original.similarity - hit.similarity) <= DIFFERENT_SIMILARITY
            if near and mark.is_copy_of(other):
                kept[at] = (_standing_for(original, hit), other)
                break
        else:
            kept.append((hit, mark))
    return [hit for hit, _ in kept[:limit]]


class _Print:
    """What tells a passage from others: its runs of words, and its numbers."""

    def __init__(self, text: str) -> None:
        words = WORD.findall(text.casefold())
        self.words = words
        self.numbers = sorted(word for word in words if not word.isalpha() and DIGIT.search(word))
        self.shingles = set(zip(*(words[start:] for start in range(SHINGLE)), strict=False))

    def is_copy_of(self, other: _Print) -> bool:
        """True when both, of the same numbers, say the same in nearly the same words."""
        if min(len(self.shingles), len(other.shingles)) < SHORTEST:
            return self.words == other.words
        shared = len(self.shingles & other.shingles)
        return shared >= ALIKE * len(self.shingles | other.shingles)


def _standing_for(original: Hit, copy: Hit) -> Hit:
    path = copy.chunk.path
    if path == original.chunk.path or path in original.duplicates:
        return original
    return replace(original, duplicates=(*original.duplicates, path))
