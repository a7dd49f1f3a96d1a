"""From a question to hits: embed, search both ways, fuse, collapse duplicates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fourfold.core.protocols import Embedder
from fourfold.core.records import Hit, Principal, Where
from fourfold.retrieval.base import LexicalStore, VectorStore
from fourfold.retrieval.duplicates import collapse
from fourfold.retrieval.fusion import fuse, half_judged

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

CANDIDATES = 50  # of each arm; duplicates among them are collapsed before the limit is applied


class Retriever:
    """Hybrid search over a store; by meaning alone when the store cannot search by words."""

    def __init__(self, store: VectorStore, embedder: Embedder) -> None:
        self.store = store
        self.embedder = embedder
        self._words = store if isinstance(store, LexicalStore) else None

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """Return at most `limit` hits that this person may see, best first.

        Each stands for its near-duplicates. A question without a word finds nothing.
        """
        if limit < 1 or not question.strip():
            return []
        candidates = max(limit, CANDIDATES)
        vector, by_meaning, by_words = await self._search(question, candidates, visible_to, where)
        if self._words is None:
            return collapse(by_meaning, limit=limit)
        half = half_judged(by_meaning, by_words)
        missing = await self._words.score(half, question, vector)
        return collapse(fuse(by_meaning, by_words, missing), limit=limit)

    async def _search(
        self, question: str, limit: int, visible_to: Principal, where: Where | None
    ) -> tuple[Vectors, list[Hit], list[Hit]]:
        """The question's vector and what each arm found; words are searched while it is made."""

        async def by_meaning() -> tuple[Vectors, list[Hit]]:
            vector = await self.embedder.embed_query(question)
            return vector, await self.store.search(
                vector, limit=limit, visible_to=visible_to, where=where
            )

        async def by_words() -> list[Hit]:
            if self._words is None:
                return []
            return await self._words.search_words(
                question, limit=limit, visible_to=visible_to, where=where
            )

        (vector, near), worded = await asyncio.gather(by_meaning(), by_words())
        return vector, near, worded
