"""Settings that lead to the embedded database, and a data folder that is ready quickly."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from fourfold.core.settings import Settings
from fourfold.storage.database import open_database


@pytest.fixture
def settings() -> Settings:
    return Settings(database_url=None)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty, migrated database: making one takes seconds, a copy none."""
    folder = tmp_path_factory.mktemp("template") / ".fourfold"

    async def make() -> None:
        await (await open_database(Settings(database_url=None), folder)).close()

    asyncio.run(make())
    return folder


@pytest.fixture
def data_folder(template: Path, tmp_path: Path) -> Path:
    """Its path has umlauts, spaces and more bytes than a socket's path may have."""
    folder = tmp_path / "Ordner für Öhringen" / ("lang" * 30) / ".fourfold"
    folder.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", template, folder], check=True)  # owners stay
    return folder
