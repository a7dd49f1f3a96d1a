"""Warnings before a model is given texts in a language that it does not know."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.project.conftest import Script

from fourfold.core.records import CompletionOptions, Message
from fourfold.datasets import Record
from fourfold.models.prices import Price
from fourfold.project.comparing import Wanted, Watch, compare_models
from fourfold.project.languages import language_warnings, languages_of
from fourfold.project.project import Project
from fourfold.project.scaffold import create_project

FEW = """
models:
  - {name: smol, url: 'http://127.0.0.1:9/v1', model: x, catalogue: smollm2-135m-instruct,
     price: {input: 1, output: 4, date: 2026-11-22}}
"""
GERMAN = "Das Paket kam leider zwei Wochen zu spät und war beschädigt."
ENGLISH = "The parcel came two weeks late and was damaged, I am not amused."


@pytest.fixture
def script() -> Script:
    def neutral(messages: Sequence[Message], options: CompletionOptions) -> str:
        return json.dumps({"sentiment": "neutral"})

    return neutral


@pytest.fixture
def price() -> Price:
    return Price(input=1, output=4)


@pytest.fixture
def models() -> str:
    return FEW


def test_a_new_project_warns_of_a_model_without_german(tmp_path: Path) -> None:
    name, (warning,) = create_project(tmp_path / "a", task="summarise", model="smollm2-135m")
    assert name == "smollm2-135m"
    assert "`smollm2-135m` knows English only: expect nothing of it in German" in warning
    assert "`qwen2.5-coder-0.5b`" in warning


@pytest.mark.parametrize("model", ["extractive", "qwen2.5-coder-0.5b", "some/file.gguf"])
def test_nothing_is_said_of_models_that_know_german_or_of_which_nobody_says(
    tmp_path: Path, model: str
) -> None:
    assert create_project(tmp_path / "a", task="write", model=model) == (model, [])


def test_the_language_of_a_record_is_guessed_where_it_does_not_say_it() -> None:
    records = [
        Record(id="1", text=GERMAN, references=("x",)),
        Record(id="2", text=ENGLISH, references=("x",)),
        Record(id="3", text="4711", references=("x",)),
        Record(id="4", text="4712", references=("x",), language="fr"),
    ]
    assert languages_of(records) == {"de", "en", "fr"}


@pytest.mark.anyio
@pytest.mark.parametrize(("text", "warned"), [(GERMAN, True), (ENGLISH, False)])
async def test_a_comparison_warns_before_it_asks_and_keeps_the_warning(
    project: Project, tmp_path: Path, text: str, *, warned: bool
) -> None:
    dataset = tmp_path / "own.jsonl"
    rows = [{"id": n, "text": f"{text} {n}", "reference": "negative"} for n in range(3)]
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    heard: list[str] = []
    wanted = Wanted(models=("smol", "extractive"), dataset=dataset, samples=50)
    found = await compare_models(project, wanted, Watch(warn=heard.append))
    assert [one["text"] for one in found["warnings"]] == heard
    assert {one["code"] for one in found["warnings"]} <= {"language"}
    assert any("`smol` knows English only" in one for one in heard) is warned


@pytest.mark.anyio
async def test_a_model_of_the_project_is_looked_up_by_its_catalogue_name(project: Project) -> None:
    (warning,) = language_warnings(project.folder, project.config, ["smol", "extractive"], ["de"])
    assert warning.text.startswith("`smol` knows English only")
    assert warning.values == {"model": "smol", "knows": ["en"], "missing": ["de"]}
