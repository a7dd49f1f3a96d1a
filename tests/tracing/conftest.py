"""An empty database for each test, in one embedded server for the folder's tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from fourfold.core.settings import Settings
from fourfold.storage.database import Database, open_database
from fourfold.storage.embedded import EmbeddedServer

EMPTY = "TRUNCATE users, api_keys, audit_log, traces, trace_payloads, trace_hours"


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    server = EmbeddedServer(folder)
    server.acquire()
    yield folder
    server.release()


@pytest.fixture
async def database(data_folder: Path) -> AsyncIterator[Database]:
    database = await open_database(Settings(_env_file=None, database_url=None), data_folder)
    async with database.begin() as transaction:
        await transaction.execute(text(EMPTY))
    yield database
    await database.close()
