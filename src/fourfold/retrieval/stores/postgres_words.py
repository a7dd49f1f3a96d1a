"""Search by words: what the index knows of a question's words, and the chunks that hold them."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fourfold.retrieval.bm25 import (
    MOST_EXPANSIONS,
    Lookup,
    Vocabulary,
    WeightedTerms,
    lookup_for,
    weigh,
)
from fourfold.retrieval.stores.postgres_filter import clauses, match_few
from fourfold.retrieval.stores.postgres_rows import CHUNK_COLUMNS, sparse
from fourfold.retrieval.stores.postgres_space import Space
from fourfold.retrieval.tags import Condition
from fourfold.retrieval.words import term_id

if TYPE_CHECKING:
    import asyncpg

CANDIDATES = 3_000  # chunks that are compared word by word

_TERMS_READ = 200  # longer terms looked at for one stem, so that a short stem stays cheap
_LAST = "chr(1114111)"  # sorts behind every character

VOCABULARY = f"""
    SELECT 'chunks' AS kind, '' AS stem, '' AS term, chunks
    FROM fourfold.word_statistics WHERE embedder = $1
    UNION ALL
    SELECT 'term', '', term, chunks
    FROM fourfold.terms WHERE embedder = $1 AND term = ANY($2::text[])
    UNION ALL
    SELECT 'longer', stem, longer.term, longer.chunks
    FROM unnest($3::text[]) AS stem CROSS JOIN LATERAL (
        SELECT term, chunks FROM (
            SELECT term, chunks FROM fourfold.terms
            WHERE embedder = $1
                AND term > stem COLLATE "C" AND term < (stem || {_LAST}) COLLATE "C"
            ORDER BY term LIMIT {_TERMS_READ}
        ) AS begun ORDER BY chunks DESC, term LIMIT {MOST_EXPANSIONS}
    ) AS longer
    UNION ALL
    SELECT 'longer', stem, longer.term, longer.chunks
    FROM unnest($3::text[]) AS stem CROSS JOIN LATERAL (
        SELECT term, chunks FROM (
            SELECT term, chunks FROM fourfold.terms
            WHERE embedder = $1
                AND reverse(term) COLLATE "C" > reverse(stem) COLLATE "C"
                AND reverse(term) COLLATE "C" < (reverse(stem) || {_LAST}) COLLATE "C"
            ORDER BY reverse(term) COLLATE "C" LIMIT {_TERMS_READ}
        ) AS begun ORDER BY chunks DESC, term LIMIT {MOST_EXPANSIONS}
    ) AS longer
"""


async def weigh_in(connection: asyncpg.Connection, space: Space, question: str) -> WeightedTerms:
    """The question as weights of the terms that the index holds."""
    lookup = lookup_for(question)
    return weigh(lookup, await _vocabulary(connection, space, lookup))


async def best_by_words(
    connection: asyncpg.Connection,
    space: Space,
    weighted: WeightedTerms,
    limit: int,
    conditions: list[Condition],
) -> Sequence[Any]:
    """Rows of the chunks with the highest scores, best first.

    Candidates hold one of the rarer words; any word, where the conditions leave too few of these:
    what is rare among all chunks may stand in hidden ones only.
    """
    if not weighted.weights:
        return []
    search = partial(_best, connection, space, weighted, limit=limit, conditions=conditions)
    terms = weighted.rarest(CANDIDATES)
    rows = await search(terms)
    if conditions and len(rows) < limit and len(terms) < len(weighted.weights):
        filter_first = await match_few(connection, space, conditions)
        rows = await search(list(weighted.weights), filter_first=filter_first)
    return rows


def by_id(weighted: WeightedTerms) -> dict[int, float]:
    """The weights of terms by their numbers."""
    return {term_id(term): weight for term, weight in weighted.weights.items()}


async def _best(
    connection: asyncpg.Connection,
    space: Space,
    weighted: WeightedTerms,
    terms: Sequence[str],
    *,
    limit: int,
    conditions: list[Condition],
    filter_first: bool = False,
) -> Sequence[Any]:
    # OFFSET 0: the words choose first. A filter that many chunks match would be asked before them.
    fence = "" if filter_first else "OFFSET 0"
    rows: Sequence[Any] = await connection.fetch(
        "WITH best AS MATERIALIZED (SELECT number, -(c.terms <#> $1) AS score FROM ("
        "SELECT number, terms, tags FROM fourfold.chunks "
        f"WHERE embedder = {space.id} AND term_ids && $2::int[] {fence}) AS c "
        f"WHERE true {clauses(conditions, first=3)} ORDER BY score DESC, number LIMIT {limit}) "
        f"SELECT {CHUNK_COLUMNS}, score FROM best JOIN fourfold.chunks c USING (number) "
        "ORDER BY score DESC, number",
        sparse(by_id(weighted)),
        [term_id(term) for term in terms],
        *conditions,
    )
    return rows


async def _vocabulary(connection: asyncpg.Connection, space: Space, lookup: Lookup) -> Vocabulary:
    rows = await connection.fetch(VOCABULARY, space.id, list(lookup.terms), list(lookup.stems))
    chunks = 0
    frequencies: dict[str, int] = {}
    expansions: dict[str, dict[str, int]] = {}
    for kind, stem, term, count in rows:
        if kind == "chunks":
            chunks = count
        elif kind == "term":
            frequencies[term] = count
        else:
            expansions.setdefault(stem, {})[term] = count
    return Vocabulary(chunks=chunks, frequencies=frequencies, expansions=expansions)
