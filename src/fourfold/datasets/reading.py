"""Reads records from JSON lines; every wrong line is named at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.datasets.records import NOBODY_ANSWERED, Record

_TEXT: Final = ("text", "question", "input", "source")
_REFERENCES: Final = ("references", "reference", "answers", "answer", "released", "target")
_KNOWN: Final = frozenset({*_TEXT, *_REFERENCES, "id", "passages", "language", "tags", "cluster"})
_SHOWN = 5  # wrong lines in an error
_FORM = '{"id": "1", "language": "de", "tags": [], "text": "…", "reference": "…"}'


def read_records(file: Path) -> list[Record]:
    """The records of a file of JSON lines, in their order.

    The text stands under `text` (or `question`, `input`, `source`), what is right under
    `reference` (or `references`, `answer`, `answers`, `released`, `target`): a text, several, or a
    JSON value. An empty list of `answers` means that the documents hold none. An id that is missing
    is the number of the line. Raises `InvalidInput` that names the wrong lines.
    """
    records: list[Record] = []
    wrong: list[str] = []
    for number, line in _lines(file):
        try:
            records.append(record_from(json.loads(line), number))
        except json.JSONDecodeError as error:
            wrong.append(f"line {number}: it is not JSON ({error.msg})")
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
    ids = Counter(record.id for record in records)
    wrong += [f"the id `{name}` stands there {n} times" for name, n in ids.items() if n > 1]
    if wrong or not records:
        listing = "".join(f"\n  {one}" for one in wrong[:_SHOWN])
        more = f"\n  and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        found = f"has {len(wrong)} mistakes:{listing}{more}" if wrong else "holds no record."
        raise InvalidInput(f"The dataset `{file}` {found}", hint=f"Each line is {_FORM}")
    return records


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(
            f"There is no dataset `{file}`.", hint="Name one with `--dataset FILE`."
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"`{file}` is not UTF-8: byte {error.start} is no letter.", hint="Save it as UTF-8."
        ) from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def record_from(value: Any, number: int) -> Record:
    """The record of a JSON object; raises `ValueError` that says what it lacks."""
    if not isinstance(value, Mapping):
        raise ValueError("it is not an object")
    text = _first(value, _TEXT)
    if not isinstance(text, str) or not text.strip():
        raise ValueError("it has no text under `text`")
    return Record(
        id=str(value.get("id", number)),
        text=text,
        references=_references(value),
        passages=_texts(value, "passages"),
        language=str(value.get("language") or ""),
        tags=_texts(value, "tags"),
        cluster=str(value.get("cluster") or ""),
        metadata={key: item for key, item in value.items() if key not in _KNOWN},
    )


def _references(value: Mapping[str, Any]) -> tuple[str, ...]:
    found = _first(value, _REFERENCES)
    if found is None:
        raise ValueError("it has nothing under `reference`")
    several = found if isinstance(found, list) else [found]
    if not several:
        if value.get("answers") == []:  # as SQuAD 2 writes a question that has none
            return (NOBODY_ANSWERED,)
        raise ValueError("its `references` are empty")
    return tuple(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in several
    )


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"its `{key}` are not a list of texts")
    return tuple(found)


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)
