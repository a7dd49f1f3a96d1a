"""Pictures of text, and PDF files in which some pages are scans."""

import io
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fourfold.ingestion import ocr
from fourfold.ingestion.base import Parsed

Image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
Parse = Callable[[bytes | str, str], Parsed]


def picture(*lines: str) -> Any:
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (900, 60 + 70 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((30, 30 + 70 * number), line, fill="black", font=ImageFont.load_default(40))
    return image


def saved(image: Any, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def no_ocr(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ocr._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    yield
    ocr._engine.cache_clear()


@pytest.mark.usefixtures("no_ocr")
def test_a_picture_needs_the_extra(cause: Callable[..., str]) -> None:
    assert cause(saved(picture("Garantie"), "PNG"), "a.png") == "needs_ocr"
    assert cause(saved(picture("Garantie"), "PDF"), "a.pdf") == "needs_ocr"


@pytest.mark.usefixtures("no_ocr")
def test_scanned_pages_among_others_are_named(parse: Parse, make: SimpleNamespace) -> None:
    parsed = parse(_half_scanned(make), "a.pdf")
    assert [element.place.page for element in parsed.documents[0].elements] == [1]
    assert [(f.member, f.cause) for f in parsed.failures] == [("!/page 2", "needs_ocr")]


def test_a_broken_picture_is_named(cause: Callable[..., str]) -> None:
    pytest.importorskip("rapidocr")
    assert cause(saved(picture("Garantie"), "PNG")[:300], "a.png") == "truncated"


@pytest.mark.slow
def test_german_text_in_pictures_is_read(parse: Parse, make: SimpleNamespace) -> None:
    pytest.importorskip("rapidocr")
    from pypdfium2 import PdfDocument

    lines = [
        "Die Garantie beträgt zwei Jahre und gilt für alle Geräte.",
        "Prüfen Sie vor jedem Gebrauch die Größe und Schärfe der Messer.",
        "Öffnen Sie das Gehäuse nicht; überlassen Sie das einer Werkstatt.",
    ]
    page = PdfDocument(make.pdf([(60, 760 - 30 * n, 14, line) for n, line in enumerate(lines)]))[0]
    image = page.render(scale=200 / 72).to_pil()
    found = set(parse(saved(image, "PNG"), "a.png").documents[0].text.split())
    wanted = " ".join(lines).split()
    assert sum(word in found for word in wanted) >= 0.9 * len(wanted)


@pytest.mark.slow
def test_only_the_scanned_pages_are_recognised(parse: Parse, make: SimpleNamespace) -> None:
    pytest.importorskip("rapidocr")
    parsed = parse(_half_scanned(make), "a.pdf")
    elements = parsed.documents[0].elements
    assert [(element.text, element.place.page) for element in elements] == [
        ("Seite mit Text.", 1),
        ("Gescannte Seite", 2),
    ]
    assert parsed.failures == ()


def _half_scanned(make: SimpleNamespace) -> bytes:
    from pypdfium2 import PdfDocument

    scan = PdfDocument(saved(picture("Gescannte Seite"), "PDF", resolution=100))
    document = PdfDocument(make.pdf([(70, 700, 12, "Seite mit Text.")]))
    document.import_pages(scan)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
