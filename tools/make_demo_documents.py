# /// script
# requires-python = ">=3.11"
# dependencies = ["openpyxl==3.1.5", "python-docx==1.2.0", "python-pptx==1.0.2", "reportlab==5.1.0"]
# ///
"""Make the demo's PDF, DOCX, PPTX, XLSX and e-mail files from the texts in `demo_texts/`.

Run it with `uv run tools/make_demo_documents.py`, or with any Python that has the packages above.
The same texts give the same bytes: every date inside the files is fixed.

A text is called `NAME.FORMAT.md` and starts with lines `key: value`. Below them `##` is a heading
(in PPTX a slide, in XLSX a sheet), `- ` and `1. ` start list items, `| a | b |` is a table row (the
first row is the header), `<<page>>` breaks the page and `Notes:` holds the speaker's notes.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import groupby
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).parent / "demo_texts"
DOCUMENTS = Path(__file__).parents[1] / "src/fourfold/project/demo/documents"
PLACES = {
    "heckenschere-hs60-bedienungsanleitung.pdf": "manuals",
    "lawn-mower-rm43-manual.pdf": "manuals",
    "garantiebedingungen.pdf": "service",
    "serviceprozess-reparatur.docx": "service",
    "ersatzteilpreisliste-2026.xlsx": "service",
    "haendlerreklamation.eml": "service",
    "dealer-presentation-2026.pptx": "sales",
    "produktneuheiten-2027.pptx": "sales",
    "quarterly-figures-2026.xlsx": "sales",
    "battery-transport-safety.pdf": "safety",
    "onboarding-guide.docx": "people",
    "cell-delivery-schedule.eml": "purchasing",
    "gehaltsbaender-2026.xlsx": "personal",
}
DATE = datetime(2026, 10, 30, 8, 0)
GREEN = "1F5C3D"
PALE = "E4EFE8"
PAGE_WORD = {"de": "Seite", "en": "Page"}


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph, list, table, page break or note of a text."""

    kind: str
    rows: list[str]

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(self.rows)

    @property
    def cells(self) -> list[list[str]]:
        """The cells of a table, row by row."""
        return [[cell.strip() for cell in row.split("|")[1:-1]] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Text:
    """What a text file says: its header and its blocks."""

    header: dict[str, str]
    body: str

    @property
    def blocks(self) -> list[Block]:
        """Neighbouring lines of one kind form a block; every paragraph is one line."""
        lines = [line for line in self.body.splitlines() if line.strip()]
        blocks = []
        for kind, group in groupby(lines, key=_kind):
            rows = [re.sub(r"^(## |- |\d+\. |Notes: )", "", line) for line in group]
            joined = kind in {"table", "bullets", "numbers"}
            blocks += [Block(kind, rows)] if joined else [Block(kind, [row]) for row in rows]
        return blocks

    @property
    def sections(self) -> list[tuple[str, list[Block]]]:
        """Blocks below each heading: the slides or sheets."""
        sections: list[tuple[str, list[Block]]] = []
        for block in self.blocks:
            if block.kind == "heading":
                sections.append((block.text, []))
            else:
                sections[-1][1].append(block)
        return sections


def main() -> None:
    """Write every document into its folder."""
    makers: dict[str, Callable[[Text], bytes]] = {
        "pdf": make_pdf,
        "docx": make_docx,
        "pptx": make_pptx,
        "xlsx": make_xlsx,
        "eml": make_eml,
    }
    for name, folder in PLACES.items():
        content = makers[name.rpartition(".")[2]](read_text(name))
        target = DOCUMENTS / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"{len(content):>8} {target.relative_to(DOCUMENTS)}")


def read_text(name: str) -> Text:
    """Read the text from which the document of this name is made."""
    head, _, body = (TEXTS / f"{name}.md").read_text("utf-8").partition("\n\n")
    header = dict(line.split(": ", 1) for line in head.splitlines())
    return Text(header, body)


def make_pdf(text: Text) -> bytes:
    """Set an A4 document with running header and page numbers."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import (
        HRFlowable,
        ListFlowable,
        ListItem,
        PageBreak,
        Paragraph,
        SimpleDocTemplate,
        Spacer,
        Table,
    )

    for font in ("Vera", "VeraBd"):  # they come with reportlab
        pdfmetrics.registerFont(TTFont(font, f"{font}.ttf"))
    styles = _pdf_styles()
    header = text.header

    def paint(canvas: Any, document: Any) -> None:
        canvas.setFont("Vera", 8)
        canvas.setFillColor(HexColor("#555555"))
        canvas.drawString(24 * mm, 286 * mm, header["author"])
        canvas.drawString(24 * mm, 12 * mm, header["title"])
        number = f"{PAGE_WORD[header['lang']]} {document.page}"
        canvas.drawRightString(186 * mm, 12 * mm, number)

    def listed(block: Block) -> Any:
        items = [ListItem(Paragraph(row, styles["body"])) for row in block.rows]
        kind = "bullet" if block.kind == "bullets" else "1"
        return ListFlowable(items, bulletType=kind, bulletFontName="Vera", bulletFontSize=9.5)

    def table(block: Block) -> Any:
        rows = [[Paragraph(cell, styles["cell"]) for cell in row] for row in block.cells]
        grid = Table(rows, repeatRows=1, hAlign="LEFT", spaceBefore=4, spaceAfter=10)
        grid.setStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), HexColor(f"#{PALE}")),
                ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#B8C9BF")),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
        return grid

    make = {
        "heading": lambda block: Paragraph(block.text, styles["heading"]),
        "paragraph": lambda block: Paragraph(block.text, styles["body"]),
        "bullets": listed,
        "numbers": listed,
        "table": table,
        "page": lambda block: PageBreak(),
    }
    story = [
        Paragraph(header["title"], styles["title"]),
        Paragraph(header["subtitle"], styles["subtitle"]),
        HRFlowable(width="100%", thickness=1.5, color=HexColor(f"#{GREEN}")),
        Spacer(1, 8),
        *(make[block.kind](block) for block in text.blocks),
    ]
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=22 * mm,
        bottomMargin=22 * mm,
        title=header["title"],
        author=header["author"],
        lang=header["lang"],
        invariant=1,  # no dates, no random id
    )
    document.build(story, onFirstPage=paint, onLaterPages=paint)
    return out.getvalue()


def make_docx(text: Text) -> bytes:
    """Set a Word document with real heading, list and table styles."""
    from docx import Document
    from docx.shared import Mm, Pt, RGBColor

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    for style in ("Title", "Heading 1"):
        document.styles[style].font.color.rgb = RGBColor.from_string(GREEN)
    section.header.paragraphs[0].text = "Tannbruck Werkzeuge GmbH"
    _number_pages(section.footer.paragraphs[0], PAGE_WORD[text.header["lang"]])

    document.add_heading(text.header["title"], level=0)
    document.add_paragraph(text.header["subtitle"], style="Subtitle")
    document.add_paragraph(text.header["author"])
    styles = {"paragraph": "Normal", "bullets": "List Bullet", "numbers": "List Number"}
    for block in text.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=1)
        elif block.kind == "table":
            _docx_table(document, block.cells)
        else:
            for row in block.rows:
                document.add_paragraph(row, style=styles[block.kind])
    _describe(document.core_properties, text.header)
    return _frozen_zip(document.save)


def make_pptx(text: Text) -> bytes:
    """Make a title slide and one slide a section, with notes and slide numbers."""
    from pptx import Presentation
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    first = deck.slides.add_slide(deck.slide_layouts[0])
    subtitle = f"{text.header['subtitle']}\n{text.header['author']}"
    for shape, content, top in zip(
        first.placeholders, (text.header["title"], subtitle), (2.2, 4.2), strict=True
    ):
        shape.left, shape.top, shape.width, shape.height = map(Inches, (1, top, 11.333, 1.6))
        shape.text = content
        for paragraph in shape.text_frame.paragraphs:
            paragraph.alignment = PP_ALIGN.LEFT
    _paint_slide(first)
    for title, blocks in text.sections:
        _add_slide(deck, title, blocks)
    _describe(deck.core_properties, text.header)
    return _frozen_zip(deck.save)


def make_xlsx(text: Text) -> bytes:
    """Make one sheet a section; plain numbers become number cells."""
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet.properties import PageSetupProperties

    book = Workbook()
    book.remove(book.active)
    for title, blocks in text.sections:
        sheet = book.create_sheet(title)
        rows = blocks[0].cells
        for r, row in enumerate(rows, start=1):
            for c, content in enumerate(row, start=1):
                cell = sheet.cell(r, c, _value(content))
                if isinstance(cell.value, int | float):
                    cell.number_format = re.sub(r"\d", "0", re.sub(r"^\d+", "#,##0", content))
        for cell in sheet[1]:
            cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", fgColor=GREEN)
        for number, column in enumerate(zip(*rows, strict=True)):
            letter = chr(ord("A") + number)
            sheet.column_dimensions[letter].width = 4 + max(map(len, column))
        sheet.freeze_panes = "B2"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each the full width
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    _describe(book.properties, text.header)
    return _frozen_zip(book.save)


def make_eml(text: Text) -> bytes:
    """Write an e-mail; `attachment` names a PDF that is made from its own text."""
    mail = EmailMessage(policy=SMTP)
    names = {"from": "From", "to": "To", "cc": "Cc", "subject": "Subject", "date": "Date"}
    for key, name in names.items():
        mail[name] = text.header[key]
    mail["Message-ID"] = text.header["id"]
    mail.set_content(text.body.strip() + "\n", cte="quoted-printable")
    if attachment := text.header.get("attachment"):
        mail.add_attachment(
            make_pdf(read_text(attachment)),
            maintype="application",
            subtype="pdf",
            filename=attachment,
        )
        mail.set_boundary("=-tannbruck-demo-boundary")
    return mail.as_bytes()


def _kind(line: str) -> str:
    marks = {
        "## ": "heading",
        "- ": "bullets",
        "| ": "table",
        "<<page>>": "page",
        "Notes: ": "notes",
    }
    if re.match(r"\d+\. ", line):
        return "numbers"
    return next((kind for mark, kind in marks.items() if line.startswith(mark)), "paragraph")


def _value(cell: str) -> str | int | float | None:
    if re.fullmatch(r"\d+", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"\d+\.\d+", cell) else cell or None


def _pdf_styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    green = HexColor(f"#{GREEN}")
    body = ParagraphStyle("body", fontName="Vera", fontSize=9.5, leading=14, spaceAfter=6)
    bold = ParagraphStyle("bold", body, fontName="VeraBd", textColor=green)
    return {
        "body": body,
        "cell": ParagraphStyle("cell", body, fontSize=9, leading=12, spaceAfter=0),
        "title": ParagraphStyle("title", bold, fontSize=19, leading=25),
        "subtitle": ParagraphStyle("subtitle", body, fontSize=9.5, textColor=HexColor("#555555")),
        "heading": ParagraphStyle(
            "heading", bold, fontSize=12.5, leading=17, spaceBefore=10, spaceAfter=5, keepWithNext=1
        ),
    }


def _docx_table(document: Any, rows: list[list[str]]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for target, source in zip(table.rows, rows, strict=True):
        for cell, content in zip(target.cells, source, strict=True):
            cell.text = content
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), PALE)
        cell._tc.get_or_add_tcPr().append(shade)
    document.add_paragraph()


def _number_pages(paragraph: Any, word: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph.add_run(f"{word} ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _add_slide(deck: Any, title: str, blocks: list[Block]) -> None:
    from pptx.util import Inches, Pt

    bullets = [row for block in blocks if block.kind == "bullets" for row in block.rows]
    slide = deck.slides.add_slide(deck.slide_layouts[1 if bullets else 5])
    heading = slide.shapes.title
    heading.left, heading.top, heading.width, heading.height = map(Inches, (0.8, 0.4, 11.7, 1))
    heading.text = title
    top = 1.7
    for block in blocks:
        if block.kind == "table":
            top += _slide_table(slide, block.cells, top)
        elif block.kind == "notes":
            slide.notes_slide.notes_text_frame.text = block.text
    if bullets:
        body = slide.placeholders[1]
        body.left, body.top, body.width, body.height = map(Inches, (0.8, top, 11.7, 6.7 - top))
        body.text = "\n".join(bullets)
        for paragraph in body.text_frame.paragraphs:
            paragraph.font.size = Pt(24)
            paragraph.space_after = Pt(8)
    _paint_slide(slide, number=len(deck.slides))


def _slide_table(slide: Any, rows: list[list[str]], top: float) -> float:
    from pptx.dml.color import RGBColor
    from pptx.util import Inches, Pt

    height = 0.5 * len(rows)
    place = map(Inches, (0.8, top, 11.7, height))
    table = slide.shapes.add_table(len(rows), len(rows[0]), *place).table
    for r, row in enumerate(rows):
        for c, content in enumerate(row):
            cell = table.cell(r, c)
            cell.text = content
            cell.text_frame.paragraphs[0].font.size = Pt(18)
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(PALE if r else GREEN)
    return height + 0.4


def _paint_slide(slide: Any, number: int = 1) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches, Pt

    bar = slide.shapes.add_shape(1, 0, 0, Inches(0.3), Inches(7.5))
    bar.fill.solid()
    bar.fill.fore_color.rgb = RGBColor.from_string(GREEN)
    bar.line.fill.background()
    title = slide.shapes.title.text_frame.paragraphs[0]
    title.alignment = PP_ALIGN.LEFT
    title.font.size = Pt(36 if number > 1 else 48)
    title.font.color.rgb = RGBColor.from_string(GREEN)
    box = slide.shapes.add_textbox(*map(Inches, (11.3, 6.9, 1.6, 0.4)))
    box.text_frame.text = str(number)
    box.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
    box.text_frame.paragraphs[0].font.size = Pt(12)


def _describe(properties: Any, header: dict[str, str]) -> None:
    properties.title = header["title"]
    properties.subject = header["subtitle"]
    properties.language = header["lang"]
    properties.created = properties.modified = DATE
    author = "author" if hasattr(properties, "author") else "creator"
    setattr(properties, author, header["author"])


def _frozen_zip(save: Callable[[io.BytesIO], None]) -> bytes:
    """Save an Office file with fixed dates: the libraries write the current time."""
    raw, out = io.BytesIO(), io.BytesIO()
    save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = f"{DATE:%Y-%m-%dT%H:%M:%SZ}".encode()
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", stamp, content)
            entry = zipfile.ZipInfo(name, DATE.timetuple()[:6])
            target.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


if __name__ == "__main__":
    main()
