"""XML of any kind: each leaf of text with the name of its element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.unpack import read_xml

_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([\w.:-]{1,40})")
_MIXED = frozenset({"p", "para", "title", "text", "description", "abstract", "body", "li"})


class XmlParser:
    """A record (an element that holds leaves) is one readable piece: `name: value; name: value`."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Records become tables, running text becomes paragraphs."""
        declared = _ENCODING.search(content.data[:200])
        text = decode(content.data, declared=declared[1].decode() if declared else None)
        root = read_xml(text.lstrip("\ufeff \r\n\t"))
        stack: list[Element] = [root]
        while stack:  # not recursive: depth belongs to the file
            element = stack.pop()
            if _holds_text(element):
                into.add("paragraph", " ".join(" ".join(element.itertext()).split()))
                continue
            into.add("table", "; ".join(_leaves(element)))
            stack.extend(child for child in reversed(element) if len(child) or _holds_text(child))
        return ()


def _holds_text(element: Element) -> bool:
    """True for text with elements in it, and for the usual names of paragraphs."""
    mixed = len(element) > 0 and any((child.tail or "").strip() for child in element)
    return mixed or local_name(element.tag) in _MIXED


def _leaves(element: Element) -> Iterator[str]:
    for name, value in element.attrib.items():
        yield f"{local_name(name)}: {value}"
    if not len(element) and (element.text or "").strip():
        yield f"{local_name(element.tag)}: {' '.join((element.text or '').split())}"
    for child in element:
        text = " ".join((child.text or "").split())
        if not len(child) and text and not _holds_text(child):
            yield f"{local_name(child.tag)}: {text}"
        elif not len(child) and not text:
            values = ", ".join(child.attrib.values())
            if values:
                yield f"{local_name(child.tag)}: {values}"


def local_name(tag: object) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
