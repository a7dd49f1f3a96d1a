"""The command as a user types it: in a process of its own, in a project of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Result:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run `fourfold …` in a folder, with no setting of this machine."""
    models = tmp_path_factory.mktemp("models")
    kept = {name: value for name, value in os.environ.items() if "FOURFOLD" not in name}
    environment = {**kept, "FOURFOLD_MODELS_FOLDER": str(models), "FOURFOLD_PARSE_WORKERS": "1"}

    def run(*words: str, folder: Path, stdin: str = "") -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "fourfold", *words],
            cwd=folder,
            env=environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


RULES = """\
    files: [{match: "personal/**", groups: [hr]}]
models:
  - {name: own, url: 'http://127.0.0.1:9/v1?api-key=geheim', model: m,
     price: {input: 2, output: 10, date: 2026-11-22}}
  - {name: new, url: 'http://127.0.0.1:9/v1', model: m}
"""


@pytest.fixture(scope="session")
def project(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with three documents, ingested; one is for the group `hr` only."""
    folder = tmp_path_factory.mktemp("Büro mit Leerzeichen") / "helpdesk"
    assert run("init", str(folder), folder=folder.parent).code == 0
    with (folder / "fourfold.yaml").open("a", encoding="utf-8") as file:
        file.write(RULES)
    documents = folder / "documents"
    (documents / "personal").mkdir()
    (documents / "garantie.md").write_text(
        "# Garantie\n\nDie Garantie auf Akkus gilt 24 Monate ab Kauf.\n", encoding="utf-8"
    )
    (documents / "shipping.md").write_text(
        "# Shipping\n\nParcels to Norway take seven working days.\n", encoding="utf-8"
    )
    (documents / "personal" / "gehalt.md").write_text(
        "# Gehalt\n\nDas Gehalt im Band 4 liegt bei 5200 Euro.\n", encoding="utf-8"
    )
    assert run("ingest", folder=folder).code == 0
    return folder
