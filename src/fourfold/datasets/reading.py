"""Reads records from JSON lines or a table; wrong lines are named together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.core.language_names import language_code
from fourfold.datasets.files import read_lines, strict_json
from fourfold.datasets.names import unknown_names, with_our_names
from fourfold.datasets.records import (
    NOBODY_ANSWERED,
    OTHER_KEYS,
    REFERENCE_KEYS,
    TEXT_KEYS,
    Record,
)
from fourfold.datasets.tables import read_rows

_TABLES: Final = frozenset({".csv", ".tsv"})
_SHOWN = 20  # mistakes in an error
_SHEETS: Final = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
_LINES_FORM = (
    "A dataset is JSON Lines, one object a line, or a table (CSV). Each line is "
    '{"id": "1", "language": "de", "tags": [], "text": "…", "reference": "…"}'
)
_TABLE_FORM = "The first line names the columns: id, language, tags, text, reference."


def read_records(file: Path) -> list[Record]:
    """The records of a file of JSON lines, or of a CSV file, in their order.

    The text stands under `text` (or `question`, `input`, `source`), what is right under
    `reference` (or `references`, `answer`, `answers`, `released`, `target`): a text, several, or a
    JSON value. An empty list of `answers` means that the documents hold none. An id that is missing
    is the number of the line. Raises `InvalidInput` that names the first 20 mistakes with their
    lines, and counts the others.
    """
    _refuse_sheet(file)
    is_table = file.suffix.lower() in _TABLES
    records: list[Record] = []
    wrong: list[str] = []
    places: dict[str, list[int]] = defaultdict(list)
    for number, value in read_rows(file) if is_table else _values(file):
        try:
            record = record_from(value, number)
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
        else:
            records.append(record)
            places[record.id].append(number)
    wrong += [
        f"the id `{name}` stands in the lines {', '.join(map(str, lines))}"
        for name, lines in places.items()
        if len(lines) > 1
    ]
    if wrong or not records:
        raise dataset_error(file, wrong, hint=_TABLE_FORM if is_table else _LINES_FORM)
    return records


def _refuse_sheet(file: Path) -> None:
    if file.suffix.lower() in _SHEETS and file.is_file():
        raise InvalidInput(
            f"The dataset `{file}` is a workbook, not a text.",
            hint="Save it as CSV; in Excel that is the type `CSV UTF-8`.",
        )


def _values(file: Path) -> Iterator[tuple[int, Any]]:
    for number, line in read_lines(file, "dataset"):
        try:
            yield number, strict_json(line)
        except json.JSONDecodeError as error:
            if line.lstrip().startswith("["):
                yield number, ValueError("it begins a list; each line is an object of its own")
                return
            yield number, ValueError(f"it is not JSON ({error.msg}, column {error.colno})")
        except ValueError as error:
            yield number, error


def dataset_error(file: Path, wrong: list[str], *, hint: str) -> InvalidInput:
    """Names the first 20 mistakes and counts the others."""
    listing = "".join(f"\n  {one}" for one in wrong[:_SHOWN])
    more = f"\n  and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    count = f"{len(wrong)} mistake{'' if len(wrong) == 1 else 's'}"
    found = f"has {count}:{listing}{more}" if wrong else "holds no record."
    return InvalidInput(f"The dataset `{file}` {found}", hint=hint)


def record_from(value: Any, number: int) -> Record:
    """The record of a JSON object; raises `ValueError` that says what it lacks."""
    if isinstance(value, ValueError):
        raise value
    if not isinstance(value, Mapping):
        raise ValueError("it is not an object")
    value = with_our_names(value)
    key, text = _first(value, TEXT_KEYS)
    if text is None:
        raise ValueError(f"it has no text under `text`{unknown_names(value)}")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"its `{key}` is {'empty' if isinstance(text, str) else 'no text'}")
    referring, references = _references(value)
    used = {key, referring, *OTHER_KEYS}
    return Record(
        id=_name(value, "id") or str(number),
        text=text,
        references=references,
        passages=_texts(value, "passages"),
        language=_language(value),
        tags=_texts(value, "tags"),
        cluster=_name(value, "cluster"),
        metadata={key: item for key, item in value.items() if key not in used},
    )


def _references(value: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The key under which they stand, and the references."""
    key, found = _first(value, REFERENCE_KEYS)
    if found is None:
        raise ValueError(f"it has nothing under `reference`{unknown_names(value)}")
    several = found if isinstance(found, list) else [found]
    if not several and key == "answers":  # as SQuAD 2 writes a question that has none
        return key, (NOBODY_ANSWERED,)
    texts = tuple(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in several
    )
    if not texts or not all(text.strip() for text in texts):
        raise ValueError(
            f"its `{key}` {'are' if key.endswith('s') else 'is'} empty; where nothing is right, "
            f"write {NOBODY_ANSWERED}, or {{}} for a form"
        )
    if None in several:
        raise ValueError(f"one of its `{key}` is null")
    return key, texts


def _name(value: Mapping[str, Any], key: str) -> str:
    """A text or a whole number; empty where there is none."""
    found = value.get(key)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise ValueError(f"its `{key}` is neither a text nor a whole number")
    return str(found).strip()


def _language(value: Mapping[str, Any]) -> str:
    """The code without the country: `de` for `de-AT` and `Deutsch`."""
    found = value.get("language") or ""
    if not isinstance(found, str):
        raise ValueError("its `language` is no text such as `de`")
    code = language_code(found)
    if code is None:
        raise ValueError(f"its `language` is `{found.strip()}`; write a code such as `de` or `en`")
    return code


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"its `{key}` are not a list of texts")
    return tuple(found)


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, Any]:
    return next(((key, value[key]) for key in keys if value.get(key) is not None), ("", None))
