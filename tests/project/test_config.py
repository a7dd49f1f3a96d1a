"""`fourfold.yaml` is checked strictly, and every problem is named with its line."""

from pathlib import Path

import pytest

from fourfold.core.errors import InvalidProject
from fourfold.project.config_file import load_config, parse_config

FILE = Path("fourfold.yaml")


def problems_of(text: str) -> str:
    with pytest.raises(InvalidProject) as caught:
        parse_config(text, FILE)
    return caught.value.message


def test_a_small_file_is_enough() -> None:
    config = parse_config("name: helpdesk\nsources: [{name: docs, folder: documents}]\n", FILE)
    assert config.sources[0].folder == Path("documents")
    assert config.model == "extractive"


def test_an_unknown_key_is_named_with_its_line_and_a_suggestion() -> None:
    message = problems_of("name: helpdesk\nembeder: e5\n")
    assert "line 2: unknown key `embeder`. Did you mean `embedder`?" in message


def test_an_unknown_key_deep_down_is_found() -> None:
    message = problems_of("name: a\nsources:\n  - name: docs\n    folder: d\n    group: [hr]\n")
    assert "line 5: unknown key `group`. Did you mean `groups`?" in message


def test_all_problems_are_said_at_once() -> None:
    message = problems_of("name: Ärger\nretrieval:\n  limit: none\n")
    assert "2 mistakes" in message
    assert "line 1" in message
    assert "line 3: `retrieval.limit`" in message


def test_a_missing_key_of_a_source_names_the_line_of_the_source() -> None:
    assert "line 3: `sources.0.name` is missing" in problems_of(
        "name: a\nsources:\n  - folder: docs\n"
    )


def test_broken_yaml_names_its_line() -> None:
    assert "line 2" in problems_of("name: a\n  model: [\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nsources: x\n", "line 2: `sources` must be a list"),
        ("name: Ä b/c\n", "line 1: `name` may have small letters"),
        ("name: a\nretrieval: 5\n", "line 2: `retrieval` must hold keys"),
        ("name: a\nretrieval: {limit: viele}\n", "`retrieval.limit` must be a whole number"),
        ("name: a\nretrieval: {limit: 99}\n", "`retrieval.limit` must be at most 50"),
        ("name: a\ntitle: x\nname: b\n", "line 3: `name` stands there twice"),
        ("name: a\nguards: {input: [], input: []}\n", "line 2: `input` stands there twice"),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:
    assert words in problems_of(text)


def test_two_sources_of_one_name_are_refused() -> None:
    text = "name: a\nsources: [{name: d, folder: x}, {name: d, folder: y}]\n"
    assert "more than one source is called `d`" in problems_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "name: smollm2-135m\nmodel: smollm2-135m\n",
        "name: gpu\nmodels: [{name: gpu, url: 'http://x/v1', model: m}]\n",
    ],
)
def test_a_model_of_the_same_name_could_not_be_asked(text: str) -> None:
    sources = "sources: [{name: d, folder: x}]\n"
    assert "the project and a model are both called" in problems_of(text + sources)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n", "name: [1]\n"])
def test_a_file_of_another_shape_is_an_error_with_words(text: str) -> None:
    assert "fourfold.yaml" in problems_of(text)


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidProject) as caught:
        load_config(tmp_path)
    assert "fourfold init" in caught.value.hint


def test_the_extractive_reader_is_no_fallback() -> None:
    text = "name: a\nmodels: [{name: gpu, url: 'http://gpu:8000/v1', model: m, fallback: [FALL]}]\n"
    message = problems_of(text.replace("FALL", "extractive"))
    assert "`gpu` cannot fall back to `extractive`" in message
    assert parse_config(text.replace("FALL", "smollm2-135m"), FILE).models[0].fallback
