"""The vector space of one embedder: its number, and the table of its vectors."""

# ruff: noqa: S608 only numbers of our own are put into statements

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from fourfold.core.errors import StorageError
from fourfold.storage.database import Database

_LOCK = 4_044_002  # any number of our own: one process makes a table


@dataclass(frozen=True, slots=True)
class Space:
    """What belongs to one embedder. Vectors of two embedders never stand in one table."""

    id: int
    dimensions: int

    @property
    def vectors(self) -> str:
        """The table of the vectors."""
        return f"fourfold.vectors_{self.id}"


class SpaceKeeper:
    """Finds the space of an embedder, and makes it when it first writes.

    A table of its own, without a reference to the chunks, so that making it waits for no
    transaction that is writing them.
    """

    def __init__(self, database: Database, embedder_name: str) -> None:
        self.database = database
        self.embedder_name = embedder_name
        self._space: Space | None = None

    async def find(self) -> Space | None:
        """The space, `None` as long as nobody has written with this embedder."""
        if self._space is None:
            async with self.database.connect() as connection:
                row = (
                    await connection.execute(
                        text("SELECT id, dimensions FROM fourfold.embedders WHERE name = :name"),
                        {"name": self.embedder_name},
                    )
                ).first()
            self._space = Space(row.id, row.dimensions) if row else None
        return self._space

    async def ensure(self, *, dimensions: int) -> Space:
        """The space, made now if need be."""
        space = await self.find() or await self._make(dimensions)
        if space.dimensions != dimensions:
            raise StorageError(
                f"The embedder `{self.embedder_name}` gave vectors of {dimensions} numbers, the "
                f"index holds some of {space.dimensions}.",
                hint="Give the changed embedder another name, then ingest again.",
            )
        return space

    async def _make(self, dimensions: int) -> Space:
        async with self.database.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.execute(
                text(
                    "INSERT INTO fourfold.embedders (name, dimensions) VALUES (:name, :dimensions) "
                    "ON CONFLICT (name) DO NOTHING"
                ),
                {"name": self.embedder_name, "dimensions": dimensions},
            )
            row = (
                await connection.execute(
                    text("SELECT id, dimensions FROM fourfold.embedders WHERE name = :name"),
                    {"name": self.embedder_name},
                )
            ).one()
            space = Space(row.id, row.dimensions)
            for statement in _statements(space):
                await connection.execute(text(statement))
        self._space = space
        return space


def _statements(space: Space) -> list[str]:
    return [
        f"CREATE TABLE IF NOT EXISTS {space.vectors} (number bigint PRIMARY KEY, "
        f"embedding halfvec({space.dimensions}) NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS vectors_{space.id}_graph ON {space.vectors} "
        "USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)",
        f"INSERT INTO fourfold.word_statistics (embedder, chunks) VALUES ({space.id}, 0) "
        "ON CONFLICT DO NOTHING",
    ]
