"""Web pages: the main text with its headings, tables and lists; scripts and navigation left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

from fourfold.core.records import ElementKind
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.parsers.grid import Cell, grid_lines

_Rank = Literal["main", "body", "aside"]

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_SILENT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "select",
        "button",
    }
)
_ASIDE = frozenset({"nav", "footer", "menu"})
_MAIN = frozenset({"main", "article"})
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr"),
        *("html", "main", "nav", "p", "section", "summary"),
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ENOUGH = 0.2  # share of the page's text that a <main> must hold to stand for the page


class HtmlParser:
    """What a reader would read; also used for the HTML bodies of mails."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """The encoding is told by its mark, by UTF-8 itself, or by what the page declares."""
        declared = _CHARSET.search(content.data[:4_000])
        text = decode(content.data, declared=declared[1].decode("ascii") if declared else None)
        add_html(text, into)
        return ()


def add_html(text: str, into: DocumentBuilder) -> None:
    """Add the readable blocks of a page."""
    reader = _Reader()
    reader.feed(text.replace("\x00", ""))
    reader.close()
    reader.end_block()
    into.title = into.title or " ".join("".join(reader.title).split())
    for block in _chosen(reader.blocks):
        if block.level:
            into.heading(block.text, block.level)
        else:
            into.add(block.kind, block.text)


@dataclass(frozen=True, slots=True)
class _Block:
    kind: ElementKind
    text: str
    rank: _Rank
    level: int = 0


@dataclass(slots=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    is_layout: bool = False


def _chosen(blocks: list[_Block]) -> list[_Block]:
    """The main part where the page names one, else all but the navigation, else everything."""
    whole = sum(len(block.text) for block in blocks)
    for ranks in ({"main"}, {"main", "body"}):
        kept = [block for block in blocks if block.rank in ranks]
        if sum(len(block.text) for block in kept) >= max(1, whole * _ENOUGH):
            return kept
    return blocks


class _Reader(HTMLParser):
    """Collects blocks while the tags go by; keeps no tree, so depth costs nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.blocks: list[_Block] = []
        self._text: list[str] = []
        self._kind: ElementKind = "paragraph"
        self._level = 0
        self._open: dict[str, int] = {}  # how many of a tag are open
        self._lists: list[int] = []  # numbers of the next items, -1 in a list of bullets
        self._tables: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT | _ASIDE | _MAIN | {"title", "pre"}:
            self.end_block()
            self._open[tag] = self._open.get(tag, 0) + 1
        if tag in _HEADINGS:
            self.end_block()
            self._level = _HEADINGS[tag]
        elif tag == "br":
            self._text.append("\n")
        elif tag in {"ul", "ol"}:
            self._start_list(tag)
        elif tag == "li":
            self._start_item()
        elif tag in {"table", "tr", "td", "th"}:
            self._start_table_part(tag, dict(attrs))
        elif tag in _BLOCKS:
            self._soft_end()
        elif tag == "img":
            self._text.append(f" {dict(attrs).get('alt') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS or tag in {"pre", "table"} or tag in _ASIDE | _MAIN:
            self._end_table() if tag == "table" else self.end_block()
        elif tag in {"ul", "ol"}:
            self._end_list()
        elif tag in {"td", "th"}:
            self._end_cell()
        elif tag in _BLOCKS:
            self._soft_end()
        if self._open.get(tag):
            self._open[tag] -= 1

    def handle_data(self, data: str) -> None:
        if self._open.get("title") and not self._open.get("svg"):
            self.title.append(data)
        elif not any(self._open.get(tag) for tag in _SILENT):
            self._text.append(data if self._open.get("pre") else re.sub(r"\s+", " ", data))

    def end_block(self) -> None:
        """What was gathered becomes a block of its own."""
        raw = "".join(self._text)
        self._text.clear()
        kind: ElementKind = (
            "list" if self._lists else "code" if self._open.get("pre") else self._kind
        )
        pieces = re.split(r"\n\s*\n", raw) if kind == "paragraph" and not self._level else [raw]
        for piece in pieces:
            text = piece.strip("\n") if kind == "code" else _tidy(piece)
            if text.strip():
                self.blocks.append(_Block(kind, text, self._rank(), self._level))
        self._level = 0

    def _soft_end(self) -> None:
        """A paragraph ends, unless it lies in a list item or a cell: there it is a line break."""
        if self._lists or self._in_cell():
            self._text.append("\n")
        else:
            self.end_block()

    def _rank(self) -> _Rank:
        if any(self._open.get(tag) for tag in _MAIN):
            return "main"
        return "aside" if any(self._open.get(tag) for tag in _ASIDE) else "body"

    def _start_list(self, tag: str) -> None:
        if not self._lists and not self._in_cell():
            self.end_block()
        self._lists.append(1 if tag == "ol" else -1)

    def _start_item(self) -> None:
        number = self._lists[-1] if self._lists else -1
        mark = "-" if number < 0 else f"{number}."
        if number > 0:
            self._lists[-1] += 1
        depth = max(0, len(self._lists) - 1)
        self._text.append(f"\n{_INDENT * min(depth, 8)}{mark} ")

    def _end_list(self) -> None:
        if len(self._lists) == 1 and not self._in_cell():
            self.end_block()
        if self._lists:
            self._lists.pop()

    def _in_cell(self) -> bool:
        return bool(self._tables and self._tables[-1].rows and self._tables[-1].rows[-1])

    def _start_table_part(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "table":
            if self._in_cell():  # a table in a cell: the outer one only arranges the page
                self._tables[-1].is_layout = True
                self._flush_layout()
            else:
                self.end_block()
            self._tables.append(_Table())
        elif self._tables and tag == "tr":
            self._end_cell()
            self._tables[-1].rows.append([])
        elif self._tables:
            self._end_cell()
            if not self._tables[-1].rows:
                self._tables[-1].rows.append([])
            self._tables[-1].rows[-1].append(Cell(span=_span(attributes), is_header=tag == "th"))

    def _end_cell(self) -> None:
        if self._in_cell():
            cell = self._tables[-1].rows[-1][-1]
            cell.text = f"{cell.text}\n{_tidy(''.join(self._text))}".strip()
            self._text.clear()

    def _flush_layout(self) -> None:
        """Cells of a table that only arranges the page are paragraphs."""
        self._end_cell()
        for row in self._tables[-1].rows:
            for cell in row:
                if cell.text:
                    self.blocks.append(_Block("paragraph", cell.text, self._rank()))
                    cell.text = ""

    def _end_table(self) -> None:
        if not self._tables:
            return
        self._end_cell()
        table = self._tables[-1]
        if table.is_layout or max(map(len, table.rows), default=0) <= 1:
            self._flush_layout()
            self._tables.pop()
            return
        self._tables.pop()
        if lines := grid_lines(table.rows):
            self.blocks.append(_Block("table", "\n".join(lines), self._rank()))


_INDENT = "\ue000"  # stands for two blanks until the text is tidied


def _tidy(text: str) -> str:
    """Blanks collapsed, blank lines gone, the indentation of nested lists kept."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    joined = "\n".join(line for line in lines if line)
    joined = (
        re.sub(rf"(?<=[-.])\n(?!\s*(?:-|\d+\.|{_INDENT}))", " ", joined)
        if "- " in joined
        else joined
    )
    return joined.replace(_INDENT, "  ")


def _span(attributes: dict[str, str | None]) -> int:
    value = attributes.get("colspan") or "1"
    return min(int(value), 100) if value.isdecimal() and value != "0" else 1
