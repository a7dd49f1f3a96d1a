import asyncio
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from fourfold.core.errors import StorageError
from fourfold.core.settings import Settings
from fourfold.retrieval.stores import postgres_filter, postgres_nearest, postgres_words
from fourfold.retrieval.stores.postgres import PostgresStore
from fourfold.retrieval.stores.postgres_filter import FEW
from fourfold.storage.database import Database, open_database
from fourfold.testing.stores import (
    EMBEDDER,
    OWNER,
    SALES,
    LexicalStoreContract,
    StoreContract,
    chunk,
    search,
    texts,
    write,
)

_NUMBERS = count()


@pytest.fixture
async def store(database: Database) -> PostgresStore:
    await _empty(database)
    return PostgresStore(database, f"embedder {next(_NUMBERS)}")


async def _empty(database: Database) -> None:
    async with database.begin() as connection:
        ids = await connection.scalars(text("SELECT DISTINCT document_id FROM fourfold.chunks"))
        await PostgresStore(database, "any").delete(ids.all(), transaction=connection)


class TestPostgresStore(StoreContract, LexicalStoreContract):
    @pytest.fixture
    def store(self, store: PostgresStore) -> PostgresStore:
        return store

    @pytest.fixture
    def lexical_store(self, store: PostgresStore) -> PostgresStore:
        return store


class TestThroughTheGraph(StoreContract):
    """An index too large to compare all of it keeps the same rules."""

    @pytest.fixture
    def store(self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> PostgresStore:
        monkeypatch.setattr(postgres_nearest, "EXACT_UP_TO", -1)
        return store


@pytest.mark.anyio
async def test_many_hidden_chunks_nearer_than_the_visible_ones_take_no_place(
    store: PostgresStore,
) -> None:
    hidden = [chunk(f"red apple {n}", path=f"h{n}", groups=["staff"]) for n in range(40)]
    await write(store, *hidden, *[chunk(f"green pear {n}", path=f"v{n}") for n in range(4)])
    hits = await search(store, "red apple", limit=3, visible_to=SALES)
    assert len(hits) == 3
    assert all(text.startswith("green pear") for text in texts(hits))


@pytest.mark.anyio
@pytest.mark.parametrize("few", [1, 1_000])
async def test_rare_words_of_hidden_chunks_hide_no_common_ones(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(postgres_words, "CANDIDATES", 1)
    monkeypatch.setattr(postgres_filter, "FEW", few)
    hidden = chunk("zeppelin", path="h", groups=["staff"])
    await write(store, hidden, *[chunk(f"apple number{n}", path=f"v{n}") for n in range(3)])
    hits = await store.search_words("zeppelin apple", limit=5, visible_to=SALES)
    assert len(hits) == 3


@pytest.mark.anyio
async def test_a_write_joins_the_transaction_and_is_undone_with_it(
    store: PostgresStore, database: Database
) -> None:
    await write(store, chunk("old apple"))
    vectors = await EMBEDDER.embed_passages(["new apple"])
    async with database.connect() as transaction:  # never committed
        await store.write([chunk("new apple")], vectors, transaction=transaction)
    assert texts(await search(store, "apple")) == ["old apple"]
    assert texts(await store.search_words("new", limit=5, visible_to=OWNER)) == []


@pytest.mark.anyio
async def test_a_first_write_may_follow_a_delete_in_one_transaction(
    store: PostgresStore, database: Database
) -> None:
    async with asyncio.timeout(20):
        async with database.begin() as transaction:
            await store.delete(["id of a.md"], transaction=transaction)
            vectors = await EMBEDDER.embed_passages(["apple"])
            await store.write([chunk("apple")], vectors, transaction=transaction)
    assert texts(await search(store, "apple")) == ["apple"]


@pytest.mark.anyio
async def test_vectors_of_two_embedders_never_meet(
    store: PostgresStore, database: Database
) -> None:
    other = PostgresStore(database, f"{store._spaces.embedder_name}, but another")
    await write(store, chunk("red apple", path="a"))
    await other.write([chunk("red pear", path="b")], np.full((1, 7), 7**-0.5, np.float32))
    assert texts(await search(store, "red")) == ["red apple"]
    assert texts(await other.search_words("red", limit=5, visible_to=OWNER)) == ["red pear"]
    with pytest.raises(StorageError, match="vectors of 9"):
        await other.write([chunk("red", path="c")], np.full((1, 9), 1 / 3, np.float32))


@pytest.mark.anyio
async def test_what_one_process_writes_another_finds_at_once(
    store: PostgresStore, data_folder: Path
) -> None:
    elsewhere = await open_database(Settings(database_url=None), data_folder)
    reader = PostgresStore(elsewhere, store._spaces.embedder_name)
    assert await search(reader, "apple") == []
    await write(store, chunk("apple"))
    assert texts(await search(reader, "apple")) == ["apple"]
    assert texts(await reader.search_words("apple", limit=5, visible_to=OWNER)) == ["apple"]
    await elsewhere.close()


@pytest.mark.anyio
async def test_two_writers_at_once_lose_no_count(store: PostgresStore, database: Database) -> None:
    chunks = [chunk(f"apple number{n} tree", path=f"{n}.md") for n in range(40)]
    await asyncio.gather(*(write(store, each) for each in chunks))
    await asyncio.gather(*(store.delete([each.document_id]) for each in chunks[::2]))
    async with database.connect() as connection:
        rows = await connection.execute(text("SELECT term, chunks FROM fourfold.terms"))
        counted = {row.term: row.chunks for row in rows}
    assert counted["appl"] == counted["tree"] == 20
    assert "number0" not in counted


@pytest.mark.anyio
async def test_a_deleted_document_leaves_nothing_behind(
    store: PostgresStore, database: Database
) -> None:
    await write(store, chunk("apple"))
    await store.delete(["id of a.md"])
    space = await store._spaces.find()
    assert space is not None
    async with database.connect() as connection:
        for table in ("fourfold.chunks", "fourfold.terms", space.vectors):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


@pytest.mark.anyio
async def test_a_null_character_does_not_stop_the_write(store: PostgresStore) -> None:
    await write(store, chunk("apple\x00pie", note="a\x00b"))
    assert texts(await search(store, "apple")) == ["apple\ufffdpie"]


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_filter_of_one_in_a_hundred_loses_nothing(store: PostgresStore) -> None:
    rng = np.random.default_rng(3)
    total = 6 * FEW
    vectors = rng.standard_normal((total, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chunks = [chunk(f"{n}", path=f"{n}.md", share=str(n % 100)) for n in range(total)]
    for start in range(0, total, 1_000):
        await store.write(chunks[start : start + 1_000], vectors[start : start + 1_000])
    for question in range(5):
        vector = vectors[question * 7 + 1]
        hits = await store.search(vector, limit=10, visible_to=OWNER, where={"share": "42"})
        tenth_best = np.sort(vectors[42::100] @ vector)[-10]
        assert len({hit.chunk.id for hit in hits}) == 10
        assert all(hit.similarity > tenth_best - 0.001 for hit in hits)  # halves are rounded
        assert {hit.chunk.metadata["share"] for hit in hits} == {"42"}
