"""Choosing the sentences of the hits that may hold the answer: short prompts are fast prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fourfold.assistant.base import Candidate
from fourfold.assistant.words import content_words, covered
from fourfold.core.protocols import Embedder
from fourfold.core.records import Hit
from fourfold.core.sentences import split_sentences

_SHORTEST = 12  # characters; what is shorter is a heading or a stray mark


class Selection:
    """Ranks the sentences of the hits by likeness to the question.

    Words decide first, because they cost nothing; the embedder judges only the best `embedded`.
    """

    def __init__(self, embedder: Embedder, *, limit: int = 8, embedded: int = 16) -> None:
        self.embedder = embedder
        self.limit = limit
        self.embedded = embedded

    async def select(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the best candidates, best first; none without hits."""
        rough = sorted(by_words(question, hits), key=lambda one: -one.score)[: self.embedded]
        if not rough:
            return []
        wanted = await self.embedder.embed_query(question)
        vectors = await self.embedder.embed_passages([one.text for one in rough])
        similarities = (vectors @ wanted).tolist()
        scored = [
            replace(one, similarity=similarity, score=_score(similarity, one))
            for one, similarity in zip(rough, similarities, strict=True)
        ]
        return sorted(scored, key=lambda one: -one.score)[: self.limit]


def by_words(question: str, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Every sentence of the hits, scored by the question's words in it and by its hit."""
    wanted = content_words(question)
    for rank, hit in enumerate(hits):
        for start, end in split_sentences(hit.chunk.text):
            text = hit.chunk.text[start:end]
            if end - start < _SHORTEST:
                continue
            offered = content_words(f"{hit.chunk.context} {text}")
            overlap = len(covered(wanted, offered)) / len(wanted) if wanted else 0.0
            offset = hit.chunk.place.start
            place = replace(hit.chunk.place, start=offset + start, end=offset + end)
            yield Candidate(
                text=text, hit=hit, place=place, overlap=overlap, score=overlap - 0.05 * rank
            )


def _score(similarity: float, rough: Candidate) -> float:
    return similarity * 4 + rough.score
