"""Filters and permissions as clauses of a statement."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from typing import TYPE_CHECKING

from fourfold.retrieval.stores.postgres_space import Space
from fourfold.retrieval.tags import Condition

if TYPE_CHECKING:
    import asyncpg

FEW = 1_000  # matches; counting costs up to 5 µs for every chunk that is looked at


def clauses(conditions: list[Condition], *, first: int) -> str:
    """One clause a condition; their values are the parameters from `$first` on."""
    numbers = range(first, first + len(conditions))
    return " ".join(f"AND c.tags && ${number}::text[]" for number in numbers)


async def match_few(
    connection: asyncpg.Connection, space: Space, conditions: list[Condition]
) -> bool:
    """True when so few chunks match that comparing them all is quick; counts no further."""
    found: int = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM fourfold.chunks c WHERE c.embedder = {space.id} "
        f"{clauses(conditions, first=1)} LIMIT {FEW + 1}) AS matches",
        *conditions,
    )
    return found <= FEW
