from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from fourfold.core.records import Chunk, Hit, Principal, Where
from fourfold.retrieval.base import Transaction
from fourfold.retrieval.retriever import Retriever
from fourfold.retrieval.stores import STORES
from fourfold.retrieval.stores.memory import MemoryStore
from fourfold.testing.stores import EMBEDDER, OWNER, SALES, STAFF, chunk, write

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

TEXT = "The salaries of this year rise by three percent for everybody in the company."


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await write(
        store,
        chunk(TEXT, path="staff.md", groups=["staff"]),
        chunk(TEXT, path="sales.md", groups=["sales"]),
        chunk("Coffee is served until noon.", path="coffee.md"),
    )
    return store


@pytest.mark.anyio
async def test_a_hit_says_why_it_was_found(store: MemoryStore) -> None:
    [hit] = await Retriever(store, EMBEDDER).retrieve("coffee noon", limit=1, visible_to=OWNER)
    assert hit.chunk.path == "coffee.md"
    assert (hit.vector_rank, hit.lexical_rank) == (1, 1)
    assert hit.similarity > 0.3
    assert hit.coverage > 0.8


@pytest.mark.anyio
async def test_a_hidden_copy_neither_hides_nor_shows(store: MemoryStore) -> None:
    retriever = Retriever(store, EMBEDDER)
    for asker, own in ((STAFF, "staff.md"), (SALES, "sales.md")):
        hits = await retriever.retrieve("salaries this year", limit=5, visible_to=asker)
        assert [hit.chunk.path for hit in hits] == [own, "coffee.md"]
        assert hits[0].duplicates == ()
    seen = await retriever.retrieve("salaries this year", limit=5, visible_to=OWNER)
    assert {seen[0].chunk.path, *seen[0].duplicates} == {"staff.md", "sales.md"}


@pytest.mark.anyio
async def test_a_filter_reaches_both_arms(store: MemoryStore) -> None:
    where: Where = {"path": "coffee.md"}
    hits = await Retriever(store, EMBEDDER).retrieve(
        "salaries", limit=5, visible_to=OWNER, where=where
    )
    assert [hit.chunk.path for hit in hits] == ["coffee.md"]


@pytest.mark.anyio
@pytest.mark.parametrize("question", ["", "  \n"])
async def test_an_empty_question_finds_nothing(store: MemoryStore, question: str) -> None:
    assert await Retriever(store, EMBEDDER).retrieve(question, limit=5, visible_to=OWNER) == []


@pytest.mark.anyio
async def test_a_store_without_words_searches_by_meaning(store: MemoryStore) -> None:
    retriever = Retriever(OnlyMeaning(store), EMBEDDER)
    hits = await retriever.retrieve("coffee noon", limit=1, visible_to=OWNER)
    assert [hit.chunk.path for hit in hits] == ["coffee.md"]
    assert hits[0].lexical_rank is None


def test_the_stores_are_found_by_name() -> None:
    assert STORES.load("memory") is MemoryStore
    assert STORES.names() == ["memory", "postgres"]


class OnlyMeaning:
    """A vector store and nothing more."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def write(
        self, chunks: Sequence[Chunk], vectors: Vectors, *, transaction: Transaction | None = None
    ) -> None:
        await self._store.write(chunks, vectors)

    async def search(
        self, vector: Vectors, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        return await self._store.search(vector, limit=limit, visible_to=visible_to, where=where)

    async def delete(
        self, document_ids: Sequence[str], *, transaction: Transaction | None = None
    ) -> None:
        await self._store.delete(document_ids)
