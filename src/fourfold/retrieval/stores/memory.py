"""Chunks in memory: for tests, experiments and indexes that live as long as their process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fourfold.core.records import Chunk, Hit, Principal, Where
from fourfold.retrieval.base import Transaction
from fourfold.retrieval.bm25 import (
    MOST_EXPANSIONS,
    Vocabulary,
    WeightedTerms,
    lookup_for,
    weigh,
)
from fourfold.retrieval.tags import conditions_for, holds, tags_of
from fourfold.retrieval.words import terms_of, weights_of

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors
    from fourfold.storage.database import Database


@dataclass(frozen=True, slots=True)
class _Entry:
    chunk: Chunk
    vector: Vectors
    tags: frozenset[str]
    terms: dict[str, float]


class MemoryStore:
    """A vector store and lexical store that searches exactly; it ends with its process."""

    def __init__(self, database: Database | None = None, embedder_name: str = "") -> None:
        self._entries: dict[str, _Entry] = {}
        self._frequencies: Counter[str] = Counter()

    async def write(
        self, chunks: Sequence[Chunk], vectors: Vectors, *, transaction: Transaction | None = None
    ) -> None:
        """Replace the chunks of these documents."""
        await self.delete([chunk.document_id for chunk in chunks])
        for chunk, vector in zip(chunks, vectors, strict=True):
            terms = weights_of(terms_of(f"{chunk.context}\n{chunk.text}", chunk.language))
            tags = frozenset(tags_of(chunk))
            self._entries[chunk.id] = _Entry(chunk, vector, tags, terms)
            self._frequencies.update(terms.keys())

    async def search(
        self, vector: Vectors, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """The nearest chunks, exactly."""
        scored = [
            (float(entry.vector @ vector), entry) for entry in self._matching(visible_to, where)
        ]
        scored.sort(key=lambda pair: -pair[0])
        return [
            Hit(chunk=entry.chunk, score=similarity, similarity=similarity, vector_rank=rank)
            for rank, (similarity, entry) in enumerate(scored[:limit], start=1)
        ]

    async def delete(
        self, document_ids: Sequence[str], *, transaction: Transaction | None = None
    ) -> None:
        """Forget these documents."""
        wanted = set(document_ids)
        gone = [key for key, entry in self._entries.items() if entry.chunk.document_id in wanted]
        for key in gone:
            self._frequencies.subtract(self._entries.pop(key).terms.keys())
        self._frequencies = +self._frequencies

    async def search_words(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """The chunks that hold most of the question's word weight."""
        weighted = self._weigh(question)
        scored = [
            (score, entry)
            for entry in self._matching(visible_to, where)
            if (score := _score(weighted, entry))
        ]
        scored.sort(key=lambda pair: -pair[0])
        return [
            Hit(
                chunk=entry.chunk,
                score=score,
                coverage=weighted.coverage(score),
                lexical_rank=rank,
            )
            for rank, (score, entry) in enumerate(scored[:limit], start=1)
        ]

    async def score(
        self, chunk_ids: Sequence[str], question: str, vector: Vectors
    ) -> dict[str, tuple[float, float]]:
        """Similarity and coverage of known chunks."""
        weighted = self._weigh(question)
        known = [self._entries[key] for key in chunk_ids if key in self._entries]
        return {
            entry.chunk.id: (
                float(entry.vector @ vector),
                weighted.coverage(_score(weighted, entry)),
            )
            for entry in known
        }

    def _matching(self, visible_to: Principal, where: Where | None) -> Iterator[_Entry]:
        conditions = conditions_for(visible_to, where)
        return (entry for entry in self._entries.values() if holds(conditions, entry.tags))

    def _weigh(self, question: str) -> WeightedTerms:
        lookup = lookup_for(question)
        frequencies = {term: count for term in lookup.terms if (count := self._frequencies[term])}
        expansions = {stem: self._longer_terms(stem) for stem in lookup.stems}
        vocabulary = Vocabulary(
            chunks=len(self._entries), frequencies=frequencies, expansions=expansions
        )
        return weigh(lookup, vocabulary)

    def _longer_terms(self, stem: str) -> dict[str, int]:
        longer = [
            term
            for term in self._frequencies
            if len(term) > len(stem) and (term.startswith(stem) or term.endswith(stem))
        ]
        return {term: self._frequencies[term] for term in sorted(longer)[: 2 * MOST_EXPANSIONS]}


def _score(weighted: WeightedTerms, entry: _Entry) -> float:
    return sum(weight * entry.terms.get(term, 0.0) for term, weight in weighted.weights.items())
