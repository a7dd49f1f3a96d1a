"""Tables as text: CSV and TSV, each row a line that can be read alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import (
    DocumentBuilder,
    clean,
    looks_like_header,
    row_line,
    title_rows,
)
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.decoding import decode

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 30
_SAMPLE_ROWS = 50
_MAX_CELL = 10_000_000  # characters; Python's own limit of 131,072 is too small for real exports


class CsvParser:
    """Rows as `Column: value; Column: value`, one element each, with the line in the file."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Delimiter, quotes, encoding and header are found out by looking."""
        text = clean(decode(content.data))
        delimiter, text, skipped = _dialect(text)
        rows = list(_rows(text, delimiter))
        if not rows:
            return ()
        texts = [row for _, row in rows]
        titles = title_rows(texts)
        for line, row in rows[:titles]:
            into.heading("; ".join(filter(None, row)), at=Place(line=line + skipped))
        has_header = looks_like_header(texts[titles], texts[titles + 1 : _SAMPLE_ROWS])
        header = texts[titles] if has_header and len(rows) > titles + 1 else []
        for line, row in rows[titles + 1 :] if header else rows[titles:]:
            into.add("table", row_line(header, row), Place(line=line + skipped))
        return ()


def _dialect(text: str) -> tuple[str, str, int]:
    """The delimiter, the text without the `sep=;` line that Excel writes, lines left out."""
    if text.startswith("sep=") and "\n" in text:
        return text[4], text.split("\n", 1)[1], 1
    lines = [line for line in text[:100_000].split("\n")[:_SAMPLE_LINES] if line.strip()]
    return max(_DELIMITERS, key=lambda mark: _fit(lines, mark)), text, 0


def _fit(lines: list[str], delimiter: str) -> float:
    """How many columns the delimiter gives, lowered where the lines disagree."""
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    if not widths:
        return 0
    usual = max(set(widths), key=widths.count)
    return (usual - 1) * widths.count(usual) / len(widths)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line on which it begins."""
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(
        io.StringIO(text), delimiter=delimiter, skipinitialspace=True, escapechar=_escape(text)
    )
    line = 1
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise unparsable("unreadable", f"Its line {line} is no row: {error}.") from None


def _escape(text: str) -> str | None:
    return "\\" if '\\"' in text[:100_000] or "\\," in text[:100_000] else None
