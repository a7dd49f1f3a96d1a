"""The embedded database is killed while it is used: words instead of a traceback, nothing lost."""

import asyncio
import gc
import json
import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.faults.conftest import Fourfold, write_many

from fourfold.core.errors import StorageError
from fourfold.core.settings import Settings
from fourfold.project import LOCAL, open_project

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_trace_of_dead_connections() -> Iterator[None]:
    """Collect here what the driver left of connections whose server was killed.

    It warns of each that nobody closed; in a later test that warning would be an error.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def postmaster(project: Path) -> int:
    return int((project / ".fourfold/postgres/postmaster.pid").read_text().splitlines()[0])


def is_parsing(pid: int) -> bool:
    """True once the first file is read: other children only start the database."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(pid).children()
        return any("fourfold.ingestion.worker" in " ".join(one.cmdline()) for one in children)
    return False


def test_an_ingestion_whose_database_is_killed_says_so_and_the_next_one_finishes(
    fourfold: Fourfold, project: Path
) -> None:
    write_many(project, 400)
    process = fourfold.start("ingest", folder=project)
    while not is_parsing(process.pid):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(postmaster(project), signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "storage"), out
    report = fourfold.run("ingest", folder=project)
    assert report.code == 0, report
    assert report.json["documents"] + report.json["skipped"] == 402
    assert fourfold.finds("Wort399", project)[0] == "nummer-399.md"


@pytest.mark.anyio
async def test_searches_and_an_ingestion_survive_a_killed_database(
    project: Path, settings: Settings
) -> None:
    write_many(project, 60)
    ended: list[str] = []
    done = asyncio.Event()
    # asyncpg leaves a future of a dead connection unread now and then; that is not our matter here.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)

    async def search() -> None:
        while not done.is_set():
            try:
                hits = await opened.search("Garantie auf Akkus", visible_to=LOCAL)
                ended.append(hits[0].chunk.path)
            except StorageError:
                ended.append("storage")

    async def ingest() -> None:
        with suppress(StorageError):
            await opened.ingest()

    async with open_project(project, settings=settings) as opened:
        searching = [asyncio.create_task(search()) for _ in range(2)]
        ingesting = asyncio.create_task(ingest())
        while len(await opened.ledger.known("documents")) < 6:  # noqa: ASYNC110 nobody tells us
            await asyncio.sleep(0.01)
        os.kill(postmaster(project), signal.SIGKILL)
        await ingesting
        for _ in range(3):  # connections that have not noticed yet end in an error, too
            await ingest()
        done.set()
        await asyncio.gather(*searching)
        assert len(await opened.ledger.known("documents")) == 62
    assert set(ended) <= {"garantie.md", "storage"}
    assert ended[-1] == "garantie.md"
