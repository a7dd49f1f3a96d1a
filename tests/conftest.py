"""Fixtures that every test may use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from fourfold.core.settings import Settings
from fourfold.storage.database import Database, open_database
from fourfold.storage.embedded import EmbeddedServer

TABLES = (
    "SELECT string_agg(format('fourfold.%I', tablename), ', ') FROM pg_tables "
    "WHERE schemaname = 'fourfold' AND tablename <> 'alembic_version'"
)


@pytest.fixture
def anyio_backend() -> str:
    """Fourfold runs on asyncio."""
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that no environment variable and no `.env` of this machine changes."""
    return Settings(
        _env_file=None, database_url=None, models_folder=tmp_path / "models", parse_workers=1
    )


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of one embedded server for all tests; starting one takes seconds."""
    folder = tmp_path_factory.mktemp("data")
    server = EmbeddedServer(folder)
    server.acquire()
    yield folder
    server.release()


@pytest.fixture
async def database(data_folder: Path, settings: Settings) -> AsyncIterator[Database]:
    """An empty database with the current schema."""
    database = await open_database(settings, data_folder)
    async with database.begin() as transaction:
        tables = await transaction.scalar(text(TABLES))
        await transaction.execute(text(f"TRUNCATE {tables}"))
    yield database
    await database.close()
