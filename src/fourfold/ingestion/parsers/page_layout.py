"""Makes headings, paragraphs, lists and tables of the lines of printed pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from fourfold.core.records import Place
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.parsers.page_columns import by_columns
from fourfold.ingestion.parsers.page_lines import LINE_HYPHEN, Line, Page
from fourfold.ingestion.parsers.page_tables import table_length, table_text

_BULLET = re.compile(r"(?:[•·▪●○■□◦–—*-]|\(?\d{1,3}[.)]|\(?[a-z]\))\s+\S")
_BULLET_SIGN = re.compile(r"[•·▪●○■□◦]\s*")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_SENTENCE_END = re.compile(r"[.!?:;][\"'”“»)]*$")
_HYPHENATED = re.compile(r"\w+-\w+")
_PARTED = re.compile(rf"(\w+){LINE_HYPHEN}\n(\w+)")
_LARGER = 1.14  # times the usual size: a heading
_MARGIN = 0.075  # of the page: above and below stand running titles and page numbers
_LONGEST_HEADING = 140  # characters
_RUNNING_PAGES = 3  # a line on as many pages, at the same edge, is a running title

Outline = Mapping[tuple[int, str], int]  # page and title in small letters: level


def add_pages(pages: Sequence[Page], outline: Outline, into: DocumentBuilder) -> None:
    """Add what stands on the pages; running titles only where they come first."""
    style = _Style.of(pages)
    running = _running_titles(pages)
    seen: set[str] = set()
    for page in pages:
        lines = []
        for line in page.lines:
            key = _running_key(line)
            if not (_in_margin(line, page) and (key in running or key == "#")):
                lines.append(line)
            elif key not in seen and key != "#":
                seen.add(key)
                into.add("note", line.text, Place(page=page.number))
        _PageWriter(page, style, outline, into).write(lines)


@dataclass(frozen=True, slots=True)
class _Style:
    """What is usual in a document: size of letters, whether it is all bold, hyphened words."""

    size: float
    is_bold: bool
    larger_sizes: tuple[float, ...]
    hyphenated: frozenset[str]

    @classmethod
    def of(cls, pages: Sequence[Page]) -> _Style:
        """Weighted by characters, so that the running text decides."""
        sizes: Counter[float] = Counter()
        bold = plain = 0
        words: set[str] = set()
        for line in (line for page in pages for line in page.lines):
            count = len(line.text)
            sizes[round(line.height, 1)] += count
            bold, plain = (bold + count, plain) if line.is_bold else (bold, plain + count)
            words.update(word.lower() for word in _HYPHENATED.findall(line.text))
        usual = sizes.most_common(1)[0][0] if sizes else 10.0
        larger = sorted(
            {round(size * 2) / 2 for size in sizes if size > usual * _LARGER}, reverse=True
        )
        return cls(usual, bold > plain, tuple(larger[:4]), frozenset(words))

    def level(self, line: Line) -> int:
        """The level that size and weight make a heading; 0 for running text."""
        text = line.text
        letters = sum(char.isalpha() or char.isspace() for char in text)
        if len(text) > _LONGEST_HEADING or letters < len(text) * 0.6:  # no formulas, no prices
            return 0
        numbered = _NUMBERED.match(text)
        stands_out = line.height > self.size * _LARGER
        if not stands_out and not (line.is_bold and not self.is_bold):
            return 0
        is_sentence = _SENTENCE_END.search(text) is not None and not text.endswith("?")
        if is_sentence and line.height < 1.4 * self.size:
            return 0
        if not stands_out and (len(line.cells) > 1 or len(text) > 90):
            return 0
        if numbered:
            return 1 + numbered[1].count(".") + (1 if self.larger_sizes else 0)
        nearest = min(self.larger_sizes, key=lambda size: abs(size - line.height), default=0.0)
        return 1 + self.larger_sizes.index(nearest) if stands_out else 2 + len(self.larger_sizes)


class _PageWriter:
    """Goes down a page and adds its pieces."""

    def __init__(self, page: Page, style: _Style, outline: Outline, into: DocumentBuilder) -> None:
        self._page = page
        self._style = style
        self._outline = outline
        self._into = into
        self._at = Place(page=page.number)

    def write(self, lines: list[Line]) -> None:
        """All lines of the page, in the order of reading."""
        waiting: list[Line] = []
        position = 0
        while position < len(lines):
            length = table_length(lines, position)
            text = table_text(lines[position : position + length]) if length else None
            if length and text is None:
                lines = [
                    *lines[:position],
                    *by_columns(lines[position : position + length]),
                    *lines[position + length :],
                ]
                length = 0
            if length and text:
                self._write_prose(waiting)
                self._into.add("table", text, self._at)
                waiting = []
            else:
                length = 1
                waiting.append(lines[position])
            position += length
        self._write_prose(waiting)

    def _write_prose(self, lines: list[Line]) -> None:
        for block in self._blocks(lines):
            level = self._level(block)
            text = self._text(block)
            if level:
                self._into.heading(text, level, self._at)
            elif _is_item(block[0]):
                self._into.add("list", _BULLET_SIGN.sub("- ", text, count=1), self._at)
            else:
                self._into.add("paragraph", text, self._at)

    def _level(self, block: list[Line]) -> int:
        title = " ".join(line.text for line in block)
        bare = _NUMBERED.sub(lambda found: found[0][-1], title)
        for form in (title, bare):
            if level := self._outline.get((self._page.number, _folded(form)), 0):
                return level
        if len(block) > 3 or _in_margin(block[0], self._page):
            return 0
        return self._style.level(block[0])

    def _blocks(self, lines: list[Line]) -> Iterator[list[Line]]:
        """Lines that make one paragraph, heading or item of a list."""
        right = max((line.right for line in lines), default=0.0)
        steps = [a.top - b.top for a, b in pairwise(lines) if a.top > b.top]
        pitch = median(steps) if steps else 0.0
        block: list[Line] = []
        for line in lines:
            if block and not self._continues(block, line, right, pitch):
                yield block
                block = []
            block.append(line)
        if block:
            yield block

    def _continues(self, block: list[Line], line: Line, right: float, pitch: float) -> bool:
        last = block[-1]
        alike = abs(line.height / last.height - 1) < 0.12 and line.is_bold == last.is_bold
        if not alike or _is_item(line):
            return False
        if self._style.level(last) and _NUMBERED.match(line.text):
            return False
        step = last.top - line.top
        if step < 0:  # the next column: a sentence may go on there
            return not _SENTENCE_END.search(last.text) and line.text[:1].islower()
        if step > max(1.35 * pitch, 1.2 * line.height) and step > 1.75 * line.height:
            return False
        if step > 1.3 * pitch > 0 and _SENTENCE_END.search(last.text):
            return False
        if self._style.level(last):
            return True
        is_short = last.right < right - 0.3 * max(1.0, right - block[0].left)
        return not (
            is_short and (_SENTENCE_END.search(last.text) or line.text[:1].isupper())
        ) or bool(self._style.level(last))

    def _text(self, block: list[Line]) -> str:
        """The lines joined; a word that was parted at the end of a line is whole again."""
        joined = "\n".join(line.text for line in block)
        joined = _PARTED.sub(self._mended, joined)
        return joined.replace(LINE_HYPHEN, "-").replace("\n", " ")

    def _mended(self, found: re.Match[str]) -> str:
        """A hyphen stays before a capital or a digit, and in words that have it elsewhere too."""
        with_hyphen = f"{found[1]}-{found[2]}"
        is_compound = not found[2][0].islower() or with_hyphen.lower() in self._style.hyphenated
        return with_hyphen if is_compound else found[1] + found[2]


def _is_item(line: Line) -> bool:
    return line.has_mark or _BULLET.match(line.text) is not None


def _running_titles(pages: Sequence[Page]) -> frozenset[str]:
    """Lines at the edge that many pages share, page numbers left aside."""
    counts = Counter(
        key
        for page in pages
        for key in {_running_key(line) for line in page.lines if _in_margin(line, page)}
    )
    needed = _RUNNING_PAGES if len(pages) > _RUNNING_PAGES else 2
    return frozenset(key for key, count in counts.items() if count >= needed)


def _running_key(line: Line) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text.strip().lower())


def _in_margin(line: Line, page: Page) -> bool:
    if page.height <= 0:
        return False
    return line.bottom > page.height * (1 - _MARGIN) or line.top < page.height * _MARGIN


def _folded(title: str) -> str:
    return re.sub(r"\W+", " ", title.replace(LINE_HYPHEN, "")).strip().lower()


def outline_key(page: int, title: str) -> tuple[int, str]:
    """How a title of the table of contents is found again on its page."""
    return page, _folded(title)
