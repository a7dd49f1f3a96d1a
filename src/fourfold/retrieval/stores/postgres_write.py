"""Writing and deleting chunks together with the statistics of their words."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.records import Chunk
from fourfold.retrieval.stores.postgres_rows import COLUMNS, row_of, weighted_terms
from fourfold.retrieval.stores.postgres_space import Space
from fourfold.retrieval.words import term_id

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

_LOCK = 4_044_003  # any number of our own: one writer of the word statistics at a time

DELETE = text(
    """
    WITH gone AS (
        DELETE FROM fourfold.chunks WHERE document_id = ANY(:ids)
        RETURNING number, embedder, term_ids
    ), counted AS (
        SELECT embedder, term, count(*) AS chunks
        FROM gone, unnest(term_ids) AS term GROUP BY embedder, term
    ), fewer AS (
        UPDATE fourfold.terms t SET chunks = t.chunks - counted.chunks
        FROM counted WHERE t.id = counted.term AND t.embedder = counted.embedder
    ), smaller AS (
        UPDATE fourfold.word_statistics s SET chunks = s.chunks - g.chunks
        FROM (SELECT embedder, count(*) AS chunks FROM gone GROUP BY embedder) g
        WHERE s.embedder = g.embedder
    )
    SELECT embedder, array_agg(number) AS numbers,
        (SELECT array_agg(DISTINCT term) FROM counted) AS terms
    FROM gone GROUP BY embedder
    """
)
FORGET_WORDS = text("DELETE FROM fourfold.terms WHERE id = ANY(:ids) AND chunks <= 0")
COUNT_WORDS = text(
    """
    INSERT INTO fourfold.terms (term, embedder, id, chunks)
    SELECT term, :embedder, id, chunks
    FROM unnest(CAST(:terms AS text[]), CAST(:ids AS int[]), CAST(:counts AS int[]))
        AS new (term, id, chunks)
    ON CONFLICT (term, embedder) DO UPDATE SET chunks = terms.chunks + excluded.chunks
    """
)
COUNT_CHUNKS = text(
    "UPDATE fourfold.word_statistics SET chunks = chunks + :more WHERE embedder = :embedder"
)
NUMBERS = text("SELECT nextval('fourfold.chunks_number_seq') FROM generate_series(1, :count)")


async def lock_writes(connection: AsyncConnection) -> None:
    """Wait for other writers until they commit: they count the same words."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def delete_documents(connection: AsyncConnection, document_ids: Sequence[str]) -> None:
    """Remove chunks, vectors, and their words from the statistics; nothing of them stays."""
    rows = (await connection.execute(DELETE, {"ids": sorted(set(document_ids))})).all()
    for row in rows:
        await connection.execute(
            text(f"DELETE FROM {Space(row.embedder, 0).vectors} WHERE number = ANY(:numbers)"),
            {"numbers": row.numbers},
        )
        await connection.execute(FORGET_WORDS, {"ids": row.terms})


async def insert_chunks(
    connection: AsyncConnection, space: Space, chunks: Sequence[Chunk], vectors: Vectors
) -> None:
    """Add chunks, vectors, and their words to the statistics."""
    numbers = (await connection.scalars(NUMBERS, {"count": len(chunks)})).all()
    terms = [weighted_terms(chunk) for chunk in chunks]
    rows = [
        row_of(number, chunk, space.id, weights)
        for number, chunk, weights in zip(numbers, chunks, terms, strict=True)
    ]
    await _copy(connection, "chunks", COLUMNS, rows)
    table = space.vectors.partition(".")[2]
    await _copy(
        connection, table, ("number", "embedding"), list(zip(numbers, vectors, strict=True))
    )
    counts = Counter(term for weights in terms for term in weights)
    words = sorted(counts)
    await connection.execute(
        COUNT_WORDS,
        {
            "embedder": space.id,
            "terms": words,
            "ids": [term_id(word) for word in words],
            "counts": [counts[word] for word in words],
        },
    )
    await connection.execute(COUNT_CHUNKS, {"embedder": space.id, "more": len(chunks)})


async def _copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """PostgreSQL's COPY within the open transaction, which SQLAlchemy has no word for."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(table, schema_name="fourfold", columns=columns, records=rows)
