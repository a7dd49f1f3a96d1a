"""Backup and restore of everything that a project's database holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fourfold.core.errors import InvalidInput
from fourfold.core.settings import Settings
from fourfold.storage.connections import SCHEMA, Target, plain_connection
from fourfold.storage.database import reach
from fourfold.storage.dump import check_dump, dump, load
from fourfold.storage.schema import require_extension


async def backup(settings: Settings, data_folder: Path, file: Path) -> Path:
    """Write the whole database to `file`, complete or not at all.

    Others may use the database meanwhile; the backup is its state at one moment.
    """
    if await asyncio.to_thread(file.exists):
        raise InvalidInput(f"`{file}` exists already.", hint="Choose another name.")
    async with _reached(settings, data_folder) as target:
        return await dump(target, file)


async def restore(
    settings: Settings, data_folder: Path, file: Path, *, force: bool = False
) -> None:
    """Put the state of a backup in place of what the database holds, all or nothing.

    A database that already holds documents or users is replaced only with `force`. A backup of
    an older Fourfold is migrated when the database is opened next.
    """
    if not await asyncio.to_thread(file.is_file):
        raise InvalidInput(f"There is no backup `{file}`.", hint="Check the path.")
    await check_dump(file)
    async with _reached(settings, data_folder) as target:
        if not force and await _holds_something(target):
            raise InvalidInput(
                "The database is not empty.", hint="Add `--force` to replace what it holds."
            )
        await load(target, file)


@asynccontextmanager
async def _reached(settings: Settings, data_folder: Path) -> AsyncIterator[Target]:
    target, server = await reach(settings, data_folder)
    try:
        await require_extension(target)
        yield target
    finally:
        if server is not None:
            await asyncio.to_thread(server.release)


async def _holds_something(target: Target) -> bool:
    connection = await plain_connection(target)
    try:
        for table in ("chunks", "documents", "users"):
            name = f"{SCHEMA}.{table}"
            if await connection.fetchval("SELECT to_regclass($1) IS NULL", name):
                continue
            if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})"):  # noqa: S608
                return True
        return False
    finally:
        await connection.close()
