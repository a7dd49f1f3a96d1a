"""Projects with a cheap embedder that comes as a plug-in, and `fourfold` as a process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.settings import Settings

YAML = """
name: faults
embedder: hashing
sources:
  - name: documents
    folder: documents
"""
PLUGIN = "[fourfold.embedders]\nhashing = fourfold.testing.embedders:HashingEmbedder\n"
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
# Python itself may lie in root's home; nobody may read everything there, and write nowhere.
READING = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


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
    def error(self) -> Any:
        return self.json["error"]


@dataclass(frozen=True)
class Fourfold:
    """The command as a user types it, with no setting of this machine."""

    environment: dict[str, str]

    def start(
        self, *words: str, folder: Path, before: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*before, sys.executable, "-m", "fourfold", *words, "--json"],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *words: str, folder: Path, before: tuple[str, ...] = ()) -> Result:
        with self.start(*words, folder=folder, before=before) as process:
            out, err = process.communicate(timeout=240)
        return Result(process.returncode, out, err)

    def finds(self, query: str, folder: Path) -> list[str]:
        """The documents that a search gives."""
        result = self.run("search", query, folder=folder)
        assert result.code == 0, result
        return [hit["document"] for hit in result.json["hits"]]


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed distribution that offers a cheap embedder."""
    folder = tmp_path_factory.mktemp("plugin")
    information = folder / "fourfold_hashing-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: fourfold-hashing\n")
    (information / "entry_points.txt").write_text(PLUGIN)
    return folder


@pytest.fixture(scope="session")
def fourfold(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Fourfold:
    kept = {name: value for name, value in os.environ.items() if "FOURFOLD" not in name}
    ours = {
        "PYTHONPATH": str(plugin),
        "FOURFOLD_PARSE_WORKERS": "1",
        "FOURFOLD_MODELS_FOLDER": str(tmp_path_factory.mktemp("models")),
    }
    return Fourfold({**kept, **ours})


@pytest.fixture
def settings(plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """For projects that the test itself opens; the plug-in is there, too."""
    monkeypatch.syspath_prepend(plugin)
    return Settings(
        _env_file=None, database_url=None, models_folder=tmp_path / "models", parse_workers=1
    )


def write_project(folder: Path) -> Path:
    """A project with two documents that is not ingested."""
    (folder / "documents").mkdir(parents=True)
    (folder / "fourfold.yaml").write_text(YAML, encoding="utf-8")
    write(folder, "garantie.md", "Die Garantie auf Akkus gilt 24 Monate.")
    write(folder, "shipping.md", "Parcels to Norway take seven working days.")
    return folder


def write(project: Path, name: str, text: str) -> None:
    (project / "documents" / name).write_text(f"# {name}\n\n{text}\n", encoding="utf-8")


def write_many(project: Path, count: int) -> None:
    """So many small documents, each with a word of its own."""
    for number in range(count):
        write(project, f"nummer-{number:03}.md", f"Wort{number:03} steht nur hier. " * 20)


@pytest.fixture(scope="session")
def ingested(fourfold: Fourfold, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is ingested and at rest: copy it."""
    folder = write_project(tmp_path_factory.mktemp("ingested") / "project")
    result = fourfold.run("ingest", folder=folder)
    assert (result.code, result.json["documents"]) == (0, 2), result
    return folder


@pytest.fixture
def project(ingested: Path, tmp_path: Path) -> Path:
    """A project of this test alone, with two documents in its index."""
    folder = tmp_path / "project"
    subprocess.run(["cp", "-a", ingested, folder], check=True)  # owners and times stay
    return folder


@pytest.fixture
def unused(tmp_path: Path) -> Path:
    """A project with two documents that was never used."""
    return write_project(tmp_path / "unused")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="fourfold-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount something for the time of a test; skips it where that is not allowed."""
    mounted: list[Path] = []

    def now(*options: str, at: Path) -> None:
        done = subprocess.run(["mount", *options, str(at)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("only root may mount")
        mounted.append(at)

    yield now
    for at in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(at)], check=True)
