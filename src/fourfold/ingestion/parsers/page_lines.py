"""The lines of a printed page with their places: what PDF pages and recognised pictures share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ctypes import byref
from dataclasses import dataclass, replace
from typing import Any

_GAP_IN_HEIGHTS = 1.1  # a wider gap in a line parts two cells; between words it is about 0.3
_BOLD_FROM = 550  # PDFium estimates weights from the width of stems: 340 to 510 for plain text
_MARK_GAP_IN_HEIGHTS = 4.0  # behind the number of a heading or the mark of an item
_MARK = re.compile(r"\(?(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|\w)[.)]?|[•·▪●○■□◦–—*-]")
LINE_HYPHEN = "\ufffe"  # how PDFium gives a hyphen that parts a word at the end of a line
_LINE_END = re.compile("(\r\n|\ufffe(?:\r\n)?)")
_MOST_LINES_OF_A_CELL = 8
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Cell:
    """Text between wide gaps; coordinates count upwards, as in PDF."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """What stands at one height of a page, in the order of reading."""

    cells: tuple[Cell, ...]
    top: float
    bottom: float
    is_bold: bool = False
    has_mark: bool = False  # a number or a dot stands before the text, as in a list

    @property
    def text(self) -> str:
        """The whole line."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.cells[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.cells[-1].right

    @property
    def height(self) -> float:
        """About the size of the letters."""
        return max(0.1, self.top - self.bottom)


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page and how high it is."""

    number: int  # from 1
    height: float
    lines: tuple[Line, ...]


def read_page(page: Any, number: int) -> Page:
    """The lines of a page of a PDF, as PDFium orders them."""
    textpage = page.get_textpage()
    try:
        lines = list(_lines(textpage))
    finally:
        textpage.close()
    return Page(
        number=number,
        height=page.get_height(),
        lines=tuple(same_height_joined(rows_in_order(lines))),
    )


def _lines(textpage: Any) -> Iterator[Line]:
    from pypdfium2.raw import FPDFText_GetFontWeight

    text = textpage.get_text_range()
    ruler = _Ruler(textpage)
    start = 0
    for piece in _LINE_END.split(text):
        first = start + len(piece) - len(piece.lstrip())
        start += len(piece)
        stripped = piece.strip()
        if stripped and not _LINE_END.fullmatch(piece):
            cells, top, bottom, has_mark = ruler.measure(stripped, first)
            if text.startswith(LINE_HYPHEN, start):
                cells = (*cells[:-1], replace(cells[-1], text=cells[-1].text + LINE_HYPHEN))
            weight = FPDFText_GetFontWeight(textpage.raw, first)
            yield Line(cells, top, bottom, is_bold=weight >= _BOLD_FROM, has_mark=has_mark)


class _Ruler:
    """Asks PDFium where characters lie; one call takes about a microsecond."""

    def __init__(self, textpage: Any) -> None:
        from pypdfium2.raw import FS_RECTF, FPDFText_GetLooseCharBox

        self._raw = textpage.raw
        self._rectangle = FS_RECTF()
        self._measure = FPDFText_GetLooseCharBox

    def measure(self, text: str, first: int) -> tuple[tuple[Cell, ...], float, float, bool]:
        """The cells of a line whose first character has this index; top, bottom; has it a mark."""
        left, right, top, bottom = self._box(first)
        limit = _GAP_IN_HEIGHTS * max(1.0, top - bottom)
        cells = []
        begin = 0
        has_mark = False
        for blank in _BLANKS.finditer(text):
            before = self._box(first + blank.start() - 1)[1]
            after = self._box(first + blank.end())[0]
            is_mark = begin == 0 and _MARK.fullmatch(text, 0, blank.start()) is not None
            has_mark = has_mark or (is_mark and after - before > limit / 2)
            if after - before > (_MARK_GAP_IN_HEIGHTS * limit if is_mark else limit):
                cells.append(Cell(text[begin : blank.start()], left, before))
                begin, left = blank.end(), after
        _, right, last_top, last_bottom = self._box(first + len(text) - 1)
        if last_top - last_bottom < top - bottom:  # the box of a capital with dots, `Ö`, is higher
            top, bottom = last_top, last_bottom
        cells.append(Cell(text[begin:], left, max(left, right)))
        return tuple(cells), top, bottom, has_mark

    def _box(self, index: int) -> tuple[float, float, float, float]:
        box = self._rectangle
        self._measure(self._raw, index, byref(box))
        return box.left, box.right, box.top, box.bottom


def rows_in_order(lines: list[Line]) -> list[Line]:
    """Rows of a table come by height, where a PDF gives them cell by cell.

    Meant are rows whose first cell has more lines than the others. Other columns stay as they are.
    """
    position = 1
    while position < len(lines):
        begin, end = _row_around(lines, position)
        if end > position:
            lines = [*lines[:begin], *sorted(lines[begin:end], key=_from_above), *lines[end:]]
        position = max(end, position) + 1
    return lines


def _row_around(lines: Sequence[Line], position: int) -> tuple[int, int]:
    """Where the row begins and ends whose second cell is at `position`; nowhere, if it is none."""
    line = lines[position]
    begin = position
    while (
        begin and position - begin < _MOST_LINES_OF_A_CELL and _is_left_of(lines[begin - 1], line)
    ):
        begin -= 1
        if lines[begin].top >= line.top - 0.2 * line.height:
            break
    end = position
    while end < len(lines) and begin < position and lines[end].bottom > lines[position - 1].bottom:
        end += 1
    is_beside = lines[begin].bottom < line.top and position - begin > 1
    neighbours = [lines[begin - 1]] if begin else []
    neighbours += lines[end : end + 1]
    starts = [cell.left for one in neighbours if len(one.cells) > 1 for cell in one.cells[1:]]
    is_table = any(abs(left - line.left) < line.height for left in starts)
    fewer = end - position < position - begin
    return (begin, end) if is_beside and is_table and fewer else (position, position)


def _is_left_of(cell: Line, line: Line) -> bool:
    return len(cell.cells) == 1 and cell.right < line.left and cell.bottom < line.top


def _from_above(line: Line) -> float:
    return -line.top


def same_height_joined(lines: list[Line]) -> Iterator[Line]:
    """Pieces that follow each other at one height, to the right, are one line."""
    last: Line | None = None
    for line in lines:
        if last is not None and _continues(last, line):
            last = _joined(last, line)
            continue
        if last is not None:
            yield last
        last = line
    if last is not None:
        yield last


def _continues(last: Line, line: Line) -> bool:
    overlap = min(last.top, line.top) - max(last.bottom, line.bottom)
    shared = overlap > 0.5 * min(last.height, line.height)
    return shared and line.left >= last.right - 0.5 * last.height


def _joined(last: Line, line: Line) -> Line:
    gap = line.left - last.right
    height = max(last.height, line.height)
    cells = [*last.cells, *line.cells]
    if gap <= _GAP_IN_HEIGHTS * height:
        space = " " if gap > 0.15 * height else ""
        text = last.cells[-1].text + space + line.cells[0].text
        middle = Cell(text, last.cells[-1].left, line.cells[0].right)
        cells = [*last.cells[:-1], middle, *line.cells[1:]]
    return Line(
        tuple(cells),
        max(last.top, line.top),
        min(last.bottom, line.bottom),
        is_bold=last.is_bold and line.is_bold,
        has_mark=last.has_mark,
    )
