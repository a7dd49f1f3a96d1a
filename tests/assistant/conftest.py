"""A retriever, an embedder and passages that behave, for tests of the request path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from fourfold.assistant import Assistant, Reader
from fourfold.assistant.candidates import Selection
from fourfold.assistant.follow_up import CombiningFollowUp
from fourfold.assistant.words import content_words
from fourfold.core.records import Chunk, Hit, Place, Principal, Where

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors


def hit(
    text: str,
    *,
    language: str = "de",
    start: int = 100,
    similarity: float = 0.9,
    coverage: float = 0.9,
) -> Hit:
    """A chunk that stands at `start` in its document, found with good scores."""
    place = Place(start=start, end=start + len(text), page=2)
    chunk = Chunk(
        document_id="d1",
        source="documents",
        path="garantie.pdf",
        text=text,
        place=place,
        language=language,
    )
    return Hit(chunk=chunk, score=1.0, similarity=similarity, coverage=coverage)


class FixedRetriever:
    """Finds the same hits for everybody, and remembers what was asked."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = list(hits)
        self.asked: list[tuple[str, Principal, Where | None]] = []

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        self.asked.append((question, visible_to, where))
        return self.hits[:limit]


class WordEmbedder:
    """Texts are near when they share words; like e5's, its cosines begin near 0.8."""

    name = "words"
    dimensions = 65
    max_tokens = 512

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        return np.stack([self._vector(text) for text in texts])

    async def embed_query(self, text: str) -> Vectors:
        return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        import numpy as np

        words = np.full(self.dimensions - 1, 0.01, np.float32)
        for word in content_words(text):
            words[sum(map(ord, word)) % len(words)] += 1
        common = words / np.linalg.norm(words) * 0.2**0.5
        return np.asarray([*common, 0.8**0.5], np.float32)


@pytest.fixture
def anybody() -> Principal:
    return Principal(id="anybody", role="viewer")


@pytest.fixture
def found() -> Callable[..., Hit]:
    return hit


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def assistant() -> Callable[..., Assistant]:
    """An assistant that found these hits and has this reader."""

    def made(hits: Sequence[Hit], reader: Reader, **options: Any) -> Assistant:
        return Assistant(
            retriever=FixedRetriever(hits),
            selection=Selection(WordEmbedder()),
            reader=reader,
            follow_up=CombiningFollowUp(),
            **options,
        )

    return made
