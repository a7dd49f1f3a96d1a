"""What the index knows about the words of a question, asked in one statement."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.retrieval.bm25 import MOST_EXPANSIONS, Lookup, Vocabulary
from fourfold.retrieval.stores.postgres_space import Space

_TERMS_READ = 200  # longer terms looked at for one stem, so that a short stem stays cheap
_LAST = "chr(1114111)"  # sorts behind every character

_VOCABULARY = f"""
    SELECT 'chunks' AS kind, '' AS stem, '' AS term, chunks
    FROM fourfold.word_statistics WHERE embedder = :embedder
    UNION ALL
    SELECT 'term', '', term, chunks
    FROM fourfold.terms WHERE embedder = :embedder AND term = ANY(CAST(:terms AS text[]))
    UNION ALL
    SELECT 'longer', stem, longer.term, longer.chunks
    FROM unnest(CAST(:stems AS text[])) AS stem CROSS JOIN LATERAL (
        SELECT term, chunks FROM (
            SELECT term, chunks FROM fourfold.terms
            WHERE embedder = :embedder
                AND term > stem COLLATE "C" AND term < (stem || {_LAST}) COLLATE "C"
            ORDER BY term LIMIT {_TERMS_READ}
        ) AS begun ORDER BY chunks DESC, term LIMIT {MOST_EXPANSIONS}
    ) AS longer
    UNION ALL
    SELECT 'longer', stem, longer.term, longer.chunks
    FROM unnest(CAST(:stems AS text[])) AS stem CROSS JOIN LATERAL (
        SELECT term, chunks FROM (
            SELECT term, chunks FROM fourfold.terms
            WHERE embedder = :embedder
                AND reverse(term) COLLATE "C" > reverse(stem) COLLATE "C"
                AND reverse(term) COLLATE "C" < (reverse(stem) || {_LAST}) COLLATE "C"
            ORDER BY reverse(term) COLLATE "C" LIMIT {_TERMS_READ}
        ) AS begun ORDER BY chunks DESC, term LIMIT {MOST_EXPANSIONS}
    ) AS longer
"""  # noqa: S608 numbers of our own
VOCABULARY = text(_VOCABULARY)


async def vocabulary(connection: AsyncConnection, space: Space, lookup: Lookup) -> Vocabulary:
    """Frequencies of the terms of a question, of its parts, and of the compounds it is part of."""
    values = {"embedder": space.id, "terms": list(lookup.terms), "stems": list(lookup.stems)}
    rows = await connection.execute(VOCABULARY, values)
    chunks = 0
    frequencies: dict[str, int] = {}
    expansions: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.kind == "chunks":
            chunks = row.chunks
        elif row.kind == "term":
            frequencies[row.term] = row.chunks
        else:
            expansions.setdefault(row.stem, {})[row.term] = row.chunks
    return Vocabulary(chunks=chunks, frequencies=frequencies, expansions=expansions)
