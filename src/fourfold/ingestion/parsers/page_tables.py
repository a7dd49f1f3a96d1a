"""Finds tables among the lines of a page by the gaps in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import median

from fourfold.ingestion.builder import table_rows
from fourfold.ingestion.parsers.page_lines import Line

_MIN_ROWS = 2
_PROSE_CELL = 38  # characters: two columns of running text, not a table, when cells are this long
_MIN_PROSE_ROWS = 4
_NEARER = 0.15  # heights of a letter


def table_length(lines: Sequence[Line], start: int) -> int:
    """How many lines from `start` belong to a table; 0 where none begins."""
    if len(lines[start].cells) < 2:
        return 0
    end = start + 1
    left = lines[start].left
    while end < len(lines) and _belongs(lines, start, end, left):
        end += 1
    while end > start and len(lines[end - 1].cells) < 2 and not _is_rest(lines[end - 1], left):
        end -= 1
    rows = sum(len(line.cells) > 1 for line in lines[start:end])
    return end - start if rows >= _MIN_ROWS and len(_columns(lines[start:end])) > 1 else 0


def _belongs(lines: Sequence[Line], start: int, end: int, left: float) -> bool:
    last, line = lines[end - 1], lines[end]
    gap = (last.bottom - line.top) / line.height
    if gap < -1 or line.bottom > last.bottom:  # a cell of several lines beside the last one
        return gap > -4 and _is_rest(line, left)
    if gap > 2.5:
        return False
    return (
        len(line.cells) > 1
        or _is_rest(line, left)
        or _is_wrapped(lines, start, end)
        or _begins_row(lines, start, end)
        or _ends_row(lines, start, end)
    )


def _is_rest(line: Line, left: float) -> bool:
    """The second line of a cell that is not in the first column."""
    return len(line.cells) == 1 and line.left > left + 2 * line.height


def _is_wrapped(lines: Sequence[Line], start: int, end: int) -> bool:
    """The second line of a cell in the first column: nearer to its row than rows are apart."""
    tops = [line.top for line in lines[start:end] if len(line.cells) > 1]
    if len(tops) < 2 or end + 1 >= len(lines) or len(lines[end + 1].cells) < 2:
        return False
    pitch = median(a - b for a, b in pairwise(tops))
    return lines[end - 1].top - lines[end].top < 0.75 * pitch


def _begins_row(lines: Sequence[Line], start: int, position: int) -> bool:
    """The first line of a cell in the first column whose neighbours stand at half its height."""
    ahead = next((line for line in lines[position : position + 5] if len(line.cells) > 1), None)
    if ahead is None or not _is_nearer_to_next(lines, position):
        return False
    columns = _columns([lines[start], ahead])
    is_aligned = len(columns) == len(lines[start].cells) and len(columns) > 1
    return is_aligned and lines[position].right < columns[1][0]


def _ends_row(lines: Sequence[Line], start: int, position: int) -> bool:
    """A further line of a cell in the first column, below what stands beside that cell."""
    line = lines[position]
    is_nearer = _gap(lines, position) < _gap(lines, position + 1) - _NEARER * line.height
    return is_nearer and line.right < lines[start].cells[1].left


def _is_nearer_to_next(lines: Sequence[Line], position: int) -> bool:
    """Lines of one cell are closer to each other than two rows are."""
    return _gap(lines, position + 1) < _gap(lines, position) - _NEARER * lines[position].height


def _gap(lines: Sequence[Line], position: int) -> float:
    """What is white above that line; much above the first and below the last."""
    if not 0 < position < len(lines):
        return inf
    return lines[position - 1].bottom - lines[position].top


def table_text(lines: Sequence[Line]) -> str | None:
    """The rows with their header; `None` for columns of running text."""
    if _is_prose(lines):
        return None
    columns = _columns(lines)
    rows: list[list[str]] = []
    begun: list[list[str]] = []  # lines of a cell whose row is still to come
    pitch = _row_pitch(lines)
    last_top = 0.0
    for position, line in enumerate(lines):
        cells = _in_columns(line, columns)
        filled = sum(map(bool, cells))
        is_part = bool(rows) and filled == 1
        near_last = last_top - line.top < 0.75 * pitch and filled < len(columns)
        if is_part and cells[0] and (begun or _is_nearer_to_next(lines, position)):
            begun.append(cells)
        elif begun or not rows or not (near_last or (is_part and not cells[0])):
            rows.append(_stacked([*begun, cells]))
            begun, last_top = [], line.top
        else:
            rows[-1] = _stacked([rows[-1], cells])
    return "\n".join(table_rows([*rows, *begun]))


def _stacked(parts: Sequence[Sequence[str]]) -> list[str]:
    """One row of lines that stand below each other."""
    return [" ".join(filter(None, column)) for column in zip(*parts, strict=True)]


def by_columns(lines: Sequence[Line]) -> list[Line]:
    """Columns of running text, one after the other instead of side by side."""
    columns = _columns(lines)
    sorted_lines: list[Line] = []
    for left, right in columns:
        for line in lines:
            cells = tuple(
                cell for cell in line.cells if left <= (cell.left + cell.right) / 2 <= right
            )
            if cells:
                sorted_lines.append(Line(cells, line.top, line.bottom, is_bold=line.is_bold))
    return sorted_lines


def _is_prose(lines: Sequence[Line]) -> bool:
    rows = [line for line in lines if len(line.cells) > 1]
    if len(rows) < _MIN_PROSE_ROWS or max(len(line.cells) for line in rows) > 3:
        return False
    lengths = [min(len(cell.text) for cell in line.cells[:2]) for line in rows]
    return median(lengths) >= _PROSE_CELL


def _columns(lines: Sequence[Line]) -> list[tuple[float, float]]:
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


def _in_columns(line: Line, columns: Sequence[tuple[float, float]]) -> list[str]:
    texts = [""] * len(columns)
    for cell in line.cells:
        overlaps = [min(cell.right, right) - max(cell.left, left) for left, right in columns]
        best = overlaps.index(max(overlaps))
        texts[best] = f"{texts[best]} {cell.text}".strip()
    return texts


def _row_pitch(lines: Sequence[Line]) -> float:
    tops = [line.top for line in lines if len(line.cells) > 1]
    steps = [a - b for a, b in pairwise(tops)]
    return median(steps) if steps else 0.0
