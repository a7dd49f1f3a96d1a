"""Connections to a PostgreSQL: by URL, or to the embedded server's socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fourfold.core.errors import StorageError

if TYPE_CHECKING:
    import asyncpg

SCHEMA = "fourfold"
CONNECT_SECONDS = 10.0
POOL_SIZE = 8
MOST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a database is: a URL as PostgreSQL's own programs take it, or the single parts."""

    dsn: str | None = field(default=None, repr=False)  # may hold a password
    host: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None


def engine_for(target: Target) -> AsyncEngine:
    """A pool of connections that know our schema and pgvector's types; connects to nothing yet."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: _connect(target),
        pool_size=POOL_SIZE,
        max_overflow=MOST_CONNECTIONS - POOL_SIZE,
        hide_parameters=True,  # no text of a document in a log
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


async def plain_connection(target: Target) -> asyncpg.Connection:
    """A connection without pgvector's types, for the time before the extension is there."""
    import asyncpg

    try:
        return await asyncpg.connect(
            target.dsn,
            host=target.host,
            user=target.user,
            password=target.password,
            database=target.database,
            timeout=CONNECT_SECONDS,
        )
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise StorageError(
            f"The database refused our name or password: {error}.",
            hint="Check user and password in FOURFOLD_DATABASE_URL.",
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise StorageError(
            f"There is no such database: {error}.", hint="Create it with `createdb` first."
        ) from error
    except (ValueError, asyncpg.ClientConfigurationError):
        raise StorageError(
            "FOURFOLD_DATABASE_URL cannot be read.",
            hint="Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE; in user and password, "
            "write `/` as %2F, `@` as %40, `#` as %23, `:` as %3A, `%` as %25.",
        ) from None  # whose words may be a part of the password


async def _connect(target: Target) -> asyncpg.Connection:
    from pgvector import HalfVector, SparseVector

    connection = await plain_connection(target)
    try:
        schema = await extension_schema(connection)
        if schema is None:
            raise StorageError(
                "The database has no pgvector.", hint="Type in it: CREATE EXTENSION vector"
            )
        await connection.execute(f'SET search_path TO {SCHEMA}, "{schema}", public')
        await connection.set_type_codec(
            "halfvec",
            schema=schema,
            encoder=lambda vector: HalfVector(vector).to_binary(),
            decoder=HalfVector.from_binary,
            format="binary",
        )
        await connection.set_type_codec(
            "sparsevec",
            schema=schema,
            encoder=SparseVector.to_binary,
            decoder=SparseVector.from_binary,
            format="binary",
        )
    except BaseException:
        await connection.close()
        raise
    return connection


async def extension_schema(connection: asyncpg.Connection) -> str | None:
    """The schema that holds pgvector, `None` when it is not installed in this database."""
    found: str | None = await connection.fetchval(
        "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace "
        "WHERE extname = 'vector'"
    )
    return found


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection whose server died is noticed without asking the server each time."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError
