"""Data folders of an earlier and of a later Fourfold."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.faults.conftest import Fourfold

from fourfold.core.settings import Settings
from fourfold.project.config import load_config
from fourfold.project.project import Project
from fourfold.storage import schema
from fourfold.storage.database import open_database
from fourfold.tracing.tracer import Tracer

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


async def test_an_index_of_the_first_schema_is_migrated_after_a_backup(
    fourfold: Fourfold, unused: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "TARGET_REVISION", "0001")
        database = await open_database(settings, unused / ".fourfold")
    old = Project(unused, load_config(unused), settings, database, Tracer(database))
    assert (await old.ingest()).documents == 2
    await database.close()
    assert fourfold.finds("Garantie auf Akkus", unused)[0] == "garantie.md"
    [backup] = (unused / ".fourfold" / "backups").iterdir()
    assert backup.stat().st_size > 1000
    again = fourfold.run("ingest", folder=unused).json
    assert (again["documents"], again["skipped"]) == (0, 2)


async def test_an_index_of_a_later_schema_is_refused_and_left_alone(
    fourfold: Fourfold, project: Path, settings: Settings
) -> None:
    database = await open_database(settings, project / ".fourfold")
    async with database.begin() as connection:
        await connection.execute(text("UPDATE fourfold.alembic_version SET version_num = '9999'"))
    await database.close()
    for words in (["ingest"], ["search", "Garantie"], ["serve", "--port", "0"]):
        result = fourfold.run(*words, folder=project)
        assert (result.code, result.error["code"]) == (1, "storage"), result
        assert "9999" in result.error["message"]
