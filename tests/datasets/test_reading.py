"""Datasets: what is read, and what is said of lines that cannot be."""

from pathlib import Path

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.datasets import dataset_hash, read_records
from fourfold.project.application import task_files
from fourfold.prompts.tasks import TASKS


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "golden.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


def test_texts_references_and_passages_are_read(tmp_path: Path) -> None:
    line = (
        '{"id": "a", "language": "de", "tags": ["mail"], "text": "Wann?", '
        '"passages": ["Am Montag."], "references": ["Montag", "am Montag"], "cluster": "c", "x": 1}'
    )
    record = read_records(write(tmp_path, f"{line}\n\n"))[0]
    assert (record.id, record.text, record.language) == ("a", "Wann?", "de")
    assert record.references == ("Montag", "am Montag")
    assert (record.passages, record.tags, record.cluster) == (("Am Montag.",), ("mail",), "c")
    assert record.metadata == {"x": 1}


@pytest.mark.parametrize(
    ("line", "text", "references"),
    [
        ('{"question": "Q", "answers": ["A", "B"]}', "Q", ("A", "B")),
        ('{"question": "Q", "answers": []}', "Q", ("NONE",)),
        ('{"source": "S", "draft": "D", "released": "R"}', "S", ("R",)),
        ('{"text": "T", "reference": {"b": 1, "a": "ü"}}', "T", ('{"b": 1, "a": "ü"}',)),
    ],
)
def test_other_usual_names_are_understood(
    tmp_path: Path, line: str, text: str, references: tuple[str, ...]
) -> None:
    record = read_records(write(tmp_path, line))[0]
    assert (record.id, record.text, record.references) == ("1", text, references)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no record"),
        ("nonsense", "line 1: it is not JSON"),
        ("[1]", "line 1: it is not an object"),
        ('{"text": " ", "reference": "x"}', "no text"),
        ('{"text": "x"}', "nothing under `reference`"),
        ('{"text": "x", "references": []}', "are empty"),
        ('{"text": "x", "reference": "y", "tags": "mail"}', "`tags` are not a list"),
        ('{"id": "1", "text": "x", "reference": "y"}\n' * 2, "the id `1` stands there 2 times"),
        ("nonsense\n" * 9, "and 4 more"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_records(write(tmp_path, text))
    assert said in error.value.message


def test_a_file_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no dataset"):
        read_records(tmp_path / "none.jsonl")
    file = tmp_path / "bad.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_records(file)


def test_the_hash_is_of_the_records_and_not_of_their_order(tmp_path: Path) -> None:
    one = '{"id": "1", "text": "x", "reference": "y"}'
    two = '{"id": "2", "text": "x", "reference": "y"}'
    forth = dataset_hash(read_records(write(tmp_path, f"{one}\n{two}")))
    back = dataset_hash(read_records(write(tmp_path, f"{two}\n{one}")))
    changed = dataset_hash(read_records(write(tmp_path, f"{two}\n{one}".replace("y", "z"))))
    assert forth == back != changed


@pytest.mark.parametrize("task", list(TASKS))
def test_every_task_ships_a_golden_set_in_both_languages(task: str) -> None:
    file = Path(str(task_files(task) / "golden.jsonl"))
    records = read_records(file)
    languages = [record.language for record in records]
    assert len(records) >= 40
    assert languages.count("de") == languages.count("en") == len(records) // 2
    assert len({record.text for record in records}) == len(records)
    if TASKS[task].reads_passages:
        assert all(record.passages for record in records)
