"""PDF: the text of each page with headings and tables; scanned pages through text recognition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any

from fourfold.ingestion.base import Cause, Content, Member, Unparsable
from fourfold.ingestion.builder import DocumentBuilder, clean
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.ocr import read_picture
from fourfold.ingestion.parsers.page_layout import Outline, add_pages, outline_key
from fourfold.ingestion.parsers.page_lines import Page, read_page

_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_NO_TITLE = re.compile(
    r"microsoft \w+|untitled|unbenannt|(?:document|dokument)\d*"
    r"|.*\.(?:docx?|indd|qxd|tex|dvi|ps|pdf|rtf|odt|xlsx?|pptx?|jpe?g|png|tiff?)$",
    re.IGNORECASE,
)
_SHARE_FOR_SCANS = 0.6  # of the time for a file: the pages that were read so far shall not be lost
_MAX_OUTLINE = 5_000
_SCAN_SCALE = 200 / 72  # 200 dots an inch: small print is still read, and memory stays low
_MAX_SCAN_POINTS = 2_000  # a larger page, a poster, is scaled down


class PdfParser:
    """Every element has its page; files attached to the PDF are members."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Pages that are pictures are read where the extra `ocr` is installed, else named."""
        document = _open(content.data)
        try:
            return list(_Reader(document, content.limits.seconds).read(into))
        finally:
            document.close()


def _open(data: bytes) -> Any:
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        return PdfDocument(data)
    except PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == _WRONG_PASSWORD
        raise unparsable("encrypted" if is_locked else "truncated") from None


@dataclass(slots=True)
class _Reader:
    """Goes through the pages and remembers those that could not be read."""

    document: Any
    seconds: float
    started: float = field(default_factory=monotonic)
    pictures: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    def read(self, into: DocumentBuilder) -> Iterator[Member]:
        """Add the pages; give attached files, and what is missing with its cause."""
        pages = [self._page(number) for number in range(1, len(self.document) + 1)]
        _read_metadata(self.document, into)
        add_pages([page for page in pages if page is not None], _outline(self.document), into)
        for missing, cause in self._missing():
            if into.is_empty:
                raise unparsable(cause)
            yield Member(name=_named(missing), content=unparsable(cause))
        yield from _attachments(self.document)

    def _missing(self) -> Iterator[tuple[list[int], Cause]]:
        if self.broken:
            yield self.broken, "truncated"
        if self.pictures:
            yield self.pictures, "needs_ocr"
        if self.late:
            yield self.late, "took_too_long"

    def _page(self, number: int) -> Page | None:
        """The page; where it has no text but shows something, what recognition reads of it."""
        from pypdfium2 import PdfiumError

        try:
            page = self.document[number - 1]
        except PdfiumError:
            self.broken.append(number)
            return None
        try:
            found = read_page(page, number)
            if found.lines or next(page.get_objects(max_depth=2), None) is None:
                return found
            if monotonic() - self.started > self.seconds * _SHARE_FOR_SCANS:
                self.late.append(number)
                return None
            return _recognised(page, number)
        except PdfiumError:
            self.broken.append(number)
        except Unparsable:
            self.pictures.append(number)
        finally:
            page.close()
        return None


def _recognised(page: Any, number: int) -> Page:
    scale = _SCAN_SCALE * min(1.0, _MAX_SCAN_POINTS / max(1.0, *page.get_size()))
    return read_picture(lambda: page.render(scale=scale).to_pil(), number)


def _named(pages: list[int]) -> str:
    listed = ", ".join(map(str, pages[:20])) + (" …" if len(pages) > 20 else "")
    return f"{'page' if len(pages) == 1 else 'pages'} {listed}"


def _read_metadata(document: Any, into: DocumentBuilder) -> None:
    metadata = document.get_metadata_dict(skip_empty=True)
    title = clean(metadata.get("Title", "")).strip()
    if title and not _NO_TITLE.match(title):
        into.title = title
    if author := metadata.get("Author"):
        into.metadata["author"] = author


def _outline(document: Any) -> Outline:
    """The table of contents that is kept in the file, where there is one."""
    outline: dict[tuple[int, str], int] = {}
    for bookmark in islice(document.get_toc(max_depth=6), _MAX_OUTLINE):
        destination = bookmark.get_dest()
        index = destination.get_index() if destination is not None else None
        if index is not None:
            outline[outline_key(index + 1, bookmark.get_title())] = bookmark.level + 1
    return outline


def _attachments(document: Any) -> Iterator[Member]:
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        yield Member(name=attachment.get_name(), content=bytes(attachment.get_data()))
