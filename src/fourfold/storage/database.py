"""Our one database: any PostgreSQL with pgvector, the embedded one by default."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Database:
    """An engine whose schema is up to date. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back by an exception."""
        async with self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Give the connections back; an embedded server stops with its last user."""
        await self.engine.dispose()
