"""Small files of every format, made here so that no binary lies in the repository."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pytest

from fourfold.ingestion.base import Limits, Parsed, SourceFile, Unparsable
from fourfold.ingestion.parse import parse_bytes

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def rels(targets: dict[str, str]) -> str:
    entries = "".join(f'<Relationship Id="{i}" Target="{t}"/>' for i, t in targets.items())
    return f'<Relationships xmlns="{_RELS}">{entries}</Relationships>'


def docx(body: str, **parts: str) -> bytes:
    styles = "".join(
        f'<w:style w:styleId="H{n}"><w:name w:val="heading {n}"/></w:style>' for n in (1, 2)
    )
    numbering = (
        f"<w:numbering {_W}><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'>"
        "<w:numFmt w:val='decimal'/></w:lvl></w:abstractNum>"
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>"
    )
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
            "word/numbering.xml": numbering,
            "word/_rels/document.xml.rels": rels({f"r{n}": f"{n}.xml" for n in parts}),
            **{f"word/{n}.xml": f"<w:{n} {_W}>{xml}</w:{n}>" for n, xml in parts.items()},
        }
    )


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def pptx(*slides: tuple[str, list[str], str]) -> bytes:
    """Slides of a title, lines of text and speaker notes."""
    parts: dict[str, str | bytes] = {"[Content_Types].xml": _TYPES}
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(len(slides)))
    parts["ppt/presentation.xml"] = (
        f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    )
    targets = {f"r{n}": f"slides/slide{len(slides) - n}.xml" for n in range(len(slides))}
    parts["ppt/_rels/presentation.xml.rels"] = rels(targets)
    for n, (title, lines, notes) in enumerate(slides):
        number = len(slides) - n  # the files are numbered in another order than the slides
        shapes = _shape("title", [title]) + _shape("body", lines) + _shape("sldNum", ["7"])
        parts[f"ppt/slides/slide{number}.xml"] = f"<p:sld {_P} {_A}>{shapes}</p:sld>"
        noted = _shape("body", [notes])
        parts[f"ppt/notesSlides/notesSlide{number}.xml"] = f"<p:notes {_P} {_A}>{noted}</p:notes>"
        target = {"r1": f"../notesSlides/notesSlide{number}.xml"}
        parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = rels(target)
    return zipped(parts)


def _shape(kind: str, lines: list[str]) -> str:
    texts = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in lines)
    holder = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{holder}<p:txBody>{texts}</p:txBody></p:sp>"


def xlsx(sheets: dict[str, str], *, strings: list[str] | None = None) -> bytes:
    """Sheets by name, each the XML of its rows (and what follows `sheetData`)."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets)
    )
    formats = "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 9, 164))
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings or [])
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "xl/workbook.xml": f"<workbook {_S} {_R}><sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": rels(
                {f"r{n}": f"worksheets/sheet{n}.xml" for n in range(len(sheets))}
            ),
            "xl/styles.xml": (
                f'<styleSheet {_S}><numFmts><numFmt numFmtId="164" '
                f'formatCode="#,##0.00 &quot;€&quot;"/></numFmts>'
                f"<cellXfs>{formats}</cellXfs></styleSheet>"
            ),
            "xl/sharedStrings.xml": f"<sst {_S}>{shared}</sst>",
            **{
                f"xl/worksheets/sheet{n}.xml": f"<worksheet {_S}>{xml}</worksheet>"
                for n, xml in enumerate(sheets.values())
            },
        }
    )


def cells(row: int, *values: str | float) -> str:
    """A row; a text is written in place, a number as it is."""
    made = []
    for column, value in zip("ABCDEFGH", values, strict=False):
        where = f'r="{column}{row}"'
        if isinstance(value, str) and value:
            made.append(f'<c {where} t="inlineStr"><is><t>{escape(value)}</t></is></c>')
        elif not isinstance(value, str):
            made.append(f"<c {where}><v>{value}</v></c>")
    return f'<row r="{row}">{"".join(made)}</row>'


def odt(body: str) -> bytes:
    names = {
        n: f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0" for n in ("office", "text", "table")
    }
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in names.items())
    content = (
        f"<office:document-content {spaces}><office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    return zipped({"mimetype": kind, "content.xml": content})


def pdf(*pages: list[tuple[int, int, int, str]]) -> bytes:
    """Pages of lines: left, bottom, size of the letters, text in Latin letters."""
    objects: list[bytes] = [b"", b""]
    kids = []
    for lines in pages:
        stream = "\n".join(
            f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET" for x, y, size, text in lines
        ).encode("cp1252")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        content = len(objects)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font"
            b"<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>>>"
            % content
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    data = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(data)
    count = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    return data + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, start)


def everything() -> dict[str, bytes]:
    """One small sound file of each format."""
    mail = (
        "From: Anna <anna@firma.example>\nTo: Ben <ben@firma.example>\nSubject: Lieferung\n"
        "Date: Wed, 4 Mar 2026 09:15:00 +0100\n\nHallo Ben,\n\ndie Ware kommt am Montag.\n"
    )
    return {
        "bericht.txt": "Die Garantie beträgt zwei Jahre.\n\nDanach gilt das Gesetz.".encode(),
        "handbuch.md": "# Pflege\n\nÖlen.\n\n| Teil | Preis |\n|--|--|\n| Akku | 90 € |\n".encode(),
        "preise.csv": "Artikel;Preis\nSäge;30\nHobel;40\n".encode("cp1252"),
        "seite.html": b"<html><body><h1>Versand</h1><p>Wir liefern bald.</p></body></html>",
        "liste.json": b'[{"name": "Anna", "age": 3}, {"name": "Ben", "age": 4}]',
        "zeilen.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "daten.xml": b"<?xml version='1.0'?><orte><ort><name>Kassel</name></ort></orte>",
        "mail.eml": mail.encode(),
        "chat.txt": b"12.03.26, 09:15 - Anna: Hallo\n12.03.26, 09:16 - Ben: Guten Morgen\n",
        "brief.docx": docx(
            paragraph("Garantie", "<w:pStyle w:val='H1'/>") + paragraph("Zwei Jahre.")
        ),
        "folien.pptx": pptx(
            ("Umsatz", ["Er stieg.", "Um 3 Prozent."], "Nicht vorlesen."), ("Ende", ["Danke."], "")
        ),
        "tabelle.xlsx": xlsx(
            {"Preise": f"<sheetData>{cells(1, 'Teil', 'Preis')}{cells(2, 'Akku', 90)}</sheetData>"}
        ),
        "text.odt": odt(
            '<text:h text:outline-level="1">Titel</text:h><text:p>Ein Absatz.</text:p>'
        ),
        "seiten.pdf": pdf(
            [(70, 780, 20, "Anleitung"), (70, 740, 10, "Erst lesen, dann schneiden.")]
        ),
        "paket.zip": zipped({"a.txt": "Ein Text im Archiv.", "b/c.csv": "Teil;Preis\nAkku;90\n"}),
    }


@pytest.fixture
def make() -> SimpleNamespace:
    """Makers of files: `make.docx(…)`."""
    names = (zipped, docx, paragraph, pptx, xlsx, cells, odt, pdf, everything)
    return SimpleNamespace(**{maker.__name__: maker for maker in names})


@pytest.fixture
def parse() -> Callable[[bytes | str, str], Parsed]:
    """Parse bytes in this process, with the usual limits."""

    def parsed(data: bytes | str, name: str) -> Parsed:
        raw = data.encode() if isinstance(data, str) else data
        return parse_bytes(raw, name, Limits())

    return parsed


@pytest.fixture
def cause() -> Callable[..., str]:
    """The cause for which bytes cannot be parsed; each message is a sentence with a way out."""

    def named(data: bytes, name: str, limits: Limits | None = None) -> str:
        with pytest.raises(Unparsable) as caught:
            parse_bytes(data, name, limits or Limits())
        assert caught.value.message.strip().endswith((".", ")"))
        assert caught.value.hint
        return caught.value.cause

    return named


@pytest.fixture
def source_file() -> Callable[[Path], SourceFile]:
    """A file on the disk as a connector offers it."""

    def offered(path: Path) -> SourceFile:
        size = path.stat().st_size
        return SourceFile(
            source="test", path=path.name, location=path, size_bytes=size, modified_ns=0
        )

    return offered
