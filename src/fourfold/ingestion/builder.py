"""Puts a document together from pieces and keeps count of where each piece lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from unicodedata import is_normalized, normalize

from fourfold.core.language import detect_language
from fourfold.core.records import Element, ElementKind, Place
from fourfold.ingestion.base import ParsedDocument

NOWHERE = Place()  # neither page nor slide nor sheet nor line

_SEPARATOR = "\n\n"
# No database, terminal or browser wants these: control characters, halves of surrogate pairs,
# the soft hyphen, invisible marks. The form feed and its like become line breaks before.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BLANKS = re.compile(r"(?<=\S)(?:[ \t]{2,}+|\t)(?=\S)")
_LINE_BREAKS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TELLING = 24  # characters by which a line is known again
_LANGUAGE_SAMPLE = 1_500  # characters, at three places


class DocumentBuilder:
    """Takes pieces in reading order and gives the finished document.

    Headings are remembered: what follows a title carries it, and the titles above it, in its
    place, until a title of the same or a higher level (a smaller number) comes.
    """

    def __init__(self) -> None:
        self.title = ""
        self.metadata: dict[str, str] = {}
        self._elements: list[Element] = []
        self._texts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, str]] = []

    def heading(self, text: str, level: int = 1, at: Place = NOWHERE) -> None:
        """Add a title; level 1 is the highest. `at` says page, slide, sheet or line."""
        cleaned = " ".join(clean(text).split())
        if not cleaned:
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._add("title", cleaned, at)
        self._headings.append((level, cleaned))

    def add(
        self,
        kind: ElementKind,
        text: str,
        at: Place = NOWHERE,
        *,
        lines: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Add a piece; nothing happens when it has neither letters nor digits.

        `lines` are those of the file that it was made of, with their numbers: a citation names
        the line in which it begins.
        """
        cleaned = clean(text)
        if kind != "code" and ("  " in cleaned or "\t" in cleaned):
            cleaned = _BLANKS.sub(" ", cleaned)
        if any(map(str.isalnum, cleaned)):
            self._add(kind, cleaned.strip("\n ") if kind == "code" else cleaned.strip(), at, lines)

    def leave_headings(self) -> None:
        """What follows stands under no heading: a new slide, sheet or message begins."""
        self._headings.clear()

    @property
    def is_empty(self) -> bool:
        """True while nothing was added."""
        return not self._elements

    def finish(self, *, member: str, data: bytes, media_type: str, name: str) -> ParsedDocument:
        """The document with its language and a title: the metadata's, the first one, the name."""
        text = _SEPARATOR.join(self._texts)
        return ParsedDocument(
            member=member,
            title=self._best_title(name),
            text=text,
            elements=tuple(self._elements),
            media_type=media_type,
            content_hash=sha256(data).hexdigest(),
            language=detect_language(_sample(text)),
            metadata=_clean_metadata(self.metadata),
        )

    def _add(
        self,
        kind: ElementKind,
        text: str,
        at: Place,
        lines: Iterable[tuple[int, str]] = (),
    ) -> None:
        start = self._length + (len(_SEPARATOR) if self._texts else 0)
        where = replace(
            at,
            start=start,
            end=start + len(text),
            headings=tuple(heading for _, heading in self._headings),
            lines=tuple((start + offset, line) for offset, line in _begins(text, lines)),
        )
        self._elements.append(Element(kind=kind, text=text, place=where))
        self._texts.append(text)
        self._length = where.end

    def _best_title(self, name: str) -> str:
        titles = (element.text for element in self._elements[:20] if element.kind == "title")
        for candidate in (self.title, next(titles, ""), name):
            cleaned = " ".join(clean(candidate).split())
            if cleaned:
                return cleaned[:200]
        return "?"


def _begins(text: str, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    """Where each line begins in the text that they became; one that changed is passed over."""
    position = 0
    for number, line in lines:
        found = text.find(" ".join(clean(line).split())[:_TELLING], position)
        if found >= 0:
            yield found, number
            position = found + 1


def _sample(text: str) -> str:
    """A beginning may be all names and numbers, so the middle and the end are looked at too."""
    starts = (int((len(text) - _LANGUAGE_SAMPLE) * share) for share in (0.05, 0.5, 0.95))
    return "\n".join(text[max(0, start) : max(0, start) + _LANGUAGE_SAMPLE] for start in starts)


def clean(text: str) -> str:
    """The same text with one kind of line break, composed letters and nothing invisible."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNWANTED.sub("", _LINE_BREAKS.sub("\n", text))
    text = text.replace("\xa0", " ").replace("\u202f", " ")
    return text if is_normalized("NFC", text) else normalize("NFC", text)


def table_rows(rows: Sequence[Sequence[str]], *, has_header: bool = False) -> list[str]:
    """Each row below the header as a line that can be read alone: `Column: value; Column: value`.

    Without `has_header` the first row counts as one when it looks like one. Rows above it that
    hold a single text (the title of a table) stay lines of their own.
    """
    filled = [[_cell(cell) for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    titles = title_rows(filled)
    above = ["; ".join(filter(None, row)) for row in filled[:titles]]
    table = filled[titles:]
    if len(table) < 2 or not (has_header or looks_like_header(table[0], table[1:])):
        return [*above, *("; ".join(filter(None, row)) for row in table)]
    return [*above, *(row_line(table[0], row) for row in table[1:])]


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows at the top hold one text while those below hold more."""
    counts = [sum(map(bool, row)) for row in rows]
    if len(rows) < 3 or max(counts) < 2:
        return 0
    return next(number for number, count in enumerate(counts) if count > 1)


def looks_like_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """A header has a short name for nearly every column, each once; below stand values."""
    named = [cell for cell in first if cell]
    if len(named) < max(1, len(first) - 1) or len(set(named)) < len(named):
        return False
    if any(is_value(cell) or len(cell) > 80 for cell in named):
        return False
    single = sum(sum(map(bool, row)) < 2 for row in others)
    return len(first) < 2 or single <= len(others) * 0.3


def is_value(cell: str) -> bool:
    """True for amounts, counts, dates: half of it are digits. A year may also name a column."""
    digits = sum(map(str.isdigit, cell))
    return digits > 0 and digits >= len(cell) / 2 and not _YEAR.fullmatch(cell)


def row_line(header: Sequence[str], row: Sequence[str]) -> str:
    """`Column: value; Column: value`; empty cells are left out, cells beyond the header kept."""
    names = [*header, *[""] * (len(row) - len(header))]
    pairs = [
        f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell
    ]
    return "; ".join(pairs)


def _cell(text: str) -> str:
    return " ".join(text.split())


def _clean_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    cleaned = {name: " ".join(clean(value).split())[:1_000] for name, value in metadata.items()}
    return {name: value for name, value in cleaned.items() if value}
