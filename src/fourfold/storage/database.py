"""Our one database: any PostgreSQL with pgvector, the embedded one by default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fourfold.core.errors import StorageError
from fourfold.core.settings import Settings
from fourfold.storage.connections import Target, engine_for
from fourfold.storage.embedded import EmbeddedServer
from fourfold.storage.schema import require_extension, upgrade

DISK_FULL = "53100"
TOO_MANY_CONNECTIONS = "53300"
CONNECTION_LOST = ("08", "57")  # the first two signs; 57 is the server that shuts down
LOST_IN_WORDS = ("connection is closed", "cannot switch to state")  # asyncpg, between two messages


class Database:
    """An engine whose schema is up to date. Made by `open_database`.

    When the embedded server was killed, the call under way ends in `StorageError` and the next
    one brings it back; an external server is simply connected to again.
    """

    def __init__(
        self, engine: AsyncEngine, target: Target, server: EmbeddedServer | None = None
    ) -> None:
        self.engine = engine
        self.target = target
        self._server = server
        self._reviving = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back by an exception."""
        async with self.connect() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; nothing is committed at its end."""
        connection = await self._checkout()
        async with _failures_explained():
            try:
                yield connection
            finally:
                await asyncio.shield(connection.close())

    async def close(self) -> None:
        """Give the connections back; an embedded server stops with its last user."""
        await self.engine.dispose()
        if self._server is not None:
            await asyncio.to_thread(self._server.release)

    async def _checkout(self) -> AsyncConnection:
        try:
            return await self.engine.connect()
        except (OSError, DBAPIError) as error:
            if self._server is None:
                raise _unreachable(error) from error
        async with self._reviving:
            await asyncio.to_thread(self._server.restart_if_down)
        try:
            return await self.engine.connect()
        except (OSError, DBAPIError) as error:
            raise _unreachable(error) from error


async def open_database(settings: Settings, data_folder: Path) -> Database:
    """Open `settings.database_url`, or else the embedded database of the data folder.

    The schema is brought up to date, after a backup. Raises `StorageError` with what to do.
    """
    target, server = await reach(settings, data_folder)
    database = Database(engine_for(target), target, server)
    try:
        await require_extension(target)
        await upgrade(database.engine, target, data_folder / "backups")
    except BaseException:
        await asyncio.shield(database.close())
        raise
    return database


async def reach(settings: Settings, data_folder: Path) -> tuple[Target, EmbeddedServer | None]:
    """Where the database is; the embedded server is started and held, `release` it afterwards."""
    if settings.database_url is not None:
        return Target(dsn=settings.database_url.get_secret_value()), None
    server = EmbeddedServer(data_folder)
    address = await asyncio.to_thread(server.acquire)
    target = Target(
        host=address.socket_folder,
        user=address.user,
        password=address.password,
        database=address.database,
    )
    return target, server


@asynccontextmanager
async def _failures_explained() -> AsyncIterator[None]:
    from asyncpg import InterfaceError, InternalClientError, PostgresError

    from_driver = (PostgresError, InterfaceError, InternalClientError)  # it is asked directly, too
    try:
        yield
    except (DBAPIError, *from_driver) as error:
        if explained := _explanation(error):
            raise explained from error
        raise


def _explanation(error: Exception) -> StorageError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    if state == DISK_FULL:
        return StorageError(
            "The disk of the database is full.", hint="Free some space, then run this again."
        )
    if state == TOO_MANY_CONNECTIONS:
        return StorageError(
            "The database takes no more connections.", hint="Stop a process that uses it."
        )
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    lost = lost or any(words in str(cause) for words in LOST_IN_WORDS)
    if lost or state[:2] in CONNECTION_LOST:
        return _unreachable(error)
    return None


def _unreachable(error: Exception) -> StorageError:
    cause = (str(error).splitlines() or ["it did not answer"])[0]
    return StorageError(
        f"The database went away: {cause}.",
        hint="Run this again; what was acknowledged is safe. Does it stay away, see its log "
        "(`.fourfold/postgres.log` for the embedded one).",
    )
