"""What people mistype and misplace: always words, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("doctor", "--project", "/nosuch/folder"), 1, "no project"),
        (("backup", "--to", "/nosuch/folder/x.dump"), 1, "no folder `/nosuch/folder`"),
        (("backup", "--to", "/proc/x.dump"), 1, "/proc/x.dump"),
        (("ask", "--questions", "no-question.jsonl"), 1, "Line 1"),
        (("ask", "Garantie?", "--where", "lang=de"), 0, "language, source, path, media_type"),
        (("search", "Garantie?", "--where", "lang=de"), 0, "language, source, path, media_type"),
    ],
)
def test_a_mistake_is_answered_in_words(
    run: Run, project: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (project / "no-question.jsonl").write_text('{"q": 1}\n')
    result = run(*words, folder=project)
    assert result.code == code
    assert said in result.out + result.err
    assert "Traceback" not in result.err


def test_a_setting_that_cannot_be_used_is_named_without_its_value(run: Run, project: Path) -> None:
    environment = {**os.environ, "FOURFOLD_PORT": "geheim", "FOURFOLD_THREADS": "-3"}
    command = [sys.executable, "-m", "fourfold", "doctor", "--json"]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert "FOURFOLD_PORT" in done.stdout
    assert "FOURFOLD_THREADS" in done.stdout
    assert "geheim" not in done.stdout + done.stderr


def test_a_conversation_ends_as_people_end_it(run: Run, project: Path) -> None:
    result = run("ask", folder=project, stdin="Wie lange gilt die Garantie?\nexit\nGarantie?\n")
    assert result.code == 0
    assert result.out.count("Wie lange gilt die Garantie?") == 1
    assert "exit" not in result.out


def test_what_was_only_compared_counts_as_unchanged(run: Run, project: Path) -> None:
    os.utime(project / "documents" / "garantie.md")
    assert run("ingest", "--json", folder=project).json["skipped"] == 3
    report = run("ingest", "--check-contents", "--json", folder=project).json
    assert (report["documents"], report["skipped"]) == (0, 3)


def test_doctor_misses_no_file_that_is_gone(run: Run, project: Path) -> None:
    file = project / "documents" / "shipping.md"
    kept = file.read_bytes()
    file.unlink()
    try:
        assert "gone since the last ingestion: 1" in run("doctor", folder=project).out
    finally:
        file.write_bytes(kept)
