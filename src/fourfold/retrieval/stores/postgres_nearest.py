"""The nearest vectors: among all, among those that match a filter, or through the graph."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fourfold.retrieval.stores.postgres_filter import clauses, match_few
from fourfold.retrieval.stores.postgres_rows import CHUNK_COLUMNS
from fourfold.retrieval.stores.postgres_space import Space
from fourfold.retrieval.tags import Condition

if TYPE_CHECKING:
    import asyncpg

    from fourfold.core.protocols import Vectors

# Up to here comparing all takes no longer than the graph, searched as widely as it must be, and
# misses nothing (benchmarks/retrieval.md).
EXACT_UP_TO = 60_000  # chunks of an index
SPARE = 40  # times the limit is looked at, as far as filter and permissions make it necessary
# Passages unlike the rest of an index are reached by few paths: with 100 instead of 1000 the best
# passage was missed by 9 of 20 questions (benchmarks/retrieval.md). Nothing else reads these
# settings, so they may stay with the connection.
GRAPH_SETTINGS = (
    "SELECT set_config('hnsw.ef_search', '1000', false), "
    "set_config('hnsw.iterative_scan', 'strict_order', false)"
)


@dataclass(frozen=True, slots=True)
class Nearest:
    """One search for the nearest chunks."""

    connection: asyncpg.Connection
    space: Space
    vector: Vectors
    limit: int

    async def rows(self, conditions: list[Condition], *, filtered: bool) -> Sequence[Any]:
        """At most `limit` rows of chunks, nearest first; `filtered` when the asker set a filter."""
        is_small = await self._count() <= EXACT_UP_TO
        selective = bool(conditions) and (filtered or not is_small)
        if selective and await match_few(self.connection, self.space, conditions):
            return await self._among_matches(conditions)
        rows = await (self._among_all if is_small else self._through_graph)(conditions)
        if conditions and len(rows) < self.limit:
            rows = await self._among_matches(conditions)
        return rows

    async def _count(self) -> int:
        found: int = await self.connection.fetchval(
            f"SELECT chunks FROM fourfold.word_statistics WHERE embedder = {self.space.id}"
        )
        return found

    async def _among_all(self, conditions: list[Condition]) -> Sequence[Any]:
        # The first OFFSET 0 keeps the planner from the graph, which is not exact; with the second
        # it looks up one chunk after the other until enough match, not all that match at once.
        looked_at = self.limit * (SPARE if conditions else 1)
        return await self._fetch(
            f"SELECT {CHUNK_COLUMNS}, 1 - distance AS similarity FROM ("
            "SELECT number, distance FROM ("
            f"SELECT number, embedding <=> $1 AS distance FROM {self.space.vectors} OFFSET 0) "
            f"AS compared ORDER BY distance, number LIMIT {looked_at}) AS nearest "
            "CROSS JOIN LATERAL (SELECT * FROM fourfold.chunks c WHERE c.number = nearest.number "
            f"{clauses(conditions, first=2)} OFFSET 0) AS c "
            f"ORDER BY distance, nearest.number LIMIT {self.limit}",
            conditions,
        )

    async def _among_matches(self, conditions: list[Condition]) -> Sequence[Any]:
        return await self._fetch(
            "WITH nearest AS MATERIALIZED (SELECT number, v.embedding <=> $1 AS distance "
            f"FROM fourfold.chunks c JOIN {self.space.vectors} v USING (number) "
            f"WHERE c.embedder = {self.space.id} {clauses(conditions, first=2)} "
            f"ORDER BY distance, number LIMIT {self.limit}) "
            f"SELECT {CHUNK_COLUMNS}, 1 - distance AS similarity "
            "FROM nearest JOIN fourfold.chunks c USING (number) ORDER BY distance, number",
            conditions,
        )

    async def _through_graph(self, conditions: list[Condition]) -> Sequence[Any]:
        await self.connection.execute(GRAPH_SETTINGS)
        return await self._fetch(
            f"SELECT {CHUNK_COLUMNS}, 1 - (v.embedding <=> $1) AS similarity "
            f"FROM {self.space.vectors} v JOIN fourfold.chunks c USING (number) "
            f"WHERE true {clauses(conditions, first=2)} "
            f"ORDER BY v.embedding <=> $1 LIMIT {self.limit}",
            conditions,
        )

    async def _fetch(self, statement: str, conditions: list[Condition]) -> Sequence[Any]:
        rows: Sequence[Any] = await self.connection.fetch(statement, self.vector, *conditions)
        return rows
