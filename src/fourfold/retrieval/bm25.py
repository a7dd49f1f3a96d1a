"""BM25 of a question: which terms of the index it asks for, and how much each counts.

A German compound of the question also asks for its parts, and a word also asks for the
compounds that begin or end with it, each for less than the word itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fourfold.retrieval.words import Word, stems, words_of

SHORTEST_PART = 4
SHORTEST_COMPOUND = 9
SHORTEST_EXPANDED = 4
LINKS = ("", "s", "es", "n", "en", "er", "e", "ens", "ns")  # Garantie·verlängerung, Arbeit·s·zeit
MOST_EXPANSIONS = 20
PART_WEIGHT = 0.6  # of the word's, shared among its parts by their length
LONE_PART = 0.5  # of that, when the index does not know the other part
EXPANSION_WEIGHT = 0.5  # of the word's, for a compound twice as long a quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a question wants to know about the vocabulary of an index."""

    words: tuple[Word, ...]
    splits: Mapping[str, tuple[tuple[str, str], ...]]  # surface → possible (left, right) words
    terms: tuple[str, ...]  # whose frequency is asked for
    stems: tuple[str, ...]  # whose longer terms are asked for, at either end


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The answer of an index: how many chunks hold each term."""

    chunks: int
    frequencies: Mapping[str, int]
    expansions: Mapping[str, Mapping[str, int]]  # stem → longer terms with their frequencies

    def idf(self, frequency: int) -> float:
        """What a term of that frequency is worth; most when the index has never seen it."""
        return math.log(1 + (self.chunks - frequency + 0.5) / (frequency + 0.5))


@dataclass(slots=True)
class WeightedTerms:
    """A question as weights of terms; `best` is what a passage with each word once reaches."""

    weights: dict[str, float] = field(default_factory=dict)
    frequencies: dict[str, int] = field(default_factory=dict)
    best: float = 0.0

    def coverage(self, score: float) -> float:
        """The share of the question's weight that a passage with that score holds, 0 to 1."""
        return min(1.0, score / self.best) if self.best else 0.0

    def rarest(self, budget: int) -> list[str]:
        """The terms worth looking for candidates by: rare ones, at least one, at most `budget`
        chunks together.
        """
        kept: list[str] = []
        for term, frequency in sorted(self.frequencies.items(), key=lambda item: item[1]):
            budget -= frequency
            if kept and budget < 0:
                break
            kept.append(term)
        return kept


def lookup_for(question: str) -> Lookup:
    """What to ask the index for."""
    words = tuple(words_of(question))
    splits = {word.surface: tuple(_splits(word.surface)) for word in words}
    parts = {part for pairs in splits.values() for pair in pairs for part in pair}
    part_terms = {term for part in parts for term in stems(part, "")}
    own_terms = {term for word in words for term in word.terms}
    expandable = {
        term
        for word in words
        for term in word.terms
        if len(term) >= SHORTEST_EXPANDED and term.isalpha()
    }
    return Lookup(
        words=words,
        splits=splits,
        terms=tuple(sorted(own_terms | part_terms)),
        stems=tuple(sorted(expandable)),
    )


def weigh(lookup: Lookup, vocabulary: Vocabulary) -> WeightedTerms:
    """Turn a question into weights, now that the frequencies are known."""
    weighted = WeightedTerms()
    for word in lookup.words:
        seen = {term: vocabulary.frequencies.get(term, 0) for term in word.terms}
        frequency = max(seen.values())
        if word.has_parts and not frequency:
            continue
        worth = vocabulary.idf(frequency)
        weighted.best += worth
        _add(weighted, seen, worth)
        for term in word.terms:
            for longer, chunks in vocabulary.expansions.get(term, {}).items():
                share = len(term) / len(longer)
                _add(weighted, {longer: chunks}, EXPANSION_WEIGHT * share * worth)
        split = _best_split(lookup.splits[word.surface], vocabulary)
        known = PART_WEIGHT * worth * (1 if all(split.values()) else LONE_PART)
        for part, terms in split.items():
            _add(weighted, terms, known * len(part) / len(word.surface))
    return weighted


def _add(weighted: WeightedTerms, terms: Mapping[str, int], worth: float) -> None:
    for term, frequency in terms.items():
        if frequency:
            weighted.frequencies[term] = frequency
            weighted.weights[term] = max(worth, weighted.weights.get(term, 0.0))


def _splits(surface: str) -> Iterable[tuple[str, str]]:
    """Every way to cut a compound in two words, with the linking letters left out."""
    if len(surface) < SHORTEST_COMPOUND or not surface.isalpha():
        return
    for cut in range(SHORTEST_PART, len(surface) - SHORTEST_PART + 1):
        left, right = surface[:cut], surface[cut:]
        for link in LINKS:
            if left.endswith(link) and len(left) - len(link) >= SHORTEST_PART:
                yield left.removesuffix(link), right


def _best_split(
    pairs: Iterable[tuple[str, str]], vocabulary: Vocabulary
) -> dict[str, dict[str, int]]:
    """The parts with the terms that the index knows of them, and their frequencies.

    Of all splits the one whose rarer part is the most frequent: two real words, not two
    fragments. Where no split has both parts in the index, the longest part that it knows.
    """
    best: tuple[int, int, dict[str, dict[str, int]]] = (0, 0, {})
    for pair in pairs:
        known = {part: _known(part, vocabulary) for part in pair}
        both = min(max(terms.values(), default=0) for terms in known.values())
        longest = max((len(part) for part, terms in known.items() if terms), default=0)
        best = max(best, (both, longest, known), key=lambda each: each[:2])
    return best[2]


def _known(part: str, vocabulary: Vocabulary) -> dict[str, int]:
    frequencies = {term: vocabulary.frequencies.get(term, 0) for term in stems(part, "")}
    return {term: chunks for term, chunks in frequencies.items() if chunks}
