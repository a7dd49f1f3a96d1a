import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from fourfold.core.errors import InvalidInput, StorageError
from fourfold.core.settings import Settings
from fourfold.storage import schema
from fourfold.storage.backup import backup, restore
from fourfold.storage.database import Database, open_database

DOCUMENT = text(
    "INSERT INTO fourfold.documents (id, source, file, path, title, text, content_hash, "
    "media_type, language, groups, metadata) "
    "VALUES (:id, 's', 'f', :id, '', '', '', '', '', '{}', '{}')"
)
pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(settings: Settings, data_folder: Path) -> AsyncIterator[Database]:
    opened = await open_database(settings, data_folder)
    yield opened
    await opened.close()


async def write_document(database: Database, name: str) -> None:
    async with database.begin() as connection:
        await connection.execute(DOCUMENT, {"id": name})


async def documents(database: Database) -> list[str]:
    async with database.connect() as connection:
        return list(await connection.scalars(text("SELECT id FROM fourfold.documents ORDER BY id")))


def url_of(database: Database) -> SecretStr:
    target = database.target
    login = f"{target.user}:{quote(target.password or '', safe='')}"
    return SecretStr(
        f"postgresql://{login}@/{target.database}?host={quote(target.host or '', safe='')}"
    )


async def test_a_transaction_is_kept_or_undone_as_a_whole(database: Database) -> None:
    await write_document(database, "kept")

    async def fail() -> None:
        async with database.begin() as connection:
            await connection.execute(DOCUMENT, {"id": "undone"})
            raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        await fail()
    assert await documents(database) == ["kept"]


async def test_a_second_opening_migrates_nothing_and_imports_no_alembic(
    database: Database, data_folder: Path
) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from fourfold.core.settings import Settings\n"
        "from fourfold.storage.database import open_database\n"
        "db = asyncio.run(open_database(Settings(database_url=None), Path(sys.argv[1])))\n"
        "print('alembic' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(data_folder), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said == b"False\n"


async def test_any_postgresql_by_url_is_opened_with_the_same_code(
    database: Database, tmp_path: Path
) -> None:
    await write_document(database, "one")
    by_url = await open_database(Settings(database_url=url_of(database)), tmp_path / "elsewhere")
    assert await documents(by_url) == ["one"]
    assert not (tmp_path / "elsewhere").exists()
    await by_url.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://a:b@127.0.0.1:1/x", "cannot be reached"),
        ("mysql://a:b@127.0.0.1/x", "cannot be read"),
        ("postgresql://a:b@/x?host=/nowhere", "cannot be reached"),
    ],
)
async def test_an_unusable_url_says_what_is_wrong_without_its_password(
    url: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        await open_database(Settings(database_url=SecretStr(url)), tmp_path)
    assert ":b@" not in f"{caught.value.message} {caught.value.hint}"


async def test_a_wrong_password_is_named(database: Database, tmp_path: Path) -> None:
    wrong = url_of(database).get_secret_value().replace(quote(database.target.password or ""), "no")
    with pytest.raises(StorageError, match="refused"):
        await open_database(Settings(database_url=SecretStr(wrong)), tmp_path)


async def test_a_newer_schema_is_left_alone(
    database: Database, settings: Settings, data_folder: Path
) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE fourfold.alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="9999"):
        await open_database(settings, data_folder)


async def test_an_older_schema_is_backed_up_and_migrated(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".fourfold"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "TARGET_REVISION", "0001")
        old = await open_database(settings, folder)
        await write_document(old, "from before")
        await old.close()
    migrated = await open_database(settings, folder)
    assert await documents(migrated) == ["from before"]
    await migrated.close()
    [kept] = (folder / "backups").iterdir()
    assert "0001" in kept.name
    await restore(settings, tmp_path / "other", kept)
    restored = await open_database(settings, tmp_path / "other")
    assert await documents(restored) == ["from before"]
    await restored.close()


async def test_two_processes_may_migrate_at_once(settings: Settings, tmp_path: Path) -> None:
    both = await asyncio.gather(*(open_database(settings, tmp_path) for _ in range(2)))
    for opened in both:
        await opened.close()


async def test_a_server_killed_under_load_loses_nothing_acknowledged(database: Database) -> None:
    acknowledged: list[str] = []

    async def write(writer: int) -> None:
        for number in range(100):
            with suppress(StorageError):
                await write_document(database, f"{writer} {number}")
                acknowledged.append(f"{writer} {number}")

    writing = [asyncio.create_task(write(writer)) for writer in range(4)]
    while len(acknowledged) < 40:  # noqa: ASYNC110 nobody tells us
        await asyncio.sleep(0.001)
    os.kill(_postmaster_pid(database), signal.SIGKILL)
    await asyncio.gather(*writing)
    assert acknowledged[-1][-2:] == "99"
    assert set(await documents(database)) >= set(acknowledged)


async def test_a_server_killed_within_a_transaction_ends_it_in_words(database: Database) -> None:
    async def write_and_kill() -> None:
        async with asyncio.timeout(60), database.begin() as connection:
            await connection.execute(DOCUMENT, {"id": "never committed"})
            os.kill(_postmaster_pid(database), signal.SIGKILL)
            while True:  # its last process may answer once more
                await connection.execute(text("SELECT 1"))

    with pytest.raises(StorageError, match="went away"):
        await write_and_kill()
    assert await documents(database) == []


async def test_a_backup_restores_everything_elsewhere(
    database: Database, settings: Settings, data_folder: Path, tmp_path: Path
) -> None:
    await write_document(database, "one")
    (tmp_path / "sicher").mkdir()
    file = await backup(settings, data_folder, tmp_path / "sicher" / "voll ä.dump")
    await restore(settings, tmp_path / "other", file)
    restored = await open_database(settings, tmp_path / "other")
    assert await documents(restored) == ["one"]
    await restored.close()
    assert file.stat().st_mode & 0o077 == 0


async def test_a_restore_over_documents_needs_force(
    database: Database, settings: Settings, data_folder: Path, tmp_path: Path
) -> None:
    await write_document(database, "old")
    file = await backup(settings, data_folder, tmp_path / "one.dump")
    await write_document(database, "new")
    with pytest.raises(InvalidInput, match="not empty"):
        await restore(settings, data_folder, file)
    assert await documents(database) == ["new", "old"]
    await restore(settings, data_folder, file, force=True)
    reopened = await open_database(settings, data_folder)
    assert await documents(reopened) == ["old"]
    await reopened.close()


async def test_a_damaged_backup_changes_nothing(
    database: Database, settings: Settings, data_folder: Path, tmp_path: Path
) -> None:
    await write_document(database, "old")
    whole = (await backup(settings, data_folder, tmp_path / "one.dump")).read_bytes()
    for name, damaged in (("cut", whole[: len(whole) * 2 // 3]), ("empty", b""), ("text", b"hi")):
        file = tmp_path / name
        file.write_bytes(damaged)
        with pytest.raises(StorageError):
            await restore(settings, data_folder, file, force=True)
    assert await documents(database) == ["old"]
    with pytest.raises(InvalidInput, match="no backup"):
        await restore(settings, data_folder, tmp_path / "missing", force=True)
    with pytest.raises(InvalidInput, match="exists already"):
        await backup(settings, data_folder, tmp_path / "cut")


def _postmaster_pid(database: Database) -> int:
    assert database._server is not None
    return int((database._server.cluster / "postmaster.pid").read_text().splitlines()[0])
