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
        ('{"text": " ", "reference": "x"}', "`text` is empty"),
        ('{"question": 5, "reference": "x"}', "`question` is no text"),
        ('{"reference": "x"}', "no text under `text`"),
        ('{"text": "x"}', "nothing under `reference`"),
        ('{"text": "x", "references": []}', "`references` are empty"),
        ('{"text": "x", "reference": " "}', "`reference` is empty; where nothing is right, write"),
        ('{"text": "x", "references": ["a", ""]}', "`references` are empty"),
        ('{"text": "x", "references": ["a", null]}', "one of its `references` is null"),
        ('{"text": "x", "reference": "y", "tags": "mail"}', "`tags` are not a list"),
        ('{"text": "x", "reference": "y", "passages": 0}', "`passages` are not a list"),
        ('{"text": "x", "reference": "y", "language": 5}', "`language` is no text"),
        ('{"id": [1], "text": "x", "reference": "y"}', "`id` is neither a text nor a whole number"),
        ('{"id": true, "text": "x", "reference": "y"}', "`id` is neither"),
        ('{"text": "x", "reference": "y", "language": "Pidgin"}', "`language` is `Pidgin`; write"),
        ('{"Text": "x", "TEXT": "z", "reference": "y"}', "two of its fields are called `text`"),
        ('{"text": "x", "Refernz": "y"}', "unknown: `Refernz` (did you mean `referenz`?)"),
        ('{"Eingaben": "x"}', "unknown: `Eingaben` (did you mean `eingabe`?)"),
        ('{"text": "x", "text": "z", "reference": "y"}', "`text` stands there twice"),
        ('{"text": "x", "reference": NaN}', "`NaN` is no number"),
        ('{"text": "a\\u0000b", "reference": "y"}', "NUL"),
        ('{"text": "a\\ud800b", "reference": "y"}', "half a character"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": "1", "text": "x", "reference": "y"}\n' * 2, "the id `1` stands in the lines 1, 2"),
        ("nonsense\n" * 20, "line 20: it is not JSON"),
        ("nonsense\n" * 24, "and 4 more"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_records(write(tmp_path, text))
    assert said in error.value.message


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        ("{}", "{}"),
        ('{"name": null, "items": []}', '{"name": null, "items": []}'),
        ('"NONE"', "NONE"),
        ("0", "0"),
        ("false", "false"),
    ],
)
def test_what_is_rightly_empty_is_a_reference(tmp_path: Path, reference: str, kept: str) -> None:
    (record,) = read_records(write(tmp_path, f'{{"text": "x", "reference": {reference}}}'))
    assert record.references == (kept,)


def test_fields_may_be_german_or_begin_with_a_capital(tmp_path: Path) -> None:
    line = '{"ID": 7, "Frage": "x", "Referenz": "y", "Sprache": "Englisch", "Kunde": "Meyer"}'
    (record,) = read_records(write(tmp_path, line))
    assert (record.id, record.text, record.references) == ("7", "x", ("y",))
    assert (record.language, record.metadata) == ("en", {"Kunde": "Meyer"})


def test_a_field_with_our_own_name_comes_first(tmp_path: Path) -> None:
    line = '{"Text": "else", "text": "x", "Referenz": "else", "reference": "y"}'
    (record,) = read_records(write(tmp_path, line))
    assert (record.text, record.references) == ("x", ("y",))
    assert record.metadata == {"Text": "else", "Referenz": "else"}


@pytest.mark.parametrize("text", ['[\n {"text": "x"},\n {"text": "y"}\n]', '[{"text": "x"}]'])
def test_a_list_of_all_records_is_one_mistake_and_the_hint_says_what_is_taken(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(InvalidInput, match="has 1 mistake:\n  line 1: it ") as error:
        read_records(write(tmp_path, text))
    assert "JSON Lines, one object a line, or a table (CSV)" in error.value.hint


def test_nothing_that_was_written_is_lost(tmp_path: Path) -> None:
    line = '{"text": "x", "question": "q", "reference": "y", "draft": "d", "released": "r"}'
    (record,) = read_records(write(tmp_path, line))
    assert record.metadata == {"question": "q", "draft": "d", "released": "r"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("DE", "de"),
        ("de-AT", "de"),
        ("en_US", "en"),
        (" Deutsch ", "de"),
        ("German", "de"),
        ("englisch", "en"),
        ("English", "en"),
        ("Französisch", "fr"),
        ("gsw", "gsw"),
        (" ", ""),
    ],
)
def test_a_language_is_its_code_without_the_country(tmp_path: Path, said: str, meant: str) -> None:
    line = f'{{"text": "x", "reference": "y", "language": "{said}"}}'
    assert read_records(write(tmp_path, line))[0].language == meant


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_any_system_are_read(
    tmp_path: Path, encoding: str, end: str
) -> None:
    lines = [f'{{"text": "Zeile\u2028{n} für Ä", "reference": "y"}}' for n in range(3)]
    file = tmp_path / "golden.jsonl"
    file.write_bytes((end.join(lines) + end).encode(encoding))
    records = read_records(file)
    assert [(one.id, one.text[-5:]) for one in records] == [(f"{n}", "für Ä") for n in (1, 2, 3)]


def test_json_lines_in_another_encoding_are_an_error_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    good = '{"text": "x", "reference": "y"}\n'
    file.write_bytes((good * 2 + '{"text": "Grüße", "reference": "y"}\n').encode("cp1252"))
    with pytest.raises(InvalidInput, match="line 3: it is not UTF-8") as error:
        read_records(file)
    assert error.value.hint == "Save it as UTF-8."


def test_a_file_that_is_missing_or_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no dataset"):
        read_records(tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_records(tmp_path)


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
