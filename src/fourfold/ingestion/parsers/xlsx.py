"""Workbooks: every row as a line that can be read alone, with its sheet and its number."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import (
    DocumentBuilder,
    is_value,
    looks_like_header,
    row_line,
    title_rows,
)
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.cell_values import CellFormats
from fourfold.ingestion.parsers.office import child, children, read_properties, relationships
from fourfold.ingestion.parsers.xml import local_name
from fourfold.ingestion.unpack import Archive

_WORKBOOK = "xl/workbook.xml"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MERGED = re.compile(rb"mergeCell [^>]*ref=\"([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})\"")
_USUAL_NAME = re.compile(r"(?:sheet|tabelle|blatt|feuil|hoja|foglio|blad)\s?\d*", re.IGNORECASE)
_MAX_MERGED_CELLS = 100_000  # filled with the text of the first one, on one sheet
_SAMPLE_ROWS = 50
_HEADER_ROWS = 3


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that is not blank: its number, and texts by column.

    `spread` has the text of a cell merged sideways in each of its columns, for headers.
    """

    number: int
    texts: dict[int, str]
    spread: dict[int, str]


class XlsxParser:
    """Tables are told apart by blank rows and columns; each row carries its header."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Formulas give the value that the program kept; dates are written `2026-03-04`."""
        archive = Archive(content.data, content.limits)
        workbook = archive.xml(_WORKBOOK)
        if workbook is None:
            raise unparsable("truncated")
        read_properties(archive, into)
        strings = _shared_strings(archive)
        formats = CellFormats.read(archive.xml("xl/styles.xml"), workbook)
        for name, part in _sheets(archive, workbook):
            into.leave_headings()
            if not _USUAL_NAME.fullmatch(name):
                into.heading(name, 1, Place(sheet=name))
            rows = _rows(archive.read(part), strings, formats)
            for region in _regions(rows):
                _add_region(region, name, into)
        return ()


def _sheets(archive: Archive, workbook: Element) -> Iterator[tuple[str, str]]:
    targets = relationships(archive, _WORKBOOK)
    for sheet in children(workbook, "sheets"):
        id_ = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        if targets.get(id_) in archive.names:
            yield sheet.get("name", ""), targets[id_]


def _shared_strings(archive: Archive) -> list[str]:
    root = archive.xml("xl/sharedStrings.xml")
    return [_text(entry) for entry in root] if root is not None else []


def _text(entry: Element) -> str:
    """The text of a string, without the small letters that tell its pronunciation."""
    pieces = [e for e in entry if local_name(e.tag) != "rPh"]
    return "".join(t.text or "" for e in pieces for t in e.iter() if local_name(t.tag) == "t")


def _rows(data: bytes, strings: list[str], formats: CellFormats) -> Iterator[_Row]:
    """The rows of a sheet that are not blank, one after the other."""
    merged = _merged_cells(data)
    origins: dict[tuple[int, int], str] = {}
    number = 0
    for event, element in ElementTree.iterparse(io.BytesIO(data), events=("start", "end")):  # noqa: S314
        if local_name(element.tag) != "row":
            continue
        if event == "start":
            number = int(element.get("r") or number + 1)
            continue
        texts = dict(_cells(element, strings, formats))
        element.clear()
        spread = dict(texts)
        for column, origin in merged.get(number, {}).items():
            if origin == (number, column):
                origins[origin] = texts.get(column, "")
            elif text := origins.get(origin):
                spread.setdefault(column, text)
                if origin[1] == column:  # merged downwards: each row shall stand alone
                    texts.setdefault(column, text)
        if texts:
            yield _Row(number, texts, spread)


def _cells(row: Element, strings: list[str], formats: CellFormats) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        found = _REFERENCE.match(cell.get("r", ""))
        column = _column(found[1]) if found else column + 1
        text = " ".join(_cell_text(cell, strings, formats).split())
        if text:
            yield column, text


def _cell_text(cell: Element, strings: list[str], formats: CellFormats) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell) or "".join(map(_text, cell))
    value = child(cell, "v")
    raw = (value.text or "") if value is not None else ""
    if kind == "s":
        return strings[int(raw)] if raw.isdecimal() and int(raw) < len(strings) else ""
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(raw, raw)
    return formats.text(raw, cell.get("s", "0")) if kind == "n" else raw


def _merged_cells(data: bytes) -> dict[int, dict[int, tuple[int, int]]]:
    """For each row the columns that belong to a merged cell, with row and column of its origin."""
    merged: dict[int, dict[int, tuple[int, int]]] = {}
    left = _MAX_MERGED_CELLS
    for first, last in _MERGED.findall(data):
        (top, start), (bottom, end) = _position(first), _position(last)
        left -= (bottom - top + 1) * (end - start + 1)
        if left < 0:
            break
        for row in range(top, bottom + 1):
            merged.setdefault(row, {}).update(dict.fromkeys(range(start, end + 1), (top, start)))
    return merged


def _position(reference: bytes) -> tuple[int, int]:
    found = _REFERENCE.match(reference.decode())
    assert found is not None
    return int(found[2]), _column(found[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _regions(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Blocks of rows between blank ones, and beside each other between blank columns.

    A header that a blank row parts from its numbers still belongs to them.
    """
    block: list[_Row] = []
    for row in rows:
        gap = row.number - block[-1].number - 1 if block else 0
        is_below_header = gap == 1 and _has_numbers(row) and not any(map(_has_numbers, block))
        if gap and not (is_below_header and len(block) <= _HEADER_ROWS + 1):
            yield from _side_by_side(block)
            block = []
        block.append(row)
    if block:
        yield from _side_by_side(block)


def _has_numbers(row: _Row) -> bool:
    first = min(row.texts)
    return any(is_value(text) for column, text in row.texts.items() if column != first)


def _side_by_side(block: list[_Row]) -> Iterator[list[_Row]]:
    used = sorted({column for row in block for column in row.spread})
    groups: list[list[int]] = []
    for column in used:
        if groups and column == groups[-1][-1] + 1:
            groups[-1].append(column)
        else:
            groups.append([column])
    if len(groups) < 2 or not all(_is_table_of_its_own(block, columns) for columns in groups):
        yield block
        return
    for columns in groups:
        part = [
            _Row(row.number, _only(row.texts, columns), _only(row.spread, columns)) for row in block
        ]
        yield [row for row in part if row.texts]


def _is_table_of_its_own(block: list[_Row], columns: list[int]) -> bool:
    """At least two columns, and words in the first; else blank columns only keep a distance."""
    first = [row.texts[columns[0]] for row in block if columns[0] in row.texts]
    words = sum(any(map(str.isalpha, text)) for text in first)
    return len(columns) > 1 and words > len(block) / 2


def _only(texts: dict[int, str], columns: list[int]) -> dict[int, str]:
    return {column: texts[column] for column in columns if column in texts}


def _add_region(region: list[_Row], sheet: str, into: DocumentBuilder) -> None:
    """Titles above the table become lines, each other row one with its header."""
    columns = sorted({column for row in region for column in row.texts})
    texts = [[row.texts.get(column, "") for column in columns] for row in region]
    titles = title_rows(texts)
    below = titles + _header_rows(region[titles:], texts[titles:])
    header = _header(region[titles:below], columns)
    for row, cells in zip(region[:titles], texts, strict=False):
        into.add("paragraph", "; ".join(filter(None, cells)), Place(sheet=sheet, line=row.number))
    for row, cells in zip(region[below:], texts[below:], strict=True):
        into.add("table", row_line(header, cells), Place(sheet=sheet, line=row.number))
    if below == len(region) and header:
        into.add("table", "; ".join(header), Place(sheet=sheet, line=region[-1].number))


def _header_rows(region: list[_Row], texts: list[list[str]]) -> int:
    """How many rows at the top are the header: above numbers several, where cells are merged."""
    if len(region) < 2 or len(texts[0]) < 2:
        return 0
    count = 0
    for row in region[:_HEADER_ROWS]:
        if _has_numbers(row) or (count and not _stands_above(region[count - 1], row)):
            break
        count += 1
    if count > 1 and any(map(_has_numbers, region[count:])):
        return count
    return 1 if looks_like_header(texts[0], texts[1:_SAMPLE_ROWS]) else 0


def _stands_above(upper: _Row, lower: _Row) -> bool:
    """True for a header of headers: merged cells, or fewer names than in the row below."""
    return len(upper.spread) > len(upper.texts) or len(upper.texts) < len(lower.texts)


def _header(rows: list[_Row], columns: list[int]) -> list[str]:
    """One name for each column: `January–June 2023 Sales`."""
    stacked = ([row.spread.get(column, "") for row in rows] for column in columns)
    return [" ".join(dict.fromkeys(filter(None, names))) for names in stacked]
