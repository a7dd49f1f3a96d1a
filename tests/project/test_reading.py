"""The outputs of a comparison are found with their records, and written over nothing."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from fourfold.cli.compare import compare
from fourfold.core.errors import InvalidInput, NotFound
from fourfold.core.settings import Settings
from fourfold.project import Project, open_project
from fourfold.project.config_file import load_config
from fourfold.project.importing import Import, import_experiment
from fourfold.project.outputs import write_outputs, write_report
from fourfold.project.reading import outputs_of
from fourfold.project.scaffold import create_project
from fourfold.reports.outputs import outputs_page

REPORT = '<!doctype html>\n<head>\n<meta name="generator" content="Fourfold">\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_project(tmp_path / "helpdesk")
    return tmp_path / "helpdesk"


def lines(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


async def compared(project: Project, tmp_path: Path) -> str:
    """Two systems that differ on the second of three records."""
    given = {"a": ("0", "1", "2"), "b": ("0", "acht", "2")}
    files = tuple(
        lines(
            tmp_path / f"{model}.jsonl",
            *(
                {"id": f"n{n}", "text": f"Zahl {n}?", "reference": str(n), "model": model,
                 "output": output}
                for n, output in enumerate(outputs)
            ),
        )
        for model, outputs in given.items()
    )  # fmt: skip
    wanted = Import(files=files, metrics=("em",), name="zahlen")
    return str((await import_experiment(project, wanted))["experiment"])


@pytest.mark.slow
@pytest.mark.anyio
async def test_the_outputs_of_a_comparison_are_beside_its_records(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    async with open_project(folder, settings=settings) as project:
        found = await outputs_of(project, await compared(project, tmp_path))
    assert [row.record.id for row in found.shown.rows] == ["n1", "n0", "n2"]
    assert [(one.system, one.value) for one in found.shown.rows[0].shown] == [("a", 1), ("b", 0)]
    assert (found.dataset, found.has_changed, found.lost) == ("zahlen.jsonl", False, 0)
    assert "acht" in outputs_page(found, language="de")


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_dataset_that_changed_is_said_and_another_one_refused(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    kept = lines(tmp_path / "kept.jsonl", {"id": "n1", "text": "Zahl 1?", "reference": "eins"})
    other = lines(tmp_path / "other.jsonl", {"id": "z", "text": "?", "reference": "!"})
    async with open_project(folder, settings=settings) as project:
        experiment = await compared(project, tmp_path)
        found = await outputs_of(project, experiment, kept)
        with pytest.raises(InvalidInput, match="holds no record of the comparison"):
            await outputs_of(project, experiment, other)
        with pytest.raises(NotFound, match="no experiment called `nothing`"):
            await outputs_of(project, "nothing")
    assert (found.has_changed, found.lost, len(found.shown.rows)) == (True, 2, 1)


def test_a_page_replaces_its_own_kind_and_no_report(folder: Path) -> None:
    project = cast("Project", SimpleNamespace(folder=folder, config=load_config(folder)))
    page = REPORT.replace("Fourfold", "Fourfold outputs")
    report, outputs = folder / "report.html", folder / "outputs.html"
    write_report(project, report, REPORT)
    for version in ("first", "second"):
        write_outputs(project, outputs, page + version)
    assert outputs.read_text("utf-8") == page + "second"
    with pytest.raises(InvalidInput, match="not overwritten"):
        write_outputs(project, report, page)
    with pytest.raises(InvalidInput, match="not overwritten"):
        write_report(project, outputs, REPORT)
    with pytest.raises(InvalidInput, match="belongs to the project"):
        write_outputs(project, folder / "fourfold.yaml", page, force=True)


def test_outputs_without_a_comparison_are_a_mistake(folder: Path) -> None:
    done = CliRunner().invoke(compare, ["--outputs", "o.html", "--project", str(folder)])
    assert done.exit_code == 2
    assert "--outputs needs --show ID" in done.output
    assert not (folder / "o.html").exists()
