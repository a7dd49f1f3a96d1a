"""What a restore does with files that are no whole backup of a project."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from fourfold.core.errors import StorageError
from fourfold.core.settings import Settings
from fourfold.storage import dump
from fourfold.storage.backup import backup, restore
from fourfold.storage.database import Database

RESTORE = """
import asyncio, sys
from pathlib import Path
from fourfold.core.settings import Settings
from fourfold.storage import backup, dump

pass_on = dump._pass_on

async def linger(*processes):
    await pass_on(*processes)
    print("almost done", flush=True)
    await asyncio.sleep(600)

dump._pass_on = linger
settings = Settings(_env_file=None, database_url=None)
asyncio.run(backup.restore(settings, Path(sys.argv[1]), Path(sys.argv[2]), force=True))
"""
pytestmark = pytest.mark.anyio


async def users(database: Database) -> list[str]:
    async with database.connect() as connection:
        return list(await connection.scalars(text("SELECT name FROM fourfold.users")))


async def add_user(database: Database, name: str) -> None:
    async with database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO fourfold.users (id, name, role, groups, created_at) "
                "VALUES (:name, :name, 'viewer', '{}', now())"
            ),
            {"name": name},
        )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
async def test_a_truncated_backup_changes_nothing(
    database: Database, settings: Settings, data_folder: Path, tmp_path: Path, share: float
) -> None:
    await add_user(database, "old")
    file = await backup(settings, data_folder, tmp_path / "whole.dump")
    os.truncate(file, int(file.stat().st_size * share))
    with pytest.raises(StorageError):
        await restore(settings, data_folder, file, force=True)
    assert await users(database) == ["old"]


async def test_a_whole_dump_of_something_else_is_refused(
    database: Database,
    settings: Settings,
    data_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add_user(database, "old")
    async with database.begin() as connection:
        await connection.execute(text("CREATE SCHEMA shop CREATE TABLE goods (name text)"))
    with monkeypatch.context() as patch:
        patch.setattr(dump, "SCHEMA", "shop")
        foreign = await backup(settings, data_folder, tmp_path / "shop.dump")
    try:
        with pytest.raises(StorageError, match="something else"):
            await restore(settings, data_folder, foreign, force=True)
        assert await users(database) == ["old"]
    finally:
        async with database.begin() as connection:
            await connection.execute(text("DROP SCHEMA IF EXISTS shop CASCADE"))


async def test_a_restore_that_was_killed_changes_nothing(
    database: Database, settings: Settings, data_folder: Path, tmp_path: Path
) -> None:
    await add_user(database, "old")
    file = await backup(settings, data_folder, tmp_path / "whole.dump")
    await add_user(database, "new")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RESTORE, str(data_folder), str(file), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"almost done\n"
    process.kill()
    await process.wait()
    assert sorted(await users(database)) == ["new", "old"]
