"""Finds tables among the lines of a page by the gaps in them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import pairwise
from math import inf
from statistics import median

from fourfold.ingestion.builder import table_rows
from fourfold.ingestion.parsers.page_columns import (
    columns_of,
    in_columns,
    is_prose,
    shared_columns,
)
from fourfold.ingestion.parsers.page_lines import Line

_MIN_ROWS = 2
_NEARER = 0.15  # heights of a letter
_APART = 0.9  # heights: what is less below is beside
_CLOSE = 0.3  # heights between the lines of a cell; above a paragraph is more
_ALIGNED = 0.25  # heights: paragraphs often stand a little left of the text in a table
_FARTHER = 1.5  # times the usual way from row to row
_OTHER_SIZE = 0.12  # of a letter: a heading or a note, not a row
_LINES_ABOVE, _LINES_BELOW = 30, 6  # tell how far rows are apart and where columns are


def table_length(lines: Sequence[Line], start: int) -> int:
    """How many lines from `start` belong to a table; 0 where none begins."""
    if len(lines[start].cells) < 2:
        return 0
    end = start + 1
    left = lines[start].left
    while end < len(lines) and _belongs(lines, start, end, left):
        end += 1
    while end > start and not _may_be_last(lines, start, end - 1):
        end -= 1
    rows = sum(len(line.cells) > 1 for line in lines[start:end])
    return end - start if rows >= _MIN_ROWS and len(columns_of(lines[start:end])) > 1 else 0


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
        or _goes_on(lines, start, end)
        or _is_between_rows(lines, start, end)
    )


def _may_be_last(lines: Sequence[Line], start: int, position: int) -> bool:
    line = lines[position]
    is_row = len(line.cells) > 1 or _is_rest(line, lines[start].left)
    return is_row or _goes_on(lines, start, position)


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
    line = lines[position]
    ahead = _next_row(lines, position, 5)
    if ahead is None or not _is_nearer_to_next(lines, position):
        return False
    pitch = _pitch(lines, start, position)
    if pitch and line.top - lines[position + 1].top > pitch - _NEARER * line.height:
        return False
    columns = columns_of([lines[start], lines[ahead]])
    is_aligned = len(columns) == len(lines[start].cells) and len(columns) > 1
    return is_aligned and line.right < columns[1][0]


def _ends_row(lines: Sequence[Line], start: int, position: int) -> bool:
    """A further line of a cell in the first column, below what stands beside that cell."""
    line = lines[position]
    is_nearer = _gap(lines, position) < _gap(lines, position + 1) - _NEARER * line.height
    return is_nearer and line.right < lines[start].cells[1].left


def _goes_on(lines: Sequence[Line], start: int, position: int) -> bool:
    """A further line of a cell in the first column: nearer to the one above than rows are."""
    rows = _rows_above(lines, start, position)
    if len(rows) < 2 or not _is_first_cell(lines[position], [lines[at] for at in rows]):
        return False
    apart = median(_gap(lines, at) for at in rows[1:])
    height = lines[position].height
    return _gap(lines, position) < min(_CLOSE * height, apart - _NEARER * height)


def _is_between_rows(lines: Sequence[Line], start: int, position: int) -> bool:
    """A lone first cell, or the first of two, as far from its neighbours as rows are.

    Mostly it names the rows below. It may also be a part of a cell whose lines are as far apart
    as rows: no one can tell of which, so it stays a line of its own.
    """
    ahead = _next_row(lines, position + 1, 2)
    line = lines[position]
    if position <= start or ahead is None or len(line.cells) > 1:
        return False
    steps = [a.top - b.top for a, b in pairwise(lines[position - 1 : position + 2])]
    pitch = _pitch(lines, start, position) or max(steps)
    least = max(pitch - _NEARER * line.height, _APART * line.height)
    if min(steps) <= least or max(steps) >= _FARTHER * pitch:
        return False
    rows, row = [lines[at] for at in _rows_above(lines, start, position)], lines[ahead]
    is_row = shared_columns(rows, row) > 1 and not _is_header(rows, row)
    return is_row and _is_first_cell(line, [*rows, row])


def _rows_above(lines: Sequence[Line], start: int, position: int) -> list[int]:
    """Where the first line and, not too far above, others of several cells are."""
    near = range(max(start + 1, position - _LINES_ABOVE), position)
    return [start, *(at for at in near if len(lines[at].cells) > 1)]


def _next_row(lines: Sequence[Line], begin: int, most: int) -> int | None:
    """Where the next line of several cells is, if it is one of so many from `begin`."""
    ahead = range(begin, min(begin + most, len(lines)))
    return next((at for at in ahead if len(lines[at].cells) > 1), None)


def _pitch(lines: Sequence[Line], start: int, position: int) -> float:
    """How far rows around here are apart; 0 where no two follow each other."""
    begin = max(start, position - _LINES_ABOVE)
    around = pairwise(lines[begin : position + _LINES_BELOW])
    pairs = [(a, b) for a, b in around if len(a.cells) > 1 and len(b.cells) > 1]
    steps = [a.top - b.top for a, b in pairs if a.top - b.top > _APART * b.height]
    return median(steps) if steps else 0.0


def _is_first_cell(line: Line, rows: Sequence[Line]) -> bool:
    """One cell in letters of that size, from the edge of the first column, clear of the second."""
    columns = columns_of(rows)
    return (
        len(line.cells) == 1 < len(columns)
        and abs(line.height / rows[-1].height - 1) < _OTHER_SIZE
        and abs(line.left - columns[0][0]) < _ALIGNED * line.height
        and line.right < columns[1][0]
    )


def _is_header(rows: Sequence[Line], row: Line) -> bool:
    """Another table begins there: names of the first row come again, or are as bold as there."""
    first, above = rows[0], rows[-1]
    names = {cell.text for cell in first.cells if not any(map(str.isdigit, cell.text))}
    is_bolder = row.is_bold and first.is_bold and not above.is_bold
    return is_bolder or any(cell.text in names for cell in row.cells)


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
    if is_prose(lines):
        return None
    columns = columns_of(lines)
    sections = {at for at in range(len(lines)) if _is_between_rows(lines, 0, at)}
    rows: list[list[str]] = []
    names: list[tuple[int, str]] = []  # of sections: how many rows are above
    begun: list[list[str]] = []  # lines of a cell whose row is still to come
    pitch = _row_pitch(lines, sections)
    last_top = 0.0
    for position, line in enumerate(lines):
        cells = in_columns(line, columns)
        filled = sum(map(bool, cells))
        is_part = bool(rows) and filled == 1
        near_last = last_top - line.top < 0.75 * pitch and filled < len(columns)
        if position in sections:
            names.append((len(rows), line.text))
            last_top = line.top
        elif is_part and cells[0] and (begun or _is_nearer_to_next(lines, position)):
            begun.append(cells)
        elif (
            begun
            or not rows
            or position - 1 in sections
            or not (near_last or (is_part and (not cells[0] or _goes_on(lines, 0, position))))
        ):
            rows.append(_stacked([*begun, cells]))
            begun, last_top = [], line.top
        else:
            rows[-1] = _stacked([rows[-1], cells])
    rows += begun
    return "\n".join(_with_names(table_rows(rows), len(rows), names))


def _with_names(texts: list[str], rows: int, names: Sequence[tuple[int, str]]) -> list[str]:
    """The names of sections above their rows; the first row has no line where it is a header."""
    header = rows - len(texts)
    for above, name in reversed(names):
        texts.insert(above - header, name)
    return texts


def _stacked(parts: Sequence[Sequence[str]]) -> list[str]:
    """One row of lines that stand below each other."""
    return [" ".join(filter(None, column)) for column in zip(*parts, strict=True)]


def _row_pitch(lines: Sequence[Line], sections: Container[int]) -> float:
    tops = [line.top for at, line in enumerate(lines) if len(line.cells) > 1 or at in sections]
    steps = [a - b for a, b in pairwise(tops)]
    return median(steps) if steps else 0.0
