"""Plain text: paragraphs, lists and underlined headings, with their line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fourfold.core.records import ElementKind, Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, clean
from fourfold.ingestion.decoding import decode

_BULLET = re.compile(r"\s*(?:[-*+•·▪–—○●■]|\d{1,3}[.)]|\(?[a-z]\))\s+\S")
_OWN_LINE = re.compile(rf"{_BULLET.pattern}|\s*(?:https?://|[|>])")
_UNDERLINE = re.compile(r"(=|-|~){3,}\s*$")
_RULE = re.compile(r"[\s=\-_*~#.+|]*$")
_LONG_BLOCK = 2_000  # characters
_WRAPPED_FROM = 45  # characters: a shorter line was ended by its author, not by the margin


class TextParser:
    """A text file, its wrapped lines joined to paragraphs."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """One element for each block between blank lines."""
        add_plain_text(clean(decode(content.data)), into)
        return ()


def add_plain_text(text: str, into: DocumentBuilder, *, first_line: int = 1) -> None:
    """Add the blocks of a text; also for the bodies of mails."""
    for line_number, lines in blocks(text, first_line):
        if len(lines) >= 2 and _UNDERLINE.match(lines[1]) and len(lines[0]) <= 120:
            into.heading(lines[0], 1 if lines[1].startswith("=") else 2, Place(line=line_number))
            line_number, lines = line_number + 2, lines[2:]
        kept = [
            (number, line)
            for number, line in enumerate(lines, line_number)
            if not _RULE.match(line)
        ]
        if kept:
            is_list = all(_BULLET.match(line) for _, line in kept[:2])
            _add_block(kept, "list" if is_list else "paragraph", into)


def _add_block(lines: list[tuple[int, str]], kind: ElementKind, into: DocumentBuilder) -> None:
    """Add a block; a very long one (a text without blank lines) in several pieces."""
    pieces: list[list[tuple[int, str]]] = [[]]
    for number, line in unwrapped(lines):
        if pieces[-1] and sum(len(text) for _, text in pieces[-1]) + len(line) > _LONG_BLOCK:
            pieces.append([])
        pieces[-1].append((number, line))
    ends = [piece[0][0] for piece in pieces[1:]]
    for piece, end in zip(pieces, [*ends, lines[-1][0] + 1], strict=True):
        first = piece[0][0]
        into.add(
            kind,
            "\n".join(text for _, text in piece),
            Place(line=first),
            lines=[(number, line) for number, line in lines if first < number < end],
        )


def blocks(text: str, first_line: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without a blank one, each with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate(text.split("\n"), first_line):
        if line.strip():
            block.append(line.rstrip())
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield first_line + text.count("\n") + 1 - len(block), block


def unwrap(lines: Sequence[str]) -> str:
    """Join the lines that only the margin broke; keep breaks that the author set."""
    return "\n".join(line for _, line in unwrapped(list(enumerate(lines))))


def unwrapped(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines as their author meant them, each with the number of its first line."""
    widest = max(len(line) for _, line in lines)
    number, last = lines[0]
    joined = [last]
    for next_number, line in lines[1:]:
        if _continues(last, line, widest):
            joined.append(line.strip())
        else:
            yield number, " ".join(joined)
            number, joined = next_number, [line]
        last = line
    yield number, " ".join(joined)


def _continues(last: str, line: str, widest: int) -> bool:
    if _OWN_LINE.match(line) or len(last) < max(_WRAPPED_FROM, widest * 0.6):
        return False
    if line.lstrip()[:1].islower() or (len(last) >= widest * 0.8 and last[-1] not in ".!?:;"):
        return True
    return not last.endswith((":", ";")) and len(last) + len(line.split(None, 1)[0]) >= widest - 2
