"""Bringing the schema up to date: Alembic revisions, after a backup, one process at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from fourfold.core.errors import StorageError
from fourfold.storage.connections import SCHEMA, Target, extension_schema, plain_connection
from fourfold.storage.dump import dump_before_migration

if TYPE_CHECKING:
    import asyncpg

MIGRATIONS = Path(__file__).parent / "migrations"
TARGET_REVISION = "head"
OLDEST_SERVER = 15
OLDEST_PGVECTOR = (0, 8)  # iterative scans
_LOCK = 4_044_000  # any number of our own: one migration of a database at a time


def head() -> str:
    """The newest revision."""
    return revisions()[-1]


def revisions() -> list[str]:
    """All revisions, oldest first, without importing Alembic: their files begin with their ids."""
    return sorted(
        file.stem.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")
    )


async def require_extension(target: Target) -> None:
    """Check the server's version, and that pgvector and our schema are there or can be made."""
    import asyncpg

    try:
        connection = await plain_connection(target)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
        raise StorageError(
            f"The database cannot be reached: {str(error) or 'it did not answer in time'}.",
            hint="Is it running? Check host and port in FOURFOLD_DATABASE_URL.",
        ) from error
    try:
        if connection.get_server_version().major < OLDEST_SERVER:
            raise StorageError(
                f"The database is PostgreSQL {connection.get_server_version().major}.",
                hint=f"Fourfold needs PostgreSQL {OLDEST_SERVER} or newer.",
            )
        if await extension_schema(connection) is None:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        await _check_pgvector(connection)
        if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", SCHEMA):
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    except asyncpg.UniqueViolationError:
        return  # another process made it in the same moment
    except asyncpg.PostgresError as error:
        raise StorageError(
            f"The database cannot be prepared: {str(error).splitlines()[0]}.",
            hint="Install pgvector on the server, then let its owner type in this database: "
            f"CREATE EXTENSION vector; CREATE SCHEMA {SCHEMA} AUTHORIZATION your_user",
        ) from error
    finally:
        await connection.close()


async def upgrade(engine: AsyncEngine, target: Target, backups: Path) -> None:
    """Run the missing revisions, each in a transaction of its own."""
    if await _is_current(engine):
        return
    async with engine.connect() as guard:
        guard = await guard.execution_options(isolation_level="AUTOCOMMIT")
        await guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            stored = await _stored_revision(engine)
            if stored == head():
                return
            if stored is not None:
                await dump_before_migration(target, backups, revision=stored)
            async with engine.connect() as connection:
                await connection.run_sync(_run_revisions)
        finally:
            await guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


async def _is_current(engine: AsyncEngine) -> bool:
    stored = await _stored_revision(engine)
    if stored is not None and stored not in revisions():
        raise StorageError(
            f"The database has schema `{stored}`, this Fourfold knows only up to `{head()}`.",
            hint="Install the newer Fourfold again, or restore a backup that this one made.",
        )
    return stored == head()


async def _stored_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        table = f"{SCHEMA}.alembic_version"
        if not await connection.scalar(text("SELECT to_regclass(:t) IS NOT NULL"), {"t": table}):
            return None
        found: str | None = await connection.scalar(text(f"SELECT version_num FROM {table}"))  # noqa: S608
        return found


async def _check_pgvector(connection: asyncpg.Connection) -> None:
    found = await connection.fetchval(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    )
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_PGVECTOR:
        raise StorageError(
            f"The database has pgvector {found}.",
            hint="Install pgvector 0.8 or newer, then type: ALTER EXTENSION vector UPDATE",
        )


def _run_revisions(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, TARGET_REVISION)
    connection.commit()
