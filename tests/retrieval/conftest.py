"""One embedded database for all tests of this folder; each test gets its own vector space."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fourfold.core.settings import Settings
from fourfold.storage.database import Database, open_database
from fourfold.storage.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    server = EmbeddedServer(folder)  # held all the while, so that it starts once
    server.acquire()
    yield folder
    server.release()


@pytest.fixture
async def database(data_folder: Path, anyio_backend: str) -> AsyncIterator[Database]:
    opened = await open_database(Settings(database_url=None), data_folder)
    yield opened
    await opened.close()
