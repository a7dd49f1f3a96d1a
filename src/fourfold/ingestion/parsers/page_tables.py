"""Finds tables among the lines of a page by the gaps in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from fourfold.ingestion.builder import table_rows
from fourfold.ingestion.parsers.page_lines import Line

_MIN_ROWS = 2
_PROSE_CELL = 38  # characters: two columns of running text, not a table, when cells are this long
_MIN_PROSE_ROWS = 4


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
    return len(line.cells) > 1 or _is_rest(line, left) or _is_wrapped(lines, start, end)


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


def table_text(lines: Sequence[Line]) -> str | None:
    """The rows with their header; `None` for columns of running text."""
    columns = _columns(lines)
    if _is_prose(lines):
        return None
    rows: list[list[str]] = []
    pitch = _row_pitch(lines)
    last_top = 0.0
    for line in lines:
        cells = _in_columns(line, columns)
        is_rest = (
            bool(rows)
            and last_top - line.top < 0.75 * pitch
            and sum(map(bool, cells)) < len(columns)
        )
        if is_rest or (rows and not cells[0] and sum(map(bool, cells)) == 1):
            rows[-1] = [f"{a} {b}".strip() for a, b in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
            last_top = line.top
    return "\n".join(table_rows(rows))


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
