"""References that no output could equal are named before a model is asked."""

import json
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.project.conftest import Fakes, Script

from fourfold.core.errors import InvalidInput
from fourfold.core.records import CompletionOptions, Message
from fourfold.datasets import Record, read_records
from fourfold.models.prices import Price
from fourfold.project.application import task_files
from fourfold.project.comparing import Wanted, Watch, compare_models
from fourfold.project.imported_datasets import keep_dataset
from fourfold.project.project import Project
from fourfold.project.references import check_references


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
    return """
models:
  - {name: m, url: 'http://127.0.0.1:9/v1', model: m,
     price: {input: 1, output: 4, date: 2026-11-22}}
"""


def schema_of_task(task: str) -> dict[str, Any]:
    file: Traversable = task_files(task) / "schema.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def check(schema: dict[str, Any], *references: str) -> None:
    records = [
        Record(id=str(number), text="x", references=(one,))
        for number, one in enumerate(references, 1)
    ]
    check_references(records, schema, file=Path("golden.jsonl"), called="schema.json")


@pytest.mark.anyio
async def test_wrong_labels_are_named_and_no_model_is_asked(project: Project, fakes: Fakes) -> None:
    rows = [
        {"text": "a", "reference": "neutral"},
        {"text": "b", "reference": "negativ"},
        {"text": "c", "references": ["positive", "OFFENSE"]},
    ]
    file = project.folder / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(InvalidInput, match="has 2 mistakes") as error:
        await compare_models(project, Wanted(models=("m",), dataset=file, samples=50), Watch())
    known = "is none of positive, neutral, negative (schema.json)"
    assert f"record 2: the reference `negativ` {known}" in error.value.message
    assert f"record 3: the reference `OFFENSE` {known}" in error.value.message
    assert error.value.hint == "Correct the references, or change schema.json."
    assert fakes.asked == 0


@pytest.mark.parametrize("task", ["sentiment", "extract"])
def test_the_golden_sets_that_ship_have_right_references(task: str) -> None:
    records = read_records(Path(str(task_files(task) / "golden.jsonl")))
    check_references(records, schema_of_task(task), file=Path("x"), called="schema.json")


@pytest.mark.parametrize("reference", [" positive\n", "NONE"])
def test_labels_are_taken_as_they_are_compared(reference: str) -> None:
    check(schema_of_task("sentiment"), reference)


@pytest.mark.parametrize("reference", ["Positive", '{"sentiment": "positive"}'])
def test_a_label_in_another_form_could_never_be_right(reference: str) -> None:
    with pytest.raises(InvalidInput, match="is none of positive"):
        check(schema_of_task("sentiment"), reference)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("kein JSON", "record 1: the reference `kein JSON` is not JSON (schema.json)"),
        ("x" * 100, f"`{'x' * 60}…` is not JSON"),
        ('{"foo": "bar"}', "the reference has the field `foo`, which is not known (schema.json)"),
        ('{"kind": "letter"}', "the reference does not fit at `$.kind` (schema.json)"),
        ('{"items": [{"name": 5}]}', "does not fit at `$.items[0].name`"),
        ('{"items": [{"price": 5}]}', "does not fit at `$.items[0]`"),
        ("[]", "does not fit at `$`"),
        ("null", "does not fit at `$`"),
    ],
)
def test_what_is_wrong_with_a_form_is_said(reference: str, said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check(schema_of_task("extract"), reference)
    assert said in error.value.message


@pytest.mark.parametrize(
    "reference",
    ["{}", "NONE", '{"kind": null, "items": null}', '{"amount": 5, "items": [{"name": "a"}]}'],
)
def test_a_form_may_leave_out_what_is_not_said(reference: str) -> None:
    check(schema_of_task("extract"), reference)


def test_a_form_takes_other_fields_only_where_it_says_so() -> None:
    plain: dict[str, Any] = {"type": "object", "properties": {"required": {"type": "string"}}}
    check({**plain, "additionalProperties": True}, '{"b": 1}')
    check(plain, '{"required": "b"}')
    with pytest.raises(InvalidInput, match="the field `b`"):
        check(plain, '{"required": "b", "b": 1}')


def test_alternatives_that_needed_fields_decide_between_are_checked_as_they_are() -> None:
    alternatives = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    check(alternatives, '{"a": 1}')
    with pytest.raises(InvalidInput, match="does not fit"):
        check(alternatives, '{"a": 1, "b": 2}')


def test_twenty_mistakes_are_named_and_the_others_counted() -> None:
    with pytest.raises(InvalidInput, match="and 4 more"):
        check(schema_of_task("sentiment"), *["negativ"] * 24)


def test_a_language_that_another_tool_made_up_does_not_spoil_the_kept_dataset(
    tmp_path: Path,
) -> None:
    project = cast("Project", SimpleNamespace(folder=tmp_path))
    records = [
        Record(id=language, text="x", references=("y",), language=language)
        for language in ("Klingon", "German")
    ]
    kept = read_records(keep_dataset(project, "words", records))
    assert [one.language for one in kept] == ["", "de"]
