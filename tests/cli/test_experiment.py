"""`fourfold experiment`, as a user types it."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

FILES = Path(__file__).parents[1] / "evaluation" / "formats"


@pytest.mark.slow
def test_results_of_promptfoo_are_imported_shown_and_exported(run: Run, tmp_path: Path) -> None:
    assert run("init", "p", folder=tmp_path).code == 0
    folder = tmp_path / "p"
    file = str(FILES / "promptfoo.json")
    imported = run("experiment", "import", file, "--name", "pf", "--metrics", "f1", folder=folder)
    assert imported.code == 0, imported.err
    assert "fehler (kurz)" in imported.out
    assert "Left out: 4 ×" in imported.err
    assert "unknown" in run("compare", "--show", "pf", folder=folder).out
    report = run("report", "pf", "--json", folder=folder)
    assert report.code == 0, report.err
    assert report.json["experiment"] == run("report", "--json", folder=folder).json["experiment"]
    assert "fehler (kurz)" in (folder / "report.html").read_text("utf-8")
    words = ("--format", "inspect", "--output", "log.json", "--json")
    exported = run("experiment", "export", "pf", *words, folder=folder)
    assert exported.code == 0, exported.err
    assert exported.json["rows"] == 8
    logs = [json.loads((folder / name).read_text("utf-8")) for name in exported.json["files"]]
    assert {log["eval"]["model"] for log in logs} == {
        f"{name} ({prompt})"
        for name in ("echo", "fehler")
        for prompt in ("Q: {{question}}", "kurz")
    }
    wrong = run("experiment", "import", "none.json", "--json", folder=folder)
    assert (wrong.code, wrong.json["error"]["code"]) == (1, "invalid_input")
    assert run("experiment", "export", "pf", folder=folder).code == 2
