"""Chunks, vectors and words in our own PostgreSQL: pgvector's HNSW, and BM25 as sparse vectors."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.records import Chunk, Hit, Principal, Where
from fourfold.retrieval.stores.postgres_nearest import Nearest
from fourfold.retrieval.stores.postgres_rows import chunk_from, sparse
from fourfold.retrieval.stores.postgres_space import SpaceKeeper
from fourfold.retrieval.stores.postgres_words import best_by_words, by_id, weigh_in
from fourfold.retrieval.stores.postgres_write import delete_documents, insert_chunks, lock_writes
from fourfold.retrieval.tags import conditions_for
from fourfold.storage.database import Database

if TYPE_CHECKING:
    import asyncpg

    from fourfold.core.protocols import Vectors


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
        async with self._reading() as connection:
            search = Nearest(connection, space, vector, limit)
            rows = await search.rows(conditions_for(visible_to, where), filtered=bool(where))
        return [
            Hit(
                chunk=chunk_from(row),
                score=row["similarity"],
                similarity=row["similarity"],
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
        async with self._reading() as connection:
            weighted = await weigh_in(connection, space, question)
            rows = await best_by_words(connection, space, weighted, limit, conditions)
        return [
            Hit(
                chunk=chunk_from(row),
                score=row["score"],
                coverage=weighted.coverage(row["score"]),
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
        async with self._reading() as connection:
            weighted = await weigh_in(connection, space, question)
            rows = await connection.fetch(
                f"SELECT c.id, 1 - (v.embedding <=> $1) AS similarity, -(c.terms <#> $2) AS score "
                f"FROM fourfold.chunks c JOIN {space.vectors} v USING (number) "
                f"WHERE c.embedder = {space.id} AND c.id = ANY($3)",
                vector,
                sparse(by_id(weighted)),
                list(chunk_ids),
            )
        return {row["id"]: (row["similarity"], weighted.coverage(row["score"])) for row in rows}

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[asyncpg.Connection]:
        """The driver's own connection: a search is one statement each, and needs no transaction,
        whose begin and end would be two more trips to the server.
        """
        async with self.database.connect() as connection:
            raw: Any = await connection.get_raw_connection()
            yield raw.driver_connection

    @asynccontextmanager
    async def _joined(self, transaction: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        if transaction is not None:
            yield transaction
            return
        async with self.database.begin() as connection:
            yield connection
