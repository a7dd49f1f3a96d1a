"""Markdown: headings, paragraphs, lists, tables and code, with their line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, clean, table_rows
from fourfold.ingestion.decoding import decode

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+\S")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_RULE = re.compile(r" {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")
_CELLS = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^()\n]*\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^\n]*?\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]*[^\s*_])\1(?![\w*])")
_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]+)\1(?!`)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class MarkdownParser:
    """A Markdown file as a person reads it: marks gone, structure kept."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """One element for each block; a table's rows carry its header."""
        add_markdown(decode(content.data), into)
        return ()


def add_markdown(text: str, into: DocumentBuilder, at: Place | None = None) -> None:
    """Add the blocks of a Markdown text; `at` is used instead of the line where it is given."""
    blanked = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), clean(text))
    lines = blanked.split("\n")
    number = _after_front_matter(lines, into)
    while number < len(lines):
        where = at or Place(line=number + 1)
        number += _add_block(lines, number, into, where)


def _add_block(lines: list[str], number: int, into: DocumentBuilder, where: Place) -> int:
    """Add the block that begins at this line; the count of lines it takes."""
    line = lines[number]
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if not line.strip() or _RULE.match(line):
        return 1
    if found := _HEADING.match(line):
        into.heading(plain(found[2]), len(found[1]), where)
        return 1
    if fence := _FENCE.match(line):
        return _add_code(lines, number, fence[1], into, where)
    if "|" in line and "|" in following and _TABLE_RULE.match(following):
        rows = list(takewhile(lambda row: "|" in row, _from(lines, number)))
        cells = [_cells(row) for row in [rows[0], *rows[2:]]]
        written = table_rows(cells, has_header=True)
        is_plain = where.line is not None and len(written) == len(rows) - 2
        numbered = enumerate(written, (where.line or 0) + 2) if is_plain else ()
        into.add("table", "\n".join(written), where, lines=numbered)
        return len(rows)
    if (found := _UNDERLINE.match(following)) and not _BULLET.match(line):
        into.heading(plain(line), 1 if found[1].startswith("=") else 2, where)
        return 2
    return _add_prose(lines, number, into, where)


def _from(lines: list[str], number: int) -> Iterator[str]:
    return (lines[index] for index in range(number, len(lines)))


def _add_code(
    lines: list[str], number: int, fence: str, into: DocumentBuilder, where: Place
) -> int:
    body = list(
        takewhile(lambda line: not line.lstrip().startswith(fence), _from(lines, number + 1))
    )
    into.add("code", "\n".join(body), where, lines=_numbered(body, where, skipped=1))
    return len(body) + 2


def _add_prose(lines: list[str], number: int, into: DocumentBuilder, where: Place) -> int:
    """A paragraph or a list, up to a blank line or the next block."""
    block = [lines[number]]
    for line in _from(lines, number + 1):
        if not line.strip() or _HEADING.match(line) or _FENCE.match(line):
            break
        if bool(_BULLET.match(line)) and not _BULLET.match(block[0]):
            break
        block.append(line)
    quoted = [re.sub(r"^\s{0,3}>\s?", "", line) for line in block]
    if _BULLET.match(block[0]):
        into.add("list", plain(_join_items(quoted)), where, lines=_numbered(quoted, where))
        return len(block)
    into.add("paragraph", plain(_join_lines(quoted)), where, lines=_numbered(quoted, where))
    return len(block)


def _numbered(lines: list[str], where: Place, *, skipped: int = 0) -> list[tuple[int, str]]:
    """The lines behind the first with their numbers, where the file has any."""
    if where.line is None:
        return []
    return [(where.line + skipped + n, plain(line)) for n, line in enumerate(lines)][1 - skipped :]


def _join_items(lines: list[str]) -> str:
    joined = [lines[0].rstrip()]
    joined += [
        "\n" + line.rstrip() if _BULLET.match(line) else " " + line.strip() for line in lines[1:]
    ]
    return "".join(joined)


def _join_lines(lines: list[str]) -> str:
    """Markdown joins lines; two blanks or a backslash at the end keep the break."""
    pieces = [
        line.strip().removesuffix("\\") + ("\n" if line.endswith(("  ", "\\")) else " ")
        for line in lines
    ]
    return "".join(pieces).strip()


def _cells(row: str) -> list[str]:
    return [
        plain(cell.strip().replace("\\|", "|")) for cell in _CELLS.split(row.strip().strip("|"))
    ]


def _after_front_matter(lines: list[str], into: DocumentBuilder) -> int:
    """Skip a YAML head; its simple entries become metadata."""
    if lines[0].strip() != "---":
        return 0
    for number, line in enumerate(lines[1:200], 1):
        if line.strip() in {"---", "..."}:
            return number + 1
        key, colon, value = line.partition(":")
        if colon and key.strip() == "title":
            into.title = value.strip().strip("\"'")
        elif colon and re.fullmatch(r"\w[\w-]{0,40}", key):
            into.metadata[key] = value.strip().strip("\"'")
    return 0


def plain(text: str) -> str:
    """The text of a Markdown line without its marks."""
    for pattern, replacement in (
        (_IMAGE, r"\1"),
        (_LINK, r"\1"),
        (_STRONG, r"\2"),
        (_EMPHASIS, r"\2"),
        (_CODE, r"\2"),
        (_ESCAPE, r"\1"),
    ):
        text = pattern.sub(replacement, text)
    return text
