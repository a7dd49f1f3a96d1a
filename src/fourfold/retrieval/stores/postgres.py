"""Chunks, vectors and words in our own PostgreSQL: pgvector's HNSW, and BM25 as sparse vectors."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.records import Chunk, Hit, Principal, Where
from fourfold.retrieval.bm25 import WeightedTerms, lookup_for, weigh
from fourfold.retrieval.stores.postgres_rows import CHUNK_COLUMNS, chunk_from, sparse
from fourfold.retrieval.stores.postgres_space import Space, SpaceKeeper
from fourfold.retrieval.stores.postgres_words import vocabulary
from fourfold.retrieval.stores.postgres_write import delete_documents, insert_chunks, lock_writes
from fourfold.retrieval.tags import Condition, conditions_for
from fourfold.retrieval.words import term_id
from fourfold.storage.database import Database

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

EXACT_UP_TO = 3_000  # matches of a filter; counting and comparing them takes a few milliseconds
EXACT_UNFILTERED = 2_000  # chunks
CANDIDATES = 3_000  # chunks that are compared word by word
# Passages unlike the rest of an index are reached by few paths: with 100 instead of 1000 the best
# passage was missed by 9 of 20 questions (benchmarks/retrieval.md).
GRAPH_SETTINGS = text(
    "SELECT set_config('hnsw.ef_search', '1000', true), "
    "set_config('hnsw.iterative_scan', 'strict_order', true)"
)


class PostgresStore:
    """A vector store and lexical store in the project's own database."""

    def __init__(self, database: Database, embedder_name: str) -> None:
        self.database = database
        self._spaces = SpaceKeeper(database, embedder_name)

    async def write(
        self,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        *,
        transaction: AsyncConnection | None = None,
    ) -> None:
        """Replace the chunks of these documents, all or nothing."""
        if not chunks:
            return
        space = await self._spaces.ensure(dimensions=vectors.shape[1])
        async with self._joined(transaction) as connection:
            await lock_writes(connection)
            await delete_documents(connection, [chunk.document_id for chunk in chunks])
            await insert_chunks(connection, space, chunks, vectors)

    async def delete(
        self, document_ids: Sequence[str], *, transaction: AsyncConnection | None = None
    ) -> None:
        """Forget these documents, whichever embedder they were indexed with."""
        if not document_ids:
            return
        async with self._joined(transaction) as connection:
            await lock_writes(connection)
            await delete_documents(connection, document_ids)

    async def search(
        self, vector: Vectors, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """The nearest chunks: exactly among few, through the graph among many."""
        space = await self._spaces.find()
        if space is None:
            return []
        conditions = conditions_for(visible_to, where)
        async with self.database.connect() as connection:
            rows: Sequence[Any] = []
            if not await _is_small(connection, space, conditions):
                rows = await _through_graph(connection, space, vector, limit, conditions)
            if len(rows) < limit:
                rows = await _exactly(connection, space, vector, limit, conditions)
        return [
            Hit(
                chunk=chunk_from(row),
                score=row.similarity,
                similarity=row.similarity,
                vector_rank=rank,
            )
            for rank, row in enumerate(rows, start=1)
        ]

    async def search_words(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """The chunks that hold most of the question's word weight.

        Among many chunks, candidates must hold one of the question's rarer words.
        """
        space = await self._spaces.find()
        if space is None:
            return []
        conditions = conditions_for(visible_to, where)
        async with self.database.connect() as connection:
            weighted = await _weigh(connection, space, question)
            if not weighted.weights:
                return []
            terms = weighted.rarest(CANDIDATES)
            if conditions and await _is_small(connection, space, conditions):
                terms = list(weighted.weights)
            rows = await _by_words(connection, space, weighted, terms, limit, conditions)
        return [
            Hit(
                chunk=chunk_from(row),
                score=row.score,
                coverage=weighted.coverage(row.score),
                lexical_rank=rank,
            )
            for rank, row in enumerate(rows, start=1)
        ]

    async def score(
        self, chunk_ids: Sequence[str], question: str, vector: Vectors
    ) -> dict[str, tuple[float, float]]:
        """Similarity and coverage of known chunks."""
        space = await self._spaces.find()
        if space is None or not chunk_ids:
            return {}
        async with self.database.connect() as connection:
            weighted = await _weigh(connection, space, question)
            rows = await connection.exec_driver_sql(
                f"SELECT c.id, 1 - (v.embedding <=> $1) AS similarity, -(c.terms <#> $2) AS score "
                f"FROM fourfold.chunks c JOIN {space.vectors} v USING (number) "
                f"WHERE c.embedder = {space.id} AND c.id = ANY($3)",
                (vector, sparse(_by_id(weighted)), list(chunk_ids)),
            )
            return {row.id: (row.similarity, weighted.coverage(row.score)) for row in rows}

    @asynccontextmanager
    async def _joined(self, transaction: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        if transaction is not None:
            yield transaction
            return
        async with self.database.begin() as connection:
            yield connection


async def _is_small(connection: AsyncConnection, space: Space, conditions: list[Condition]) -> bool:
    """True when so few chunks match that comparing them all is quick; counts no further."""
    most = EXACT_UP_TO if conditions else EXACT_UNFILTERED
    found = await connection.exec_driver_sql(
        f"SELECT count(*) FROM (SELECT FROM fourfold.chunks c WHERE c.embedder = {space.id} "
        f"{_filter(conditions, first=1)} LIMIT {most + 1}) AS matches",
        tuple(conditions),
    )
    return bool(found.scalar_one() <= most)


async def _through_graph(
    connection: AsyncConnection,
    space: Space,
    vector: Vectors,
    limit: int,
    conditions: list[Condition],
) -> Sequence[Any]:
    await connection.execute(GRAPH_SETTINGS)
    result = await connection.exec_driver_sql(
        f"SELECT {CHUNK_COLUMNS}, 1 - (v.embedding <=> $1) AS similarity "
        f"FROM {space.vectors} v JOIN fourfold.chunks c USING (number) "
        f"WHERE true {_filter(conditions, first=3)} ORDER BY v.embedding <=> $1 LIMIT $2",
        (vector, limit, *conditions),
    )
    return result.all()


async def _exactly(
    connection: AsyncConnection,
    space: Space,
    vector: Vectors,
    limit: int,
    conditions: list[Condition],
) -> Sequence[Any]:
    result = await connection.exec_driver_sql(
        f"WITH nearest AS MATERIALIZED (SELECT number, v.embedding <=> $1 AS distance "
        f"FROM fourfold.chunks c JOIN {space.vectors} v USING (number) "
        f"WHERE c.embedder = {space.id} {_filter(conditions, first=3)}) "
        f"SELECT {CHUNK_COLUMNS}, 1 - distance AS similarity "
        "FROM (SELECT * FROM nearest ORDER BY distance, number LIMIT $2) AS n "
        "JOIN fourfold.chunks c USING (number) ORDER BY distance, number",
        (vector, limit, *conditions),
    )
    return result.all()


async def _by_words(
    connection: AsyncConnection,
    space: Space,
    weighted: WeightedTerms,
    terms: list[str],
    limit: int,
    conditions: list[Condition],
) -> Sequence[Any]:
    result = await connection.exec_driver_sql(
        "WITH best AS MATERIALIZED (SELECT number, -(c.terms <#> $1) AS score "
        f"FROM fourfold.chunks c WHERE c.embedder = {space.id} AND c.term_ids && $2::int[] "
        f"{_filter(conditions, first=4)} ORDER BY score DESC, number LIMIT $3) "
        f"SELECT {CHUNK_COLUMNS}, score FROM best JOIN fourfold.chunks c USING (number) "
        "ORDER BY score DESC, number",
        (sparse(_by_id(weighted)), [term_id(term) for term in terms], limit, *conditions),
    )
    return result.all()


async def _weigh(connection: AsyncConnection, space: Space, question: str) -> WeightedTerms:
    lookup = lookup_for(question)
    return weigh(lookup, await vocabulary(connection, space, lookup))


def _by_id(weighted: WeightedTerms) -> dict[int, float]:
    return {term_id(term): weight for term, weight in weighted.weights.items()}


def _filter(conditions: list[Condition], *, first: int) -> str:
    """One clause a condition; their values are the parameters from `$first` on."""
    numbers = range(first, first + len(conditions))
    return " ".join(f"AND c.tags && ${number}::text[]" for number in numbers)
