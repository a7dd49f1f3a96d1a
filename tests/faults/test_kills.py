"""`kill -9` at random moments of an ingestion; `benchmarks/faults.py` does it thirty times."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.faults.conftest import AS_NOBODY, NOBODY, READING, Fourfold

pytestmark = pytest.mark.slow
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "faults.py"


@pytest.mark.timeout(900)
def test_a_killed_ingestion_ends_in_the_same_index(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--kills", "5", "--seed", "2", "--json", figures],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text())
    assert (found["kills"], found["different"]) == (5, 0)
    assert all(run["workers_left"] == 0 for run in found["runs"])


def test_a_first_start_that_was_killed_is_begun_again_at_once(
    fourfold: Fourfold, open_folder: Path, unused: Path
) -> None:
    """As an ordinary user, whose `initdb` would work on under the next one's feet."""
    before: tuple[str, ...] = ()
    project = unused
    if os.geteuid() == 0:
        before = (*AS_NOBODY, *READING)
        project = unused.rename(open_folder / "project")
        os.chown(project, NOBODY, NOBODY)
    process = fourfold.start("ingest", folder=project, before=before)
    while not (project / ".fourfold" / "postgres.new" / "base").exists():
        time.sleep(0.005)
    process.kill()
    process.communicate()
    result = fourfold.run("ingest", folder=project, before=before)
    assert result.code == 0, result
    assert result.json["documents"] == 2
