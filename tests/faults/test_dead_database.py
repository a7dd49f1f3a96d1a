"""The embedded database is killed while it is used: words instead of a traceback, nothing lost."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
from tests.faults.conftest import Fourfold, write_many

from fourfold.core.errors import StorageError
from fourfold.core.settings import Settings
from fourfold.project import open_project

pytestmark = pytest.mark.slow


def postmaster(project: Path) -> int:
    return int((project / ".fourfold/postgres/postmaster.pid").read_text().splitlines()[0])


def test_an_ingestion_whose_database_is_killed_says_so_and_the_next_one_finishes(
    fourfold: Fourfold, project: Path
) -> None:
    write_many(project, 200)
    before = (project / ".fourfold/postgres/postmaster.pid").exists()
    process = fourfold.start("ingest", folder=project)
    while not (project / ".fourfold/postgres/postmaster.pid").exists():
        time.sleep(0.01)
    time.sleep(4)
    os.kill(postmaster(project), signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert not before
    assert "Traceback" not in err
    if process.returncode:
        assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "storage"), out
    report = fourfold.run("ingest", folder=project)
    assert report.code == 0, report
    assert report.json["documents"] + report.json["skipped"] == 202
    assert fourfold.finds("Wort199", project)[0] == "nummer-199.md"


@pytest.mark.anyio
async def test_searches_and_an_ingestion_survive_a_killed_database(
    project: Path, settings: Settings
) -> None:
    write_many(project, 60)
    ended: list[str] = []

    async def search(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                hits = await opened.search("Garantie auf Akkus")
                ended.append(hits[0].chunk.path)
            except StorageError:
                ended.append("storage")

    async def ingest() -> None:
        try:
            await opened.ingest()
        except StorageError:
            ended.append("ingest: storage")

    async with open_project(project, settings=settings) as opened:
        working = asyncio.gather(ingest(), search(8), search(8))
        await asyncio.sleep(3)
        os.kill(postmaster(project), signal.SIGKILL)
        await working
        assert set(ended) <= {"garantie.md", "storage", "ingest: storage"}
        assert ended[-1] == "garantie.md"
        await opened.ingest()
        assert len(await opened.ledger.known("documents")) == 62
