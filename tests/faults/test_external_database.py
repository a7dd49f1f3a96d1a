"""`FOURFOLD_DATABASE_URL`: the same commands over a PostgreSQL that somebody else runs."""

import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from tests.faults.conftest import Fourfold

from fourfold.core.settings import Settings
from fourfold.storage.database import open_database

pytestmark = [pytest.mark.slow, pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def elsewhere(
    fourfold: Fourfold, settings: Settings, data_folder: Path
) -> AsyncIterator[Fourfold]:
    """The command, told to use the database of that server."""
    database = await open_database(settings, data_folder)
    target = database.target
    login = f"{target.user}:{quote(target.password or '', safe='')}"
    host = quote(target.host or "", safe="")
    url = f"postgresql://{login}@/{target.database}?host={host}"
    yield Fourfold({**fourfold.environment, "FOURFOLD_DATABASE_URL": url})
    await database.close()


async def test_every_command_works_over_another_postgresql(
    elsewhere: Fourfold, unused: Path, tmp_path: Path
) -> None:
    assert elsewhere.run("ingest", folder=unused).json["documents"] == 2
    assert elsewhere.finds("Garantie auf Akkus", unused)[0] == "garantie.md"
    asked = elsewhere.run("ask", "Wie lange gilt die Garantie auf Akkus?", folder=unused)
    assert (asked.code, asked.json["model"]) == (0, "extractive")
    dump = tmp_path / "all.dump"
    assert elsewhere.run("backup", "--to", str(dump), folder=unused).code == 0
    assert elsewhere.run("erase", "--document", "garantie.md", folder=unused).code == 0
    assert "garantie.md" not in elsewhere.finds("Garantie auf Akkus", unused)
    restored = elsewhere.run("restore", str(dump), "--force", folder=unused)
    assert restored.code == 0, restored
    assert elsewhere.finds("Garantie auf Akkus", unused)[0] == "garantie.md"
    assert elsewhere.run("doctor", folder=unused).code == 0
    assert not (unused / ".fourfold" / "postgres").exists()


async def test_the_server_works_over_another_postgresql(elsewhere: Fourfold, unused: Path) -> None:
    assert elsewhere.run("ingest", folder=unused).code == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = elsewhere.start("serve", "--port", str(port), folder=unused)
    try:
        found = _post(f"http://127.0.0.1:{port}/api/search", {"query": "Garantie auf Akkus"})
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert found["hits"][0]["document"] == "garantie.md"


def _post(url: str, body: object) -> dict[str, list[dict[str, str]]]:
    """The answer, as soon as somebody listens there."""
    headers = {"Content-Type": "application/json"}
    for _ in range(300):
        with suppress(URLError), urlopen(Request(url, json.dumps(body).encode(), headers)) as said:
            answer: dict[str, list[dict[str, str]]] = json.load(said)
            return answer
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on {url}")
