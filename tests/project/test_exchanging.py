"""Experiments of other tools become ours, and ours can be taken elsewhere and back."""

import json
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.errors import InvalidInput, NotFound, UnknownBackend
from fourfold.core.settings import Settings
from fourfold.datasets import dataset_hash, read_records
from fourfold.evaluation.formats import FORMATS
from fourfold.evaluation.store import Experiments
from fourfold.project import Project, open_project
from fourfold.project.asking import Watch
from fourfold.project.comparing import Wanted, compare_models
from fourfold.project.exporting import export_experiment
from fourfold.project.importing import Import, import_experiment
from fourfold.project.scaffold import create_project

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FILES = Path(__file__).parents[1] / "evaluation" / "formats"
PROMPTFOO = FILES / "promptfoo.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_project(tmp_path / "helpdesk")
    return tmp_path / "helpdesk"


def lines(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def answers(file: Path, model: str, *outputs: str) -> Path:
    """Rows of a model that should have answered 0, 1, 2, …"""
    rows = [
        {"id": str(n), "text": f"Zahl {n}?", "reference": str(n), "model": model, "output": output}
        for n, output in enumerate(outputs)
    ]
    return lines(file, *rows)


async def taken_in(project: Project, *files: Path, **more: Any) -> dict[str, Any]:
    return await import_experiment(project, Import(files=files, metrics=("em",), **more))


async def test_models_of_several_files_are_compared_and_kept(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    files = [
        answers(tmp_path / "a.jsonl", "a", "0", "1"),
        answers(tmp_path / "b.jsonl", "b", "0", ""),
    ]
    async with open_project(folder, settings=settings) as project:
        result = await taken_in(project, *files, name="zahlen")
        kept = await Experiments(project.database).named("zahlen")
        evidence = await project.evidence.latest("import", result["experiment"])
    scores = {one["model"]: one["scores"]["em"]["value"] for one in result["models"]}
    assert scores == {"a": 1.0, "b": 0.5}
    assert {one["seconds_p95"] for one in result["models"]} == {None}
    assert {one["prompt_tokens"] for one in result["models"]} == {None}
    assert kept.result is not None
    assert kept.result["models"] == result["models"]
    assert evidence.hash == result["evidence"]["hash"]
    records = read_records(folder / "datasets" / "zahlen.jsonl")
    assert dataset_hash(records) == result["dataset"]["hash"] == kept.spec["dataset"]


async def test_the_same_import_is_the_same_experiment_scored_anew(
    folder: Path, settings: Settings
) -> None:
    async with open_project(folder, settings=settings) as project:
        first = await taken_in(project, PROMPTFOO, name="pf")
        wanted = Import(files=(PROMPTFOO,), name="pf", metrics=("f1",))
        again = await import_experiment(project, wanted)
        cases = await Experiments(project.database).cases(first["experiment"])
    assert again["experiment"] == first["experiment"]
    assert again["metrics"] == ["f1"]
    assert len(cases) == first["imported"]["rows"] == 8
    assert list(first["imported"]["skipped"].values()) == [4]
    assert [one["message"] for one in first["failures"]] == ["kaputt", "kaputt"]


async def test_requests_of_others_never_answer_ours(folder: Path, settings: Settings) -> None:
    async with open_project(folder, settings=settings) as project:
        result = await taken_in(project, PROMPTFOO)
        rows = [one async for one in Experiments(project.database).requests(result["experiment"])]
    assert rows
    assert all(row["key"].startswith("imported:") for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ["jsonl", "inspect", "promptfoo"])
async def test_what_is_exported_and_imported_scores_the_same(
    name: str, folder: Path, settings: Settings, tmp_path: Path
) -> None:
    async with open_project(folder, settings=settings) as project:
        first = await taken_in(project, PROMPTFOO, name="pf")
        output = tmp_path / ("out.jsonl" if name == "jsonl" else "out.json")
        exported = await export_experiment(project, "pf", name, output, dataset=None)
        again = await taken_in(project, *exported.files, name="again")
    assert (exported.rows, exported.warnings) == (8, ())
    assert [one["scores"] for one in again["models"]] == [one["scores"] for one in first["models"]]
    assert again["dataset"]["hash"] == first["dataset"]["hash"]


async def test_an_export_takes_the_dataset_it_was_made_with(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    rows = [{"id": str(n), "text": f"Zahl {n}?", "reference": str(n)} for n in range(2)]
    lines(folder / "datasets" / "zz.jsonl", *rows)
    (folder / "datasets" / "broken.jsonl").write_text("nonsense")
    output = tmp_path / "out.jsonl"
    async with open_project(folder, settings=settings) as project:
        wanted = Wanted(
            models=("extractive",), dataset=folder / "datasets" / "zz.jsonl", metrics=("f1",)
        )
        made = (await compare_models(project, wanted, Watch()))["experiment"]
        done = await export_experiment(project, made, "jsonl", output, dataset=None)
        (folder / "datasets" / "zz.jsonl").unlink()
        with pytest.raises(InvalidInput, match="No case of the experiment") as error:
            await export_experiment(project, made, "jsonl", output, dataset=None)
    assert (done.rows, done.warnings) == (2, ())
    assert "made with `zz.jsonl`" in error.value.hint


async def test_a_dataset_that_changed_is_said(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    async with open_project(folder, settings=settings) as project:
        await taken_in(project, answers(tmp_path / "a.jsonl", "a", "0", "1"), name="zahlen")
        one = lines(tmp_path / "one.jsonl", {"id": "0", "text": "Zahl 0?", "reference": "0"})
        output = tmp_path / "out.jsonl"
        done = await export_experiment(project, "zahlen", "jsonl", output, dataset=one)
        other = lines(tmp_path / "other.jsonl", {"id": "x", "text": "?", "reference": "y"})
        with pytest.raises(InvalidInput, match="No case of the experiment"):
            await export_experiment(project, "zahlen", "jsonl", output, dataset=other)
    assert done.rows == len(FORMATS.load("jsonl")().read(output).rows) == 1
    assert "its hash differs" in done.warnings[0]
    assert "1 cases are left out" in done.warnings[1]


async def test_what_would_mix_things_up_is_an_error(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    good = answers(tmp_path / "good.jsonl", "a", "0")
    row = {"id": "0", "text": "Etwas anderes?", "reference": "0", "model": "b", "output": "0"}
    other = lines(tmp_path / "other.jsonl", row)
    async with open_project(folder, settings=settings) as project:
        with pytest.raises(InvalidInput, match="stands there twice"):
            await taken_in(project, good, other, name="x")
        with pytest.raises(InvalidInput, match="There is a dataset"):
            await taken_in(project, good, name="golden")
        with pytest.raises(InvalidInput, match="cannot be the name"):
            await taken_in(project, good, name="../x")
        with pytest.raises(UnknownBackend):
            await taken_in(project, good, format="xml")
        with pytest.raises(NotFound):
            await export_experiment(project, "none", "jsonl", tmp_path / "o.jsonl", dataset=None)
        assert await Experiments(project.database).listed() == []


async def test_one_model_in_two_files_is_two_systems(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    first, second = answers(tmp_path / "x.jsonl", "a", "0"), answers(tmp_path / "y.jsonl", "a", "1")
    async with open_project(folder, settings=settings) as project:
        result = await taken_in(project, first, second, name="zweimal", model="m")
    assert [one["model"] for one in result["models"]] == ["m (x)", "m (y)"]


async def test_the_policy_holds_for_models_that_another_tool_asked(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    (folder / "policy.yaml").write_text("licences: {apache-2.0: forbidden}\n", encoding="utf-8")
    files = [
        answers(tmp_path / "a.jsonl", "vllm:smollm2-135m-instruct", "0", "1"),
        answers(tmp_path / "b.jsonl", "nobody-knows", "0", "x"),
    ]
    async with open_project(folder, settings=settings) as project:
        result = await taken_in(project, *files, name="zahlen")
    choice = result["recommendation"]
    assert choice["model"] == "nobody-knows"
    assert [one["model"] for one in choice["excluded"]] == ["vllm:smollm2-135m-instruct"]
    facts = {one["model"]: one.get("facts") for one in result["models"]}
    assert "site" not in facts["vllm:smollm2-135m-instruct"]
    assert facts["nobody-knows"] is None
