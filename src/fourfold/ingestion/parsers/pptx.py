"""Presentations: for each slide its title, text, tables, charts, diagrams and speaker notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, table_rows
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.parsers.grid import Cell, grid_lines
from fourfold.ingestion.parsers.office import (
    attribute,
    child,
    descend,
    read_properties,
    related,
    relationships,
)
from fourfold.ingestion.parsers.xml import local_name
from fourfold.ingestion.unpack import Archive

_PRESENTATION = "ppt/presentation.xml"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_SHAPES = frozenset({"sp", "graphicFrame"})


class PptxParser:
    """Slides in the order in which they are shown, numbered from 1; hidden ones too."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """The title of a slide stands above everything on it."""
        archive = Archive(content.data, content.limits)
        read_properties(archive, into)
        for number, part in enumerate(_slides(archive), 1):
            root = archive.xml(part)
            if root is not None:
                into.leave_headings()
                _add_slide(root, archive, part, into, Place(slide=number))
        return ()


def _slides(archive: Archive) -> list[str]:
    root = archive.xml(_PRESENTATION)
    if root is None:
        raise unparsable("truncated")
    targets = relationships(archive, _PRESENTATION)
    listed = child(root, "sldIdLst")
    ids = [_reference(entry) for entry in listed] if listed is not None else []
    return [targets[id_] for id_ in ids if targets.get(id_) in archive.names]


def _reference(entry: Element) -> str:
    """The `r:id`; a plain `id` stands beside it and means something else."""
    return next((value for key, value in entry.attrib.items() if key.endswith("}id")), "")


def _add_slide(
    root: Element, archive: Archive, part: str, into: DocumentBuilder, at: Place
) -> None:
    shapes = [e for e in descend(root, stop_at=_SHAPES) if local_name(e.tag) in _SHAPES]
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
    for title in titles:
        into.heading(" ".join(_paragraphs(title)), 1, at)
    for shape in shapes:
        if shape not in titles and _placeholder(shape) not in _FURNITURE:
            _add_shape(shape, into, at)
    for chart in related(archive, part, "charts/chart"):
        _add_chart(archive.xml(chart), into, at)
    for diagram in related(archive, part, "diagrams/data"):
        found = archive.xml(diagram)
        into.add("list", "\n".join(_paragraphs(found) if found is not None else ()), at)
    for notes in related(archive, part, "notesSlides/"):
        _add_notes(archive.xml(notes), into, at)


def _placeholder(shape: Element) -> str:
    """The role of a shape in the layout, `title`, `body`, `sldNum`; empty when it has none."""
    for holder in ("nvSpPr", "nvGraphicFramePr"):
        if (found := child(shape, holder, "nvPr", "ph")) is not None:
            return found.get("type", "body")
    return ""


def _add_shape(shape: Element, into: DocumentBuilder, at: Place) -> None:
    for table in (e for e in descend(shape) if local_name(e.tag) == "tbl"):
        into.add("table", "\n".join(grid_lines(_grid(table))), at)
        return
    lines = list(_paragraphs(shape))
    if len(lines) > 1:
        into.add("list", "\n".join(lines), at)
    else:
        into.add("paragraph", "".join(lines).removeprefix("- "), at)


def _paragraphs(shape: Element) -> Iterator[str]:
    """The paragraphs of a shape; deeper levels of a list are indented."""
    for paragraph in (e for e in descend(shape) if local_name(e.tag) == "p"):
        text = "".join(_runs(paragraph)).strip()
        if text:
            properties = child(paragraph, "pPr")
            level = properties.get("lvl", "0") if properties is not None else "0"
            yield f"{'  ' * min(int(level), 8)}- {text}" if level not in {"", "0"} else text


def _runs(paragraph: Element) -> Iterator[str]:
    for inner in descend(paragraph, stop_at=frozenset({"fld"})):
        name = local_name(inner.tag)
        if name == "t":
            yield inner.text or ""
        elif name == "br":
            yield "\n"


def _grid(table: Element) -> list[list[Cell]]:
    first = child(table, "tblPr")
    has_header = first is not None and first.get("firstRow") in {"1", "true"}
    rows: list[list[Cell]] = []
    for row in (e for e in table if local_name(e.tag) == "tr"):
        cells = [e for e in row if local_name(e.tag) == "tc"]
        rows.append([_cell(cell, rows, n, has_header=has_header) for n, cell in enumerate(cells)])
    return rows


def _cell(cell: Element, above: list[list[Cell]], column: int, *, has_header: bool) -> Cell:
    """One cell; merged downwards it repeats the text above, merged sideways it is empty."""
    text = "\n".join(_paragraphs(cell))
    if attribute(cell, "vMerge") in {"1", "true"} and above and column < len(above[-1]):
        text = above[-1][column].text
    if attribute(cell, "hMerge") in {"1", "true"}:
        text = ""
    return Cell(text=text, is_header=has_header and not above)


def _add_chart(root: Element | None, into: DocumentBuilder, at: Place) -> None:
    """The numbers that a chart shows, as a table: categories against series."""
    if root is None:
        return
    names, columns, categories = [""], list[list[str]](), list[str]()
    for series in (e for e in root.iter() if local_name(e.tag) == "ser"):
        names.append(" ".join(_points(child(series, "tx"))))
        categories = categories or _points(child(series, "cat"))
        columns.append(_points(child(series, "val")))
    rows = zip(categories, *columns, strict=False)
    into.add("table", "\n".join(table_rows([names, *map(list, rows)], has_header=True)), at)


def _points(element: Element | None) -> list[str]:
    found = element.iter() if element is not None else ()
    return [(e.text or "") for e in found if local_name(e.tag) == "v"]


def _add_notes(root: Element | None, into: DocumentBuilder, at: Place) -> None:
    shapes = [] if root is None else [e for e in descend(root) if local_name(e.tag) == "sp"]
    for shape in shapes:
        if _placeholder(shape) not in _FURNITURE:
            into.add("note", "\n".join(_paragraphs(shape)), at)
