"""Records of a table: a CSV file with names in its first line, as spreadsheets write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fourfold.datasets.files import read_text, strict_json
from fourfold.datasets.names import our_name, unknown_names
from fourfold.datasets.records import REFERENCE_KEYS, TEXT_KEYS

_WINDOWS = "cp1252"  # what Excel writes in western Europe unless it is told otherwise
_LISTS = ("references", "answers", "passages", "tags")
_REFERENCES: Final = ("reference", *REFERENCE_KEYS)  # the usual one of them first
_MOST_BROKEN: Final = 20  # rows; then the file is something else than a table


def read_rows(file: Path) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """Each row as an object, or why it is none, with the line in which it begins.

    Semicolons (a German Excel), commas or tabs part the cells. An empty cell is left out. Several
    texts in one cell are written as a JSON list; tags may also be parted by commas. A column may be
    written large, `Text`, or in German, `Referenz`. Without the columns that a record needs, the
    first line is the only mistake.
    """
    text = read_text(file, "dataset", or_else=_WINDOWS)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    names: list[str] = []
    for line, cells in _cells(text, delimiter):
        if isinstance(cells, ValueError):
            yield line, cells
        elif names:
            yield line, _row(names, cells)
        else:
            names = [our_name(cell.strip()) for cell in cells]
            if wrong := _wrong_names(names):
                yield line, ValueError(wrong)
                return


def _cells(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | ValueError]]:
    """The rows that are not empty; behind one that cannot be read, it goes on in the next line."""
    lines = io.StringIO(text, newline="").readlines()
    begin = broken = 0
    while begin < len(lines) and broken < _MOST_BROKEN:
        rows = csv.reader(lines[begin:], delimiter=delimiter, strict=True)
        start = begin
        try:
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield begin + 1, cells
                begin = start + rows.line_num
        except csv.Error as error:
            broken += 1
            yield begin + 1, ValueError(f"the row cannot be read ({_why(error)})")
            begin += 1


def _why(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return 'a quote is opened and never closed; a quote within a cell is doubled: ""'
    return f"{error}; cells with quotes or line ends stand in quotes"


def _wrong_names(names: list[str]) -> str:
    """Why no record can be made with these columns; nothing when one can."""
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        return f"two columns are called `{twice[0]}`"
    missing = [f"`{known[0]}`" for known in (TEXT_KEYS, _REFERENCES) if not set(known) & set(names)]
    if not missing:
        return ""
    return f"no column is called {' and none '.join(missing)}{unknown_names(names)}"


def _row(names: list[str], cells: list[str]) -> dict[str, Any] | ValueError:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        return ValueError(f"it has {len(cells)} cells, the first line names {len(names)}")
    filled = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
    if "\0" in "".join(cells):
        return ValueError("it holds a NUL character, which no database keeps")
    if filled and "" in filled:
        return ValueError("a cell stands in a column without a name")
    try:
        return {name: _value(name, cell) for name, cell in filled.items()}
    except ValueError as error:
        return error


def _value(name: str, cell: str) -> Any:
    if name in _LISTS and cell.lstrip().startswith("["):
        return strict_json(cell)
    if name == "tags":
        return [tag.strip() for tag in cell.split(",") if tag.strip()]
    return [cell] if name in _LISTS else cell
