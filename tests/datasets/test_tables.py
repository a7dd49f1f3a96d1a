"""Tables of records, as spreadsheets write them."""

import csv
import io
from pathlib import Path

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.datasets import read_records

ROWS = [
    ["id", "language", "tags", "text", "reference"],
    ["1", "de", "mail, kurz", 'Wo bleibt\ndie "Rechnung"; seit Mai?', "Sie kommt für 5 € bald."],
    ["2", "en", "", "Where is it?", "NONE"],
]


def table(rows: list[list[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(";", "cp1252"), (";", "utf-8-sig"), (",", "utf-8"), ("\t", "utf-16")],
)
def test_what_german_and_english_spreadsheets_write_is_read(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    file = tmp_path / "golden.csv"
    file.write_bytes(table(ROWS, delimiter).encode(encoding))
    first, second = read_records(file)
    assert first.text == 'Wo bleibt\ndie "Rechnung"; seit Mai?'
    assert (first.references, first.tags) == (("Sie kommt für 5 € bald.",), ("mail", "kurz"))
    assert (second.id, second.references, second.tags) == ("2", ("NONE",), ())


def test_heads_may_begin_with_a_capital(tmp_path: Path) -> None:
    file = tmp_path / "golden.csv"
    file.write_text("ID;Text;REFERENCE;Kunde\n7;x;y;Meyer\n", encoding="utf-8")
    (record,) = read_records(file)
    assert (record.id, record.text, record.references) == ("7", "x", ("y",))
    assert record.metadata == {"Kunde": "Meyer"}


@pytest.mark.parametrize("text", ["Text", "Frage", "EINGABE"])
@pytest.mark.parametrize("reference", ["Referenz", "antwort"])
def test_heads_may_be_german(tmp_path: Path, text: str, reference: str) -> None:
    file = tmp_path / "golden.csv"
    head = f"{text};{reference};Sprache;Schlagwörter;Passagen;Kunde"
    file.write_text(f"{head}\nx;y;Deutsch;a, b;P;Meyer\n", encoding="utf-8")
    (record,) = read_records(file)
    assert (record.text, record.references, record.language) == ("x", ("y",), "de")
    assert (record.tags, record.passages) == (("a", "b"), ("P",))
    assert record.metadata == {"Kunde": "Meyer"}


def test_a_file_of_open_quotes_is_given_up_soon(tmp_path: Path) -> None:
    file = tmp_path / "golden.csv"
    file.write_text("text;reference\n" + '"x;y\n\n' * 2_001, encoding="utf-8")
    with pytest.raises(InvalidInput, match="has 20 mistakes"):
        read_records(file)


def test_several_texts_stand_in_a_cell_as_a_list(tmp_path: Path) -> None:
    file = tmp_path / "golden.csv"
    lists = ['["a; b", "c"]', '["P"]', "9"]
    file.write_text(
        table([["text", "references", "passages", "price"], ["x", *lists]], ";"), encoding="utf-8"
    )
    (record,) = read_records(file)
    assert (record.references, record.passages) == (("a; b", "c"), ("P",))
    assert record.metadata == {"price": "9"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no record"),
        ("text;reference\n", "holds no record"),
        ("text;reference\n;;\nx;\n", "line 3: it has nothing under `reference`"),
        ("text;reference\n;y\n", "line 2: it has no text"),
        ("text;reference\nx;y;z\n", "line 2: it has 3 cells, the first line names 2"),
        ("text;;reference\nx;y;z\n", "line 2: a cell stands in a column without a name"),
        ("text;text;reference\nx;y;z\n", "line 1: two columns are called `text`"),
        ('text;reference\n"a\nb";\nc;\n', "line 4: it has nothing"),
        ('text;reference\nx;y\nx;"open', "line 3: the row cannot be read"),
        ("text;references\nx;[1\n", "line 2: "),
        ("id;text;reference\n7;x;y\n7;x;y\n", "the id `7` stands in the lines 2, 3"),
        (
            "Anliegen;Ergebnis\nx;y\n",
            "line 1: no column is called `text` and none `reference`; "
            "unknown: `Anliegen`, `Ergebnis`",
        ),
        (
            "Text;Refernz\nx;y\n",
            "1 mistake:\n  line 1: no column is called `reference`; "
            "unknown: `Refernz` (did you mean `referenz`?)",
        ),
        ("Referenz;Sprachen\nx;y\n", "unknown: `Sprachen` (did you mean `sprache`?)"),
        ("Text;Referenz;reference\nx;y;z\n", "line 1: two columns are called `reference`"),
        ("text;reference;Sprache\nx;y;Deutsch\nx;y;Klingonisch\n", "line 3: its `language` is"),
        ('text;reference\n"open;y\nz;\nq;r\n', "2 mistakes:\n  line 2: the row cannot be read"),
        ('text;reference\n"open;y\nz;\nq;r\n', "line 3: it has nothing under `reference`"),
        ('text;reference\n"a"b;y\nz;\n', "line 3: it has nothing under `reference`"),
        ("Text;text;reference\nx;y;z\n", "line 1: two columns are called `text`"),
    ],
)
def test_every_mistake_in_a_table_is_named_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "golden.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as error:
        read_records(file)
    assert said in error.value.message


def test_bytes_of_no_known_encoding_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "golden.csv"
    file.write_bytes(b"text;reference\nx;\x81\x8d\n")
    with pytest.raises(InvalidInput, match="line 2: it is not UTF-8 nor cp1252") as error:
        read_records(file)
    assert "Excel" in error.value.hint


@pytest.mark.parametrize("name", ["golden.xlsx", "golden.XLS", "golden.ods"])
def test_a_workbook_is_to_be_saved_as_csv(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with pytest.raises(InvalidInput, match="There is no dataset"):
        read_records(file)
    file.write_bytes(b"PK\x03\x04")
    with pytest.raises(InvalidInput, match="is a workbook") as error:
        read_records(file)
    assert "Save it as CSV" in error.value.hint
