"""Pictures and photos of text, through text recognition."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import partial
from typing import Any

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.ocr import read_picture
from fourfold.ingestion.parsers.page_layout import add_pages

_MAX_FRAMES = 200  # pages of a TIFF


class ImageParser:
    """What is written in a picture; each frame of a TIFF is a page."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Needs the extra `ocr`."""
        count = min(_frames(content.data), _MAX_FRAMES)
        pages = [read_picture(partial(_frame, content.data, n), n + 1) for n in range(count)]
        add_pages(pages, {}, into)
        return ()


def _frames(data: bytes) -> int:
    try:
        from PIL import Image
    except ImportError:
        raise unparsable("needs_ocr") from None
    with Image.open(io.BytesIO(data)) as image:
        return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def _frame(data: bytes, number: int) -> Any:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data))
        if number:
            image.seek(number)
        return ImageOps.exif_transpose(image.convert("RGB"))
    except Image.DecompressionBombError:
        raise unparsable("too_large") from None
    except UnidentifiedImageError:
        raise unparsable("unreadable") from None
    except (OSError, SyntaxError, ValueError):
        raise unparsable("truncated") from None
