"""Data folders of an earlier and of a later Fourfold."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.faults.conftest import Fourfold

from fourfold.core.settings import Settings
from fourfold.evaluation.records import Spent
from fourfold.evaluation.store import Experiments
from fourfold.storage.database import open_database

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


BACK_TO_THE_FIRST = (
    "DROP TABLE fourfold.intents, fourfold.claims",
    "DROP TABLE fourfold.evidence, fourfold.cases, fourfold.exchanges, fourfold.experiments",
    "ALTER TABLE fourfold.failures DROP COLUMN groups",
    "DROP TABLE fourfold.trace_payloads, fourfold.trace_hours, fourfold.traces",
    "DROP TABLE fourfold.audit_log, fourfold.api_keys, fourfold.users",
    "UPDATE fourfold.alembic_version SET version_num = '0001'",
)
BACK_TO_THE_FIFTH = (
    "DROP TABLE fourfold.intents, fourfold.claims",
    "ALTER TABLE fourfold.exchanges DROP COLUMN identity, DROP COLUMN error_message, "
    "DROP COLUMN tool_calls",
    "CREATE INDEX exchanges_key ON fourfold.exchanges (key) WHERE error = ''",
    "UPDATE fourfold.alembic_version SET version_num = '0005'",
)
KEPT_BEFORE = (
    "INSERT INTO fourfold.experiments (id, name, spec, started_at) "
    "VALUES ('one', 'x', '{}', now())",
    "INSERT INTO fourfold.exchanges VALUES "
    "('a', 'key', 'm', '[]', '{}', 'Hallo', '[]', 'stop', 3, 1, 0, 0.25, 1, 1, now(), '')",
    "INSERT INTO fourfold.cases VALUES "
    "('one', 'm', '1', 'Hallo', false, '[]', '{a}', 3, 1, 0, 0.25, 1, 1, '', '')",
)


async def test_answers_and_money_of_an_earlier_schema_are_known(
    fourfold: Fourfold, unused: Path, settings: Settings
) -> None:
    database = await open_database(settings, unused / ".fourfold")
    async with database.begin() as connection:
        for statement in (*BACK_TO_THE_FIFTH, *KEPT_BEFORE):
            await connection.execute(text(statement))
    await database.close()
    database = await open_database(settings, unused / ".fourfold")
    experiments = Experiments(database)
    assert await experiments.spent("one") == Spent(usd=0.25)
    async with experiments.journal("two", ["remote:m"]) as journal:
        known = journal.recall("key")
    await database.close()
    assert known is not None
    assert known.text == "Hallo"


async def test_an_index_of_the_first_schema_is_migrated_after_a_backup(
    fourfold: Fourfold, unused: Path, settings: Settings
) -> None:
    assert fourfold.run("ingest", folder=unused).json["documents"] == 2
    database = await open_database(settings, unused / ".fourfold")
    async with database.begin() as connection:
        for statement in BACK_TO_THE_FIRST:
            await connection.execute(text(statement))
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
