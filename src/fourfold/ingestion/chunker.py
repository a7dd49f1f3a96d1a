"""Cuts a document into passages that are small enough to embed and to cite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

from fourfold.core.records import Chunk, Element, Place, document_id
from fourfold.core.sentences import split_sentences
from fourfold.ingestion.base import ParsedDocument, SourceFile

# Small paragraphs under one heading are joined up to this size: four such passages and the
# question stay under 1,000 tokens, which a model of 0.5B reads in some seconds without a GPU.
TARGET_TOKENS = 200
# A paragraph up to this size stays whole. The embedder reads 512 tokens; title, headings and the
# word `passage:` stand before the text and may take the rest.
MAX_TOKENS = 384

_SAMPLE_CHARACTERS = 4_000
_LINED = frozenset({"table", "code", "list"})  # cut between lines rather than sentences


@dataclass(frozen=True, slots=True)
class _Piece:
    """A slice of the document's text: an element, or a sentence or row of a long one."""

    start: int
    end: int
    element: Element


def chunk_document(
    document: ParsedDocument,
    file: SourceFile,
    *,
    count_tokens: Callable[[str], int],
    target_tokens: int = TARGET_TOKENS,
    max_tokens: int = MAX_TOKENS,
) -> list[Chunk]:
    """The passages of a document, in order; none crosses a heading, message, page, slide or sheet.

    No passage has more than `max_tokens`. Tokens are estimated from the characters and counted
    once for each passage, because counting is slow.
    """
    ruler = _Ruler.for_text(document.text, count_tokens, max_tokens)
    chunks = []
    for section in _sections(document.elements):
        pieces = [piece for element in section for piece in _pieces(element, ruler)]
        for group in _groups(pieces, ruler, target_tokens):
            for start, end in _fitting(document.text, group[0].start, group[-1].end, ruler):
                chunks.append(_chunk(document, file, start, end, _place(group, start)))
    return chunks


@dataclass(frozen=True, slots=True)
class _Ruler:
    """Knows about how many characters make a token in this text."""

    count_tokens: Callable[[str], int]
    characters_per_token: float
    max_tokens: int

    @classmethod
    def for_text(cls, text: str, count_tokens: Callable[[str], int], max_tokens: int) -> _Ruler:
        """Measured on the middle of the text, which is more like the rest than its beginning."""
        middle = max(0, len(text) // 2 - _SAMPLE_CHARACTERS // 2)
        sample = text[middle : middle + _SAMPLE_CHARACTERS]
        ratio = len(sample) / max(1, count_tokens(sample)) if sample else 1.0
        return cls(count_tokens, min(max(ratio, 0.5), 8.0), max_tokens)

    def characters(self, tokens: int) -> int:
        return max(1, int(tokens * self.characters_per_token))


def _sections(elements: Sequence[Element]) -> Iterator[list[Element]]:
    """Runs of elements that may share a passage.

    A title is context of what follows it; it is a passage of its own when nothing follows.
    """
    for _, group in groupby(enumerate(elements), lambda item: _section_key(*item)):
        run = list(group)
        number, first = run[0]
        following = elements[number + 1 : number + 2]
        if first.kind != "title" or not any(first.text in e.place.headings for e in following):
            yield [element for _, element in run]


def _section_key(number: int, element: Element) -> tuple[object, ...]:
    place = element.place
    alone = number if element.kind in {"title", "message"} else -1
    return alone, place.headings, place.page, place.slide, place.sheet


def _pieces(element: Element, ruler: _Ruler) -> Iterable[_Piece]:
    """The element, or what it consists of when it is too long for one passage."""
    place = element.place
    if len(element.text) <= ruler.characters(ruler.max_tokens):
        return [_Piece(place.start, place.end, element)]
    spans = _lines(element.text) if element.kind in _LINED else split_sentences(element.text)
    return [_Piece(place.start + start, place.start + end, element) for start, end in spans]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def _groups(pieces: Sequence[_Piece], ruler: _Ruler, target_tokens: int) -> list[list[_Piece]]:
    """Neighbours that together come near the target; a small rest joins the group before it."""
    target, most = ruler.characters(target_tokens), ruler.characters(ruler.max_tokens)
    groups: list[list[_Piece]] = []
    for piece in pieces:
        if groups and piece.end - groups[-1][0].start <= target:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    if len(groups) > 1:
        *_, last_but_one, last = groups
        is_small = last[-1].end - last[0].start < target // 4
        if is_small and last[-1].end - last_but_one[0].start <= most:
            last_but_one.extend(groups.pop())
    return groups


def _fitting(text: str, start: int, end: int, ruler: _Ruler) -> Iterator[tuple[int, int]]:
    """The slice, cut at blanks (or anywhere, where there are none) until each part fits."""
    waiting = [(start, end)]
    while waiting:
        start, end = waiting.pop()
        most = ruler.characters(ruler.max_tokens)
        parts = ceil((end - start) / (most * 2))  # far too long: do not even count
        if (
            parts == 1 and ruler.count_tokens(text[start:end]) <= ruler.max_tokens
        ) or end - start <= 1:
            yield start, end
        else:
            cut = _cut(text, start, end, start + (end - start) // max(2, parts))
            waiting += [
                part for part in (_trimmed(text, cut, end), _trimmed(text, start, cut)) if part
            ]


def _cut(text: str, start: int, end: int, near: int) -> int:
    """A place to cut: after the last line break or blank before `near`, else there."""
    floor = start + (near - start) // 2
    for mark in ("\n", ". ", " "):
        found = text.rfind(mark, floor, near)
        if found > start:
            return found + len(mark)
    return min(max(near, start + 1), end - 1)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _place(group: Sequence[_Piece], start: int) -> Place:
    """The place of the element in which the passage begins, with the lines of those behind it."""
    elements = list(dict.fromkeys(piece.element for piece in group))
    lines = [
        one
        for element in elements
        if element.place.line is not None
        for one in ((element.place.start, element.place.line), *element.place.lines)
    ]
    first = next(one for one in reversed(elements) if one.place.start <= start)
    return replace(first.place, lines=tuple(lines))


def _chunk(document: ParsedDocument, file: SourceFile, start: int, end: int, place: Place) -> Chunk:
    path = file.path + document.member
    return Chunk(
        document_id=document_id(file.source, path),
        source=file.source,
        path=path,
        text=document.text[start:end],
        place=place.part(start, end),
        title=document.title,
        language=document.language,
        media_type=document.media_type,
        groups=file.groups,
        metadata={**document.metadata, **file.metadata},
    )
