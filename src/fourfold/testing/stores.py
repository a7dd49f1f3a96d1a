"""The rules of vector stores as tests: a backend is done when it passes."""

# ruff: noqa: D102 the name of a test says it

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fourfold.core.records import Chunk, Hit, Place, Principal, Where
from fourfold.retrieval.base import LexicalStore, VectorStore
from fourfold.testing.embedders import HashingEmbedder

EMBEDDER = HashingEmbedder()
OWNER = Principal(id="owner", role="owner", sees_all_groups=True)
SALES = Principal(id="sales", role="viewer", groups=frozenset({"sales"}))
STAFF = Principal(id="staff", role="viewer", groups=frozenset({"staff"}))


def chunk(
    text: str,
    *,
    path: str = "a.md",
    start: int = 0,
    groups: Sequence[str] = (),
    language: str = "en",
    **metadata: str,
) -> Chunk:
    """A chunk of a test."""
    return Chunk(
        document_id=f"id of {path}",
        source="handbook",
        path=path,
        text=text,
        place=Place(start=start, end=start + len(text), page=2, headings=("One", "Two")),
        title="Title",
        language=language,
        media_type="text/markdown",
        groups=frozenset(groups),
        metadata=metadata,
    )


async def write(store: VectorStore, *chunks: Chunk) -> None:
    """Embed and write."""
    await store.write(chunks, await EMBEDDER.embed_passages([each.text for each in chunks]))


async def search(
    store: VectorStore,
    text: str,
    *,
    limit: int = 10,
    visible_to: Principal = OWNER,
    where: Where | None = None,
) -> list[Hit]:
    """Embed and search."""
    vector = await EMBEDDER.embed_query(text)
    return await store.search(vector, limit=limit, visible_to=visible_to, where=where)


def texts(hits: Sequence[Hit]) -> list[str]:
    """The texts of the hits, in their order."""
    return [hit.chunk.text for hit in hits]


@pytest.mark.anyio
class StoreContract:
    """Rules of `VectorStore`. A subclass offers the fixture `store`, empty."""

    async def test_an_empty_store_finds_nothing(self, store: VectorStore) -> None:
        assert await search(store, "anything") == []

    async def test_the_nearest_chunk_comes_first_with_its_cosine(self, store: VectorStore) -> None:
        await write(store, chunk("red apple", path="a"), chunk("green pear", path="b"))
        hits = await search(store, "red apple")
        assert texts(hits) == ["red apple", "green pear"]
        assert hits[0].similarity == pytest.approx(1.0, abs=0.01)
        assert [hit.vector_rank for hit in hits] == [1, 2]
        assert hits[0].score == hits[0].similarity

    async def test_a_chunk_comes_back_as_it_was_written(self, store: VectorStore) -> None:
        written = chunk("Käse für Öhringen", groups=["sales"], language="de", owner="Jürgen")
        await write(store, written)
        assert (await search(store, "Käse"))[0].chunk == written

    async def test_writing_the_same_again_changes_nothing(self, store: VectorStore) -> None:
        for _ in range(2):
            await write(store, chunk("red apple"), chunk("green pear", start=20))
        assert sorted(texts(await search(store, "red apple"))) == ["green pear", "red apple"]

    async def test_writing_a_document_replaces_all_its_chunks(self, store: VectorStore) -> None:
        await write(store, chunk("red apple"), chunk("green pear", start=20))
        await write(store, chunk("blue plum"))
        assert texts(await search(store, "red apple")) == ["blue plum"]

    async def test_a_deleted_document_is_found_no_more(self, store: VectorStore) -> None:
        await write(store, chunk("red apple", path="a"), chunk("red apple pie", path="b"))
        await store.delete(["id of a", "never seen"])
        assert texts(await search(store, "red apple")) == ["red apple pie"]

    async def test_a_filter_gives_as_many_hits_as_match(self, store: VectorStore) -> None:
        await write(store, *[chunk(f"apple {n}", path=f"a{n}", year="2024") for n in range(30)])
        await write(store, *[chunk(f"pear {n}", path=f"p{n}", year="2025") for n in range(3)])
        hits = await search(store, "apple 7", limit=3, where={"year": "2025"})
        assert sorted(texts(hits)) == ["pear 0", "pear 1", "pear 2"]

    async def test_all_keys_of_a_filter_hold_and_any_of_its_values(
        self, store: VectorStore
    ) -> None:
        await write(
            store,
            chunk("one", path="a", year="2024"),
            chunk("two", path="b", year="2025"),
            chunk("three", path="c", year="2025", language="de"),
        )
        where: Where = {"year": ("2024", "2025"), "language": "en", "source": "handbook"}
        assert sorted(texts(await search(store, "one", where=where))) == ["one", "two"]
        assert await search(store, "one", where={"year": ()}) == []
        assert await search(store, "one", where={"unknown": "key"}) == []

    async def test_nobody_finds_what_is_kept_for_others(self, store: VectorStore) -> None:
        await write(
            store,
            chunk("salaries of sales", path="a", groups=["sales"]),
            chunk("salaries of staff", path="b", groups=["staff", "board"]),
            chunk("salaries of all", path="c"),
        )
        of_sales = await search(store, "salaries of staff", visible_to=SALES)
        of_staff = await search(store, "salaries of sales", visible_to=STAFF)
        assert sorted(texts(of_sales)) == ["salaries of all", "salaries of sales"]
        assert sorted(texts(of_staff)) == ["salaries of all", "salaries of staff"]

    async def test_a_filter_value_cannot_reach_hidden_chunks(self, store: VectorStore) -> None:
        await write(store, chunk("secret", path="a", groups=["staff"]))
        tricky: Where = {"path": ("a", "x' OR true --"), "group\x1fstaff": "staff"}
        assert await search(store, "secret", visible_to=SALES, where=tricky) == []
        assert await search(store, "secret", visible_to=SALES, where={"path": "a"}) == []


@pytest.mark.anyio
class LexicalStoreContract:
    """Rules of `LexicalStore`. A subclass offers the fixture `lexical_store`, empty."""

    async def test_words_find_their_passage(self, lexical_store: LexicalStore) -> None:
        store = await _filled(lexical_store)
        hits = await store.search_words("warranty period", limit=5, visible_to=OWNER)
        assert hits[0].chunk.path == "en"
        assert hits[0].lexical_rank == 1
        assert hits[0].coverage > 0.7

    async def test_a_language_that_the_index_does_not_speak_covers_nothing(
        self, lexical_store: LexicalStore
    ) -> None:
        store = await _filled(lexical_store)
        hits = await store.search_words(
            "Quelle est la durée du crédit ?", limit=5, visible_to=OWNER
        )
        assert all(hit.coverage < 0.3 for hit in hits)

    async def test_an_empty_index_or_question_finds_no_words(
        self, lexical_store: LexicalStore
    ) -> None:
        assert await lexical_store.search_words("warranty", limit=5, visible_to=OWNER) == []
        store = await _filled(lexical_store)
        assert await store.search_words("", limit=5, visible_to=OWNER) == []
        assert await store.search_words("?! …", limit=5, visible_to=OWNER) == []

    async def test_words_never_find_what_is_kept_for_others(
        self, lexical_store: LexicalStore
    ) -> None:
        store = await _filled(lexical_store)
        hits = await store.search_words("warranty Garantie", limit=9, visible_to=SALES)
        assert [hit.chunk.path for hit in hits] == ["en"]
        hits = await store.search_words("warranty Garantie", limit=9, visible_to=STAFF)
        assert sorted(hit.chunk.path for hit in hits) == ["de", "en"]
        filtered = await store.search_words(
            "warranty Garantie", limit=9, visible_to=STAFF, where={"language": "de"}
        )
        assert [hit.chunk.path for hit in filtered] == ["de"]

    async def test_deleted_words_count_no_more(self, lexical_store: LexicalStore) -> None:
        store = await _filled(lexical_store)
        before = await store.search_words("coffee", limit=5, visible_to=OWNER)
        await _write(store, chunk("coffee and coffee", path="new"))
        await _as_vector_store(store).delete(["id of new"])
        assert await store.search_words("coffee", limit=5, visible_to=OWNER) == before

    async def test_both_scores_of_a_chunk_equal_those_of_the_searches(
        self, lexical_store: LexicalStore
    ) -> None:
        store = await _filled(lexical_store)
        question = "warranty period"
        vector = await EMBEDDER.embed_query(question)
        [by_words] = await store.search_words(question, limit=1, visible_to=OWNER)
        by_meaning = await _as_vector_store(store).search(vector, limit=9, visible_to=OWNER)
        similarity = {hit.chunk.id: hit.similarity for hit in by_meaning}[by_words.chunk.id]
        scores = await store.score([by_words.chunk.id, "unknown"], question, vector)
        assert scores == {
            by_words.chunk.id: pytest.approx((similarity, by_words.coverage), abs=1e-3)
        }


async def _filled(store: LexicalStore) -> LexicalStore:
    await _write(
        store,
        chunk("The warranty period of a battery is two years.", path="en"),
        chunk(
            "Die Garantiezeit des Akkus beträgt zwei Jahre.",
            path="de",
            language="de",
            groups=["staff"],
        ),
        chunk("We serve coffee until noon.", path="coffee"),
    )
    return store


async def _write(store: LexicalStore, *chunks: Chunk) -> None:
    await write(_as_vector_store(store), *chunks)


def _as_vector_store(store: LexicalStore) -> VectorStore:
    assert isinstance(store, VectorStore)
    return store
