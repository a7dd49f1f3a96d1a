"""What the packages of Word, PowerPoint and Excel have in common."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.parsers.xml import local_name
from fourfold.ingestion.unpack import Archive

_PROPERTIES = {"creator": "author", "modified": "modified", "subject": "subject"}
# The same content for old programs, and what was deleted under change tracking.
_NOT_READ = frozenset({"Fallback", "del", "moveFrom"})


def relationships(archive: Archive, part: str) -> dict[str, str]:
    """The parts that a part refers to, by the id of the reference."""
    folder, name = posixpath.split(part)
    root = archive.xml(f"{folder}/_rels/{name}.rels")
    if root is None:
        return {}
    return {
        entry.get("Id", ""): _resolved(folder, entry.get("Target", ""))
        for entry in root
        if entry.get("TargetMode") != "External"
    }


def related(archive: Archive, part: str, word: str) -> list[str]:
    """The parts whose path contains the word, among those that a part refers to."""
    targets = relationships(archive, part).values()
    return sorted(target for target in targets if word in target and target in archive.names)


def read_properties(archive: Archive, into: DocumentBuilder) -> None:
    """Title, author and date of the last change, as their program kept them."""
    root = archive.xml("docProps/core.xml")
    for entry in root if root is not None else ():
        name = local_name(entry.tag)
        if name == "title":
            into.title = (entry.text or "").strip()
        elif name in _PROPERTIES and entry.text:
            into.metadata[_PROPERTIES[name]] = entry.text


def attribute(element: Element, name: str) -> str | None:
    """An attribute by its name without namespace."""
    if (value := element.get(name)) is not None:
        return value
    return next((value for key, value in element.attrib.items() if local_name(key) == name), None)


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along these names."""
    for name in path:
        if element is None:
            return None
        element = next((inner for inner in element if local_name(inner.tag) == name), None)
    return element


def children(element: Element | None, *path: str) -> list[Element]:
    """What stands directly below the first descendant along these names, if there is one."""
    found = child(element, *path)
    return [] if found is None else list(found)


def descend(element: Element, *, stop_at: frozenset[str] = frozenset()) -> Iterator[Element]:
    """All descendants that are read, in order; those named in `stop_at` are given, not entered."""
    stack = list(reversed(element))
    while stack:
        inner = stack.pop()
        name = local_name(inner.tag)
        if name in _NOT_READ:
            continue
        yield inner
        if name not in stop_at:
            stack.extend(reversed(inner))


def _resolved(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join(folder, target))
