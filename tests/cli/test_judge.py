"""`fourfold judge`, as a user types it."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "drafts.txt").write_text("Zwei Jahre.\nDrei Jahre.\n", encoding="utf-8")
    (tmp_path / "marks.txt").write_text("5\nsehr gut\n", encoding="utf-8")
    return tmp_path


def test_a_judge_that_nobody_reaches_marks_nothing_and_is_counted(
    run: Run, project: Path, files: Path
) -> None:
    drafts = str(files / "drafts.txt")
    words = ("--model", "own", "--hypotheses", drafts, "--references", drafts)
    unasked = run("judge", *words, "--json", folder=project)
    assert (unasked.code, unasked.json["error"]["code"]) == (2, "usage")
    result = run("judge", *words, "--yes", "--json", folder=project)
    assert result.code == 0, result.err
    assert (result.json["value"], result.json["judge_failed"]) == (None, 2)
    assert all(one["error"]["message"] for one in result.json["marks"])
    assert "geheim" not in result.out
    shown = run("judge", *words, "--yes", folder=project)
    assert "2 texts could not be scored" in shown.out


def test_marks_of_people_that_are_no_marks_are_named(run: Run, project: Path, files: Path) -> None:
    drafts, marks = str(files / "drafts.txt"), str(files / "marks.txt")
    words = ("--hypotheses", drafts, "--references", drafts, "--human", marks)
    result = run("judge", "--model", "own", *words, "--yes", folder=project)
    assert result.code == 1
    assert "Line 2 of the marks of people is `sehr gut`" in result.err


def test_a_rubric_needs_a_judge_and_a_file(run: Run, project: Path, files: Path) -> None:
    drafts = str(files / "drafts.txt")
    words = ("--hypotheses", drafts, "--references", drafts, "--rubric", "missing.md")
    assert run("judge", "--model", "own", *words, folder=project).code == 2
