"""OpenDocument texts: headings, paragraphs, lists and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.grid import Cell, grid_lines
from fourfold.ingestion.parsers.office import attribute, child
from fourfold.ingestion.parsers.xml import local_name
from fourfold.ingestion.unpack import Archive

_SPACES = {"s": " ", "tab": "\t", "line-break": "\n"}
_NOT_TEXT = frozenset({"note", "annotation", "tracked-changes", "frame", "sequence-decls"})
_MAX_REPEATED = 50  # cells and rows that stand for many equal ones
_CONTAINERS = frozenset(
    {"section", "text", "index-body", "text-box", "frame", "illustration-index", "p-container"}
)


class OdtParser:
    """The text in its order; notes follow the paragraph that they belong to."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Tables of contents are left out: they repeat the headings."""
        archive = Archive(content.data, content.limits)
        if any(
            "encryption-data" in str(e.tag) for e in _iter(archive.xml("META-INF/manifest.xml"))
        ):
            raise unparsable("encrypted")
        body = child(archive.xml("content.xml"), "body", "text")
        if body is None:
            raise unparsable("truncated")
        _read_properties(archive, into)
        _read(body, into)
        return ()


def _iter(root: Element | None) -> Iterator[Element]:
    return root.iter() if root is not None else iter(())


def _read_properties(archive: Archive, into: DocumentBuilder) -> None:
    for entry in _iter(archive.xml("meta.xml")):
        if local_name(entry.tag) == "title":
            into.title = entry.text or ""
        elif local_name(entry.tag) == "creator" and entry.text:
            into.metadata["author"] = entry.text


def _read(body: Element, into: DocumentBuilder) -> None:
    for block in body:
        name = local_name(block.tag)
        if name == "h":
            level = attribute(block, "outline-level") or "1"
            into.heading(_text(block), int(level) if level.isdecimal() else 1)
        elif name == "p":
            into.add("paragraph", _text(block))
            _read_inside(block, into)
        elif name == "list":
            into.add("list", "\n".join(_items(block)))
        elif name == "table":
            into.add("table", "\n".join(grid_lines(_grid(block))))
        elif name in _CONTAINERS:
            _read(block, into)


def _read_inside(paragraph: Element, into: DocumentBuilder) -> None:
    """Footnotes and text boxes that hang on a paragraph."""
    for inner in paragraph.iter():
        name = local_name(inner.tag)
        if name == "note-body":
            into.add("note", "\n".join(map(_text, inner)))
        elif name == "text-box":
            _read(inner, into)


def _text(element: Element) -> str:
    """The words of a paragraph, without notes and frames."""
    pieces: list[str] = [element.text or ""]
    stack = [(inner, False) for inner in reversed(element)]
    while stack:
        inner, done = stack.pop()
        name = local_name(inner.tag)
        if done or name in _NOT_TEXT:
            pieces.append(inner.tail or "")
            continue
        pieces.append(_SPACES.get(name, "") + (inner.text or ""))
        stack.append((inner, True))
        stack.extend((deeper, False) for deeper in reversed(inner))
    return "".join(pieces).strip()


def _items(listed: Element, depth: int = 0) -> Iterator[str]:
    for item in listed:
        for block in item:
            if local_name(block.tag) == "list":
                yield from _items(block, min(depth + 1, 8))
            elif text := _text(block):
                yield f"{'  ' * depth}- {text}"


def _grid(table: Element, *, is_header: bool = False) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for entry in table:
        name = local_name(entry.tag)
        if name in {"table-header-rows", "table-rows", "table-row-group"}:
            rows += _grid(entry, is_header=name == "table-header-rows")
        elif name == "table-row":
            rows.append(list(_cells(entry, is_header=is_header)))
    return rows


def _cells(row: Element, *, is_header: bool) -> Iterator[Cell]:
    for cell in row:
        text = "\n".join(filter(None, map(_text, cell)))
        repeated = attribute(cell, "number-columns-repeated") or "1"
        for _ in range(min(int(repeated) if repeated.isdecimal() else 1, _MAX_REPEATED)):
            yield Cell(text=text, is_header=is_header)
