"""The columns of a page: where cells of several lines lie above each other."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from fourfold.ingestion.parsers.page_lines import Line

_PROSE_CELL = 38  # characters: two columns of running text, not a table, when cells are this long
_MIN_PROSE_ROWS = 4


def columns_of(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """The stretches of the page, left to right, in which cells lie above each other."""
    spans = sorted(
        (cell.left, cell.right) for line in lines if len(line.cells) > 1 for cell in line.cells
    )
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def in_columns(line: Line, columns: Sequence[tuple[float, float]]) -> list[str]:
    """The texts of a line, one a column, empty where it has none."""
    texts = [""] * len(columns)
    for cell in line.cells:
        overlaps = [min(cell.right, right) - max(cell.left, left) for left, right in columns]
        best = overlaps.index(max(overlaps))
        texts[best] = f"{texts[best]} {cell.text}".strip()
    return texts


def shared_columns(rows: Sequence[Line], row: Line) -> int:
    """How many cells of that row stand in the columns of the others."""
    columns = columns_of(rows)
    return sum(
        any(left < cell.right and cell.left < right for left, right in columns)
        for cell in row.cells
    )


def by_columns(lines: Sequence[Line]) -> list[Line]:
    """Columns of running text, one after the other instead of side by side."""
    columns = columns_of(lines)
    sorted_lines: list[Line] = []
    for left, right in columns:
        for line in lines:
            cells = tuple(
                cell for cell in line.cells if left <= (cell.left + cell.right) / 2 <= right
            )
            if cells:
                sorted_lines.append(Line(cells, line.top, line.bottom, is_bold=line.is_bold))
    return sorted_lines


def is_prose(lines: Sequence[Line]) -> bool:
    """True for columns of running text, which look like a table."""
    rows = [line for line in lines if len(line.cells) > 1]
    if len(rows) < _MIN_PROSE_ROWS or max(len(line.cells) for line in rows) > 3:
        return False
    lengths = [min(len(cell.text) for cell in line.cells[:2]) for line in rows]
    return median(lengths) >= _PROSE_CELL
