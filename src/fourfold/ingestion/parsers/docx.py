"""Word documents: headings, paragraphs, lists, tables, notes, and headers and footers once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.grid import Cell, grid_lines
from fourfold.ingestion.parsers.office import attribute, child, descend, read_properties, related
from fourfold.ingestion.parsers.xml import local_name
from fourfold.ingestion.unpack import Archive

_DOCUMENT = "word/document.xml"
_HEADING_NAME = re.compile(r"(?:heading|überschrift)\s*([1-9])", re.IGNORECASE)
_BOX = frozenset({"txbxContent"})
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class DocxParser:
    """The text in its order, as Word shows it."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Pages are those that Word kept when it saved; other programs keep none."""
        archive = Archive(content.data, content.limits)
        root = archive.xml(_DOCUMENT)
        body = child(root, "body")
        if body is None:
            raise unparsable("truncated")
        read_properties(archive, into)
        reader = _Reader(into, _styles(archive), _numbering(archive))
        reader.pages_known = any(local_name(e.tag) == "lastRenderedPageBreak" for e in body.iter())
        reader.read(body)
        into.leave_headings()
        for word in ("footnotes", "endnotes"):
            _add_notes(archive, word, into)
        _add_headers_and_footers(archive, into)
        return ()


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style says: a heading's level (1 to 9, 0 is none), whether it is a list."""

    level: int = 0
    list_id: str = ""
    is_contents: bool = False


@dataclass(slots=True)
class _Reader:
    into: DocumentBuilder
    styles: dict[str, _Style]
    numbering: dict[tuple[str, str], str]
    pages_known: bool = False
    _page: int = 1
    _items: list[str] = field(default_factory=list)
    _items_at: Place = field(default_factory=Place)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(self, body: Element) -> None:
        """Everything in the body, in order."""
        for block in _blocks(body):
            if local_name(block.tag) == "tbl":
                self._end_list()
                self._turn_pages(block, before_text=True)
                self.into.add("table", "\n".join(grid_lines(_grid(block))), self._place())
                self._turn_pages(block, before_text=False)
            else:
                self._read_paragraph(block)
        self._end_list()

    def _read_paragraph(self, paragraph: Element) -> None:
        self._turn_pages(paragraph, before_text=True)
        style, list_id, depth = self._look(paragraph)
        text = paragraph_text(paragraph)
        if text.strip() and not style.is_contents:
            if style.level:
                self._end_list()
                self.into.heading(text, style.level, self._place())
            elif list_id not in {"", "0"}:
                self._add_item(text, list_id, depth)
            else:
                self._end_list()
                self.into.add("paragraph", text, self._place())
        self._turn_pages(paragraph, before_text=False)
        for inner in descend(paragraph, stop_at=_BOX):
            if local_name(inner.tag) == "txbxContent":
                self.read(inner)

    def _look(self, paragraph: Element) -> tuple[_Style, str, str]:
        """Style, list and depth in the list of a paragraph."""
        properties = child(paragraph, "pPr")
        name = child(properties, "pStyle")
        style = self.styles.get(_value(name), _Style())
        outline = _value(child(properties, "outlineLvl"))
        if outline.isdecimal() and int(outline) < 9 and not style.level:
            style = _Style(level=int(outline) + 1)
        number = child(properties, "numPr")
        list_id = _value(child(number, "numId")) or style.list_id
        return style, list_id, _value(child(number, "ilvl")) or "0"

    def _add_item(self, text: str, list_id: str, depth: str) -> None:
        if not self._items:
            self._items_at = self._place()
        self._counts[list_id, depth] += 1
        is_bullet = self.numbering.get((list_id, depth), "bullet") in {"bullet", "none"}
        mark = "-" if is_bullet else f"{self._counts[list_id, depth]}."
        indent = "  " * min(int(depth) if depth.isdecimal() else 0, 8)
        self._items.append(f"{indent}{mark} {' '.join(text.split())}")

    def _end_list(self) -> None:
        if self._items:
            self.into.add("list", "\n".join(self._items), self._items_at)
            self._items = []

    def _turn_pages(self, block: Element, *, before_text: bool) -> None:
        """Count the page breaks of a block before its first word, or those after it."""
        started = False
        for inner in block.iter() if self.pages_known else ():
            name = local_name(inner.tag)
            started = started or (name == "t" and bool((inner.text or "").strip()))
            if name == "lastRenderedPageBreak" and started != before_text:
                self._page += 1

    def _place(self) -> Place:
        return Place(page=self._page if self.pages_known else None)


def paragraph_text(paragraph: Element) -> str:
    """The words of a paragraph, without those in its text boxes."""
    pieces = []
    for inner in descend(paragraph, stop_at=_BOX):
        name = local_name(inner.tag)
        if name == "t":
            pieces.append(inner.text or "")
        elif name in _BREAKS and attribute(inner, "type") != "page":
            pieces.append(_BREAKS[name] if name != "tab" or inner.get("pos") is None else "")
    return "".join(pieces).strip()


def _blocks(body: Element) -> Iterator[Element]:
    """Paragraphs and tables, also those in content controls."""
    for inner in body:
        name = local_name(inner.tag)
        if name in {"p", "tbl"}:
            yield inner
        elif name in {"sdt", "sdtContent", "ins", "customXml", "smartTag"}:
            yield from _blocks(inner)


def _grid(table: Element) -> list[list[Cell]]:
    """The cells of a table; one merged downwards repeats its text, so that rows stand alone."""
    rows: list[list[Cell]] = []
    above: dict[int, str] = {}
    for row in _named(table, "tr"):
        cells: list[Cell] = []
        column = 0
        is_header = child(row, "trPr", "tblHeader") is not None
        for cell in _named(row, "tc"):
            span = int(_value(child(cell, "tcPr", "gridSpan")) or "1")
            merge = child(cell, "tcPr", "vMerge")
            text = _cell_text(cell)
            if merge is not None and _value(merge) != "restart":
                text = text or above.get(column, "")
            above[column] = text
            cells.append(Cell(text=text, span=min(max(span, 1), 100), is_header=is_header))
            column += span
        rows.append(cells)
    return rows


def _named(element: Element, name: str) -> Iterator[Element]:
    """Children of that name, also within content controls."""
    for inner in element:
        if local_name(inner.tag) == name:
            yield inner
        elif local_name(inner.tag) in {"sdt", "sdtContent"}:
            yield from _named(inner, name)


def _cell_text(cell: Element) -> str:
    paragraphs = (e for e in descend(cell) if local_name(e.tag) == "p")
    return "\n".join(filter(None, map(paragraph_text, paragraphs)))


def _styles(archive: Archive) -> dict[str, _Style]:
    """Styles by id; one that is based on a heading is a heading of that level."""
    root = archive.xml("word/styles.xml")
    entries = {} if root is None else {attribute(e, "styleId") or "": e for e in root}
    return {style_id: _style(style_id, entries) for style_id in entries if style_id}


def _style(style_id: str, entries: dict[str, Element]) -> _Style:
    level, list_id, is_contents = 0, "", False
    for _ in range(12):  # a chain of styles; a broken file may have a circle
        entry = entries.get(style_id)
        if entry is None:
            break
        name = _value(child(entry, "name"))
        outline = _value(child(entry, "pPr", "outlineLvl"))
        found = _HEADING_NAME.match(name)
        is_contents = is_contents or name.lower().startswith("toc ")
        if not level and found:
            level = int(found[1])
        elif not level and outline.isdecimal() and int(outline) < 9:
            level = int(outline) + 1
        elif not level and name.lower() in {"title", "titel"}:
            level = 1
        list_id = list_id or _value(child(entry, "pPr", "numPr", "numId"))
        style_id = _value(child(entry, "basedOn"))
    return _Style(level=level, list_id=list_id, is_contents=is_contents)


def _numbering(archive: Archive) -> dict[tuple[str, str], str]:
    """The format (`bullet`, `decimal`) of each list and depth."""
    root = archive.xml("word/numbering.xml")
    formats: dict[str, dict[str, str]] = {}
    lists: dict[tuple[str, str], str] = {}
    for entry in root if root is not None else ():
        if local_name(entry.tag) == "abstractNum":
            formats[attribute(entry, "abstractNumId") or ""] = {
                attribute(level, "ilvl") or "": _value(child(level, "numFmt"))
                for level in _named(entry, "lvl")
            }
        elif local_name(entry.tag) == "num":
            abstract = formats.get(_value(child(entry, "abstractNumId")), {})
            number_id = attribute(entry, "numId") or ""
            lists.update({(number_id, depth): name for depth, name in abstract.items()})
    return lists


def _add_notes(archive: Archive, word: str, into: DocumentBuilder) -> None:
    for part in related(archive, _DOCUMENT, word):
        root = archive.xml(part)
        for note in root if root is not None else ():
            if attribute(note, "type") is None:
                into.add("note", _cell_text(note))


def _add_headers_and_footers(archive: Archive, into: DocumentBuilder) -> None:
    """What stands on every page is added once, at the end; a lone page number is not."""
    seen: set[str] = set()
    for word in ("header", "footer"):
        for part in related(archive, _DOCUMENT, word):
            root = archive.xml(part)
            text = _cell_text(root) if root is not None else ""
            if any(map(str.isalpha, text)) and text not in seen:
                seen.add(text)
                into.add("note", text)


def _value(element: Element | None) -> str:
    return (attribute(element, "val") or "") if element is not None else ""
