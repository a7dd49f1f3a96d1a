"""What people asked to be written never costs them what they have."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.project.config_file import load_config
from fourfold.project.outputs import write_files, write_report
from fourfold.project.project import Project
from fourfold.project.scaffold import create_project

REPORT = '<!doctype html>\n<head>\n<meta name="generator" content="Fourfold">\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder and its configuration: all of a project that matters here."""
    folder = tmp_path / "mood"
    create_project(folder, task="sentiment")
    (folder / "policy.yaml").write_text("use: internal\n")
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "documents" / "a.md").write_text("# A\n")
    config = load_config(folder)
    return cast("Project", SimpleNamespace(folder=folder, config=config))


def two_files(target: Path) -> Sequence[Path]:
    files = [target.with_name(f"{target.stem}-{name}{target.suffix}") for name in "ab"]
    for file in files:
        file.write_text("new")
    return files


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


INPUTS = [
    "fourfold.yaml",
    "policy.yaml",
    "datasets/golden.jsonl",
    "documents/a.md",
    "examples.de.jsonl",
    "schema.json",
    "datasets/../fourfold.yaml",
]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", INPUTS)
def test_what_a_project_is_made_of_is_never_overwritten(
    project: Project, name: str, *, force: bool
) -> None:
    file = project.folder / name
    before, names = file.read_bytes(), names_in(file.parent)
    with pytest.raises(InvalidInput, match="belongs to the project"):
        write_report(project, file, REPORT, force=force)
    assert file.read_bytes() == before
    assert names_in(file.parent) == names


def test_nor_is_it_reached_by_a_link(project: Project) -> None:
    link = project.folder / "report.html"
    link.symlink_to(project.folder / "datasets" / "golden.jsonl")
    with pytest.raises(InvalidInput, match="belongs to the project"):
        write_report(project, link, REPORT, force=True)
    assert "neutral" in link.read_text("utf-8")


def test_a_report_replaces_an_earlier_one_and_keeps_who_may_read_it(project: Project) -> None:
    file = project.folder / "report.html"
    write_report(project, file, REPORT + "first")
    file.chmod(0o600)
    write_report(project, file, REPORT + "second")
    assert file.read_text("utf-8").endswith("second")
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_file_is_only_overwritten_when_that_is_asked_for(project: Project) -> None:
    file = project.folder / "report.html"
    file.write_text("<html>of somebody else</html>")
    with pytest.raises(InvalidInput, match="is there already") as caught:
        write_report(project, file, REPORT)
    assert "--force" in caught.value.hint
    assert "somebody else" in file.read_text()
    write_report(project, file, REPORT, force=True)
    assert file.read_text("utf-8") == REPORT


def test_an_empty_file_is_filled(project: Project) -> None:
    file = project.folder / "mine.html"
    file.touch()
    write_report(project, file, REPORT)
    assert file.read_text("utf-8") == REPORT


def test_of_several_files_all_are_written_or_none(project: Project) -> None:
    (project.folder / "log-b.json").write_text("old")
    with pytest.raises(InvalidInput, match=r"log-b\.json"):
        write_files(project, project.folder / "log.json", two_files)
    assert not (project.folder / "log-a.json").exists()
    assert (project.folder / "log-b.json").read_text() == "old"
    written = write_files(project, project.folder / "log.json", two_files, force=True)
    assert [file.name for file in written] == ["log-a.json", "log-b.json"]
    assert [file.read_text() for file in written] == ["new", "new"]


def test_what_fails_in_the_middle_leaves_the_old_file_and_nothing_beside_it(
    project: Project,
) -> None:
    file = project.folder / "out.jsonl"
    file.write_text("old")
    names = names_in(project.folder)

    def half(target: Path) -> Sequence[Path]:
        target.write_text("ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_files(project, file, half, force=True)
    assert file.read_text() == "old"
    assert names_in(project.folder) == names


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_missing_and_what_is_no_file_are_named(
    project: Project, *, force: bool
) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        write_report(project, project.folder / "logs" / "a.html", REPORT, force=force)
    assert not (project.folder / "logs").exists()
    with pytest.raises(InvalidInput, match="no plain file"):
        write_report(project, Path("/dev/null"), REPORT, force=force)
