"""Several processes use one project at the same time."""

import json
import urllib.request
from pathlib import Path

import pytest
from tests.faults.conftest import Fourfold, write, write_many

pytestmark = pytest.mark.slow


def test_two_ingestions_at_once_share_the_work_without_doing_it_twice(
    fourfold: Fourfold, project: Path
) -> None:
    write_many(project, 20)
    both = [fourfold.start("ingest", folder=project) for _ in range(2)]
    ended = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    reports = [json.loads(out) for out, _ in ended]
    assert sorted(report["documents"] for report in reports) == [0, 20]
    assert fourfold.finds("Wort007", project)[0] == "nummer-007.md"


def test_a_first_start_by_two_processes_makes_one_database(
    fourfold: Fourfold, unused: Path
) -> None:
    both = [fourfold.start("ingest", folder=unused) for _ in range(2)]
    ended = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert sorted(json.loads(out)["documents"] for out, _ in ended) == [0, 2]


def test_a_running_server_finds_at_once_what_another_process_ingests(
    fourfold: Fourfold, project: Path
) -> None:
    with fourfold.start("serve", "--port", "0", folder=project) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            assert "neu.md" not in search(url, "Xylophonstimmung")
            write(project, "neu.md", "Die Xylophonstimmung kostet 40 Euro.")
            assert fourfold.run("ingest", folder=project).json["documents"] == 1
            assert search(url, "Xylophonstimmung")[0] == "neu.md"
            (project / "documents" / "neu.md").unlink()
            assert fourfold.run("ingest", folder=project).json["removed"] == 1
            assert "neu.md" not in search(url, "Xylophonstimmung")
        finally:
            server.terminate()
    assert server.returncode == 0


def search(url: str, query: str) -> list[str]:
    request = urllib.request.Request(
        f"{url}/api/search",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [hit["document"] for hit in json.load(answer)["hits"]]
