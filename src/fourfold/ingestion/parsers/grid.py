"""Tables with spans and header cells, as HTML and office files have them, made into lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fourfold.ingestion.builder import table_rows


@dataclass(slots=True)
class Cell:
    """A cell that covers `span` columns."""

    text: str = ""
    span: int = 1
    is_header: bool = False


def grid_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Each row with its header; several header rows become one, `Umsatz 2024`."""
    filled = [row for row in rows if any(cell.text for cell in row)]
    if not filled:
        return []
    if len(filled[0]) >= 2 and all(_is_pair(row) for row in filled):
        return [
            f"{_line(row[0])}: {'; '.join(_line(cell) for cell in row[1:] if cell.text)}"
            for row in filled
        ]
    count = _header_rows(filled)
    header = _joined_header(filled[:count])
    body = [_spread(row, repeat=False) for row in filled[count:]]
    caption = (
        [header[0]] if body and len(set(filter(None, header))) == 1 and len(header) > 2 else []
    )
    if caption and count == 1 and len(body) > 1:  # a title across the whole table is no header
        return [*caption, *table_rows(_without_empty_columns(body))]
    sure = all(cell.is_header for cell in filled[0])
    return table_rows(_without_empty_columns([header, *body]), has_header=sure)


def _is_pair(row: Sequence[Cell]) -> bool:
    """A header cell at the beginning and values behind it."""
    return len(row) == 2 and row[0].is_header and not row[1].is_header and bool(row[0].text)


def _header_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """How many rows at the top are headers; at least one, and a row is left below."""
    count = 0
    for row in rows[:3]:
        if not all(cell.is_header or not cell.text for cell in row):
            break
        count += 1
    return max(1, min(count, len(rows) - 1))


def _joined_header(rows: Sequence[Sequence[Cell]]) -> list[str]:
    spread = [_spread(row, repeat=True) for row in rows]
    width = max(map(len, spread))
    padded = [row + [""] * (width - len(row)) for row in spread]
    columns = zip(*padded, strict=True)
    return [" ".join(dict.fromkeys(text for text in column if text)) for column in columns]


def _spread(row: Sequence[Cell], *, repeat: bool) -> list[str]:
    """One text for each column; a header that spans several stands above each of them."""
    texts: list[str] = []
    for cell in row:
        text = _line(cell)
        texts += [text] + [text if repeat else ""] * (cell.span - 1)
    return texts


def _line(cell: Cell) -> str:
    return " ".join(cell.text.split())


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    """Spacer columns carry nothing below the header; a lone `$` or `)` belongs to its number."""
    header, *body = rows
    joined = [_with_signs(row) for row in body]
    width = max(map(len, rows), default=0)
    kept = [
        column
        for column in range(width)
        if any(column < len(row) and row[column] for row in joined)
    ]
    return [
        [row[column] if column < len(row) else "" for column in kept] for row in [header, *joined]
    ]


def _with_signs(row: list[str]) -> list[str]:
    texts = list(row)
    for column, text in enumerate(texts):
        ahead = next((n for n in range(column + 1, min(column + 3, len(texts))) if texts[n]), None)
        if text in {"$", "€", "£"} and ahead is not None:
            texts[column], texts[ahead] = f"{text} {texts[ahead]}", ""
        elif text and ahead is not None and texts[ahead] in {")", "%", ")%"}:
            texts[column], texts[ahead] = text + texts[ahead], ""
    return texts
