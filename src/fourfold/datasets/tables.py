"""Records of a table: a CSV file with names in its first line, as spreadsheets write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fourfold.core.errors import InvalidInput
from fourfold.datasets.files import read_text, strict_json

_WINDOWS = "cp1252"  # what Excel writes in western Europe unless it is told otherwise
_LISTS = ("references", "answers", "passages", "tags")


def read_rows(file: Path) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """Each row as an object, or why it is none, with the line in which it begins.

    Semicolons (a German Excel), commas or tabs part the cells. An empty cell is left out. Several
    texts in one cell are written as a JSON list; tags may also be parted by commas.
    """
    text = read_text(file, "dataset", or_else=_WINDOWS)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    line = 1
    try:
        for cells in rows:
            if not names:
                names = [cell.strip() for cell in cells]
                _check_names(names, file)
            elif any(cell.strip() for cell in cells):
                yield line, _row(names, cells)
            line = rows.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"`{file}`, line {line}: the row cannot be read ({error}).",
            hint='A cell with quotes or line ends stands in quotes; a quote in it is doubled: "".',
        ) from error


def _check_names(names: list[str], file: Path) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InvalidInput(
            f"`{file}`, line 1: two columns are called `{twice[0]}`.", hint="Name each once."
        )


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
