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
        vector = await self.embedder.embed_query(question)
        hits = await self._both(question, vector, max(limit, CANDIDATES), visible_to, where)
        return collapse(hits)[:limit]

    async def _both(
        self,
        question: str,
        vector: Vectors,
        limit: int,
        visible_to: Principal,
        where: Where | None,
    ) -> list[Hit]:
        by_meaning = self.store.search(vector, limit=limit, visible_to=visible_to, where=where)
        if self._words is None:
            return await by_meaning
        found = await asyncio.gather(
            by_meaning,
            self._words.search_words(question, limit=limit, visible_to=visible_to, where=where),
        )
        missing = await self._words.score(half_judged(*found), question, vector)
        return fuse(*found, missing)
