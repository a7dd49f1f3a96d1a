"""Word, PowerPoint, Excel, OpenDocument and PDF."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fourfold.ingestion.base import Parsed
from fourfold.ingestion.parsers.cell_values import CellFormats

Parse = Callable[[bytes | str, str], Parsed]
HEADING = "<w:pStyle w:val='H1'/>"
ITEM = "<w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr>"


def pieces(parsed: Parsed) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in parsed.documents[0].elements]


def test_word_gives_headings_lists_and_tables_in_order(parse: Parse, make: SimpleNamespace) -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    table = row.format(make.paragraph("Teil"), make.paragraph("Preis"))
    table += row.format(make.paragraph("Akku"), make.paragraph("90 €"))
    body = (
        make.paragraph("Garantie", HEADING)
        + make.paragraph("Zwei Jahre.")
        + make.paragraph("lesen", ITEM)
        + make.paragraph("handeln", ITEM)
        + f"<w:tbl>{table}</w:tbl>"
    )
    found = parse(make.docx(body), "a.docx")
    assert pieces(found) == [
        ("title", "Garantie"),
        ("paragraph", "Zwei Jahre."),
        ("list", "1. lesen\n2. handeln"),
        ("table", "Teil: Akku; Preis: 90 €"),
    ]
    assert found.documents[0].elements[3].place.headings == ("Garantie",)


def test_word_headers_come_once_and_deleted_text_not_at_all(
    parse: Parse, make: SimpleNamespace
) -> None:
    body = (
        "<w:p><w:r><w:t>Neu</w:t></w:r><w:del><w:r><w:t>Alt</w:t></w:r></w:del></w:p>"
        "<w:p><w:r><w:lastRenderedPageBreak/><w:t>Seite zwei</w:t></w:r></w:p>"
    )
    header = make.paragraph("Firma GmbH")
    found = parse(make.docx(body, header1=header, header2=header), "a.docx")
    assert pieces(found) == [
        ("paragraph", "Neu"),
        ("paragraph", "Seite zwei"),
        ("note", "Firma GmbH"),
    ]
    assert [e.place.page for e in found.documents[0].elements] == [1, 2, None]


def test_slides_come_in_the_order_in_which_they_are_shown(
    parse: Parse, make: SimpleNamespace
) -> None:
    data = make.pptx(("Umsatz", ["Er stieg.", "Um 3 %."], "Leise sagen."), ("Ende", ["Danke."], ""))
    elements = parse(data, "a.pptx").documents[0].elements
    assert [(e.kind, e.text, e.place.slide, e.place.headings) for e in elements] == [
        ("title", "Umsatz", 1, ()),
        ("list", "Er stieg.\nUm 3 %.", 1, ("Umsatz",)),
        ("note", "Leise sagen.", 1, ("Umsatz",)),
        ("title", "Ende", 2, ()),
        ("paragraph", "Danke.", 2, ("Ende",)),
    ]


def test_rows_of_a_sheet_stand_alone(parse: Parse, make: SimpleNamespace) -> None:
    rows = (
        make.cells(1, "Preisliste")
        + make.cells(3, "Teil", "Preis", "Seit")
        + '<row r="4"><c r="A4" t="s"><v>0</v></c><c r="B4" s="3"><v>89.9</v></c>'
        '<c r="C4" s="1"><v>46085</v></c></row>'
        + '<row r="5"><c r="A5" t="str"><f>"Ho"&amp;"bel"</f><v>Hobel</v></c>'
        '<c r="B5"><f>1/10+2/10</f><v>0.30000000000000004</v></c></row>'
        + make.cells(8, "Land", "Anteil")
        + '<row r="9"><c r="A9" t="inlineStr"><is><t>AT</t></is></c>'
        '<c r="B9" s="2"><v>0.19</v></c></row>'
    )
    data = make.xlsx({"Preise": f"<sheetData>{rows}</sheetData>", "Leer": ""}, strings=["Säge"])
    elements = parse(data, "a.xlsx").documents[0].elements
    assert [(e.text, e.place.line) for e in elements if e.place.sheet == "Preise"] == [
        ("Preise", None),
        ("Preisliste", 1),
        ("Teil: Säge; Preis: 89.9 €; Seit: 2026-03-04", 4),
        ("Teil: Hobel; Preis: 0.3", 5),
        ("Land: AT; Anteil: 19 %", 9),
    ]


def test_merged_cells_name_every_column_and_row(parse: Parse, make: SimpleNamespace) -> None:
    rows = (
        make.cells(1, "Werk", "2025", "", "2026")
        + make.cells(2, "", "Soll", "Ist", "Soll")
        + make.cells(3, "Kassel", 1, 2, 3)
        + make.cells(4, "", 4, 5, 6)
    )
    merged = '<mergeCells><mergeCell ref="B1:C1"/><mergeCell ref="A3:A4"/></mergeCells>'
    data = make.xlsx({"Sheet1": f"<sheetData>{rows}</sheetData>{merged}"})
    texts = [e.text for e in parse(data, "a.xlsx").documents[0].elements]
    assert texts[0].startswith("Werk: Kassel; 2025 Soll: 1; 2025 Ist: 2; 2026 Soll: 3")
    assert texts[1].startswith("Werk: Kassel; 2025 Soll: 4")


@pytest.mark.parametrize(
    ("raw", "code", "shown"),
    [
        ("46085", "dd.mm.yyyy", "2026-03-04"),
        ("46085.5", "dd.mm.yyyy hh:mm", "2026-03-04 12:00"),
        ("0.25", "h:mm", "06:00"),
        ("1234.5", "[$€-407] #,##0.00", "1234.5 €"),
        ("0.075", "0.0%", "7.5 %"),
        ("12", "General", "12"),
        ("nan?", "0", "nan?"),
        ("1e300", "yyyy", "1e+300"),
    ],
)
def test_numbers_are_shown_as_in_the_program(raw: str, code: str, shown: str) -> None:
    from datetime import datetime

    assert CellFormats((code,), datetime(1899, 12, 30)).text(raw, "0") == shown


def test_open_document_text(parse: Parse, make: SimpleNamespace) -> None:
    body = (
        '<text:h text:outline-level="1">Titel</text:h><text:p>Ein<text:s/>Satz.'
        "<text:note><text:note-body><text:p>Fußnote.</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>eins</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Teil</text:p></table:table-cell>"
        "<table:table-cell><text:p>Zahl</text:p></table:table-cell></table:table-row><table:table-row>"
        "<table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>1</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    assert pieces(parse(make.odt(body), "a.odt")) == [
        ("title", "Titel"),
        ("paragraph", "Ein Satz."),
        ("note", "Fußnote."),
        ("list", "- eins"),
        ("table", "Teil: A; Zahl: 1"),
    ]


def test_a_pdf_gives_headings_paragraphs_and_tables_by_page(
    parse: Parse, make: SimpleNamespace
) -> None:
    first = [
        (70, 780, 20, "Anleitung"),
        (70, 740, 10, "Lesen Sie diese Anleitung ganz, bevor Sie das Gerät zum ersten Mal be-"),
        (70, 728, 10, "nutzen, und heben Sie sie auf."),
        (70, 700, 10, "Teil"),
        (300, 700, 10, "Preis"),
        (70, 685, 10, "Akku"),
        (300, 685, 10, "90 EUR"),
        (70, 670, 10, "Messer"),
        (300, 670, 10, "12 EUR"),
    ]
    found = parse(make.pdf(first, [(70, 780, 10, "Auf der zweiten Seite.")]), "a.pdf")
    elements = found.documents[0].elements
    assert [(e.kind, e.text, e.place.page) for e in elements] == [
        ("title", "Anleitung", 1),
        (
            "paragraph",
            "Lesen Sie diese Anleitung ganz, bevor Sie das Gerät zum ersten Mal "
            "benutzen, und heben Sie sie auf.",
            1,
        ),
        ("table", "Teil: Akku; Preis: 90 EUR\nTeil: Messer; Preis: 12 EUR", 1),
        ("paragraph", "Auf der zweiten Seite.", 2),
    ]


@pytest.mark.parametrize("beside", [688, 694])  # as high as the second of three lines; in between
def test_a_row_of_a_pdf_stays_whole_when_its_first_cell_has_more_lines(
    parse: Parse, make: SimpleNamespace, beside: int
) -> None:
    rows = [
        [(70, 720, 10, "Produkt"), (230, 720, 10, "Privat"), (380, 720, 10, "Gewerblich")],
        [(70, 700, 10, "Heckenschere"), (70, 688, 10, "und Mäher"), (70, 676, 10, "und Säge")],
        [(230, beside, 10, "36 Monate"), (380, beside, 10, "12 Monate")],
        [(70, 656, 10, "Akkus"), (230, 656, 10, "24 Monate"), (380, 656, 10, "6 Monate")],
        [(70, 636, 10, "Messer"), (230, 636, 10, "6 Monate"), (380, 636, 10, "6 Monate")],
    ]
    found = pieces(parse(make.pdf([cell for row in rows for cell in row]), "a.pdf"))
    assert found == [
        (
            "table",
            "Produkt: Heckenschere und Mäher und Säge; Privat: 36 Monate; Gewerblich: 12 Monate\n"
            "Produkt: Akkus; Privat: 24 Monate; Gewerblich: 6 Monate\n"
            "Produkt: Messer; Privat: 6 Monate; Gewerblich: 6 Monate",
        )
    ]


def _drawn(*rows: tuple[int, str, str]) -> list[tuple[int, int, int, str]]:
    """Rows of two columns: how high they stand, their two cells."""
    return [
        (left, top, 10, text)
        for top, *texts in rows
        for left, text in zip((70, 230), texts, strict=True)
        if text
    ]


@pytest.mark.parametrize("above", [20, 26])  # as far as rows are apart; a little more
def test_names_of_sections_in_a_table_of_a_pdf_leave_the_header_to_all_rows(
    parse: Parse, make: SimpleNamespace, above: int
) -> None:
    table = _drawn(
        (720, "Produkt", "Preis"),
        (720 - above, "Akku-Geräte", ""),
        (700 - above, "AKS 36", "399 Euro"),
        (700 - 2 * above, "Netzgeräte", ""),
        (680 - 2 * above, "KS 5", "249 Euro"),
        (660 - 2 * above, "KS 7", "299 Euro"),
    )
    found = pieces(parse(make.pdf(table), "a.pdf"))
    assert found == [
        (
            "table",
            "Akku-Geräte\n"
            "Produkt: AKS 36; Preis: 399 Euro\n"
            "Netzgeräte\n"
            "Produkt: KS 5; Preis: 249 Euro\n"
            "Produkt: KS 7; Preis: 299 Euro",
        )
    ]


def test_sections_of_one_row_each_and_sections_in_sections_keep_their_names(
    parse: Parse, make: SimpleNamespace
) -> None:
    texts = [
        ("Produkt", "Preis"),
        ("Sägen", ""),
        ("Akku-Geräte", ""),
        ("AKS 36", "399 Euro"),
        ("Netzgeräte", ""),
        ("KS 5", "auf Anfrage"),
    ]
    table = _drawn(*((720 - 20 * n, *row) for n, row in enumerate(texts)))
    found = pieces(parse(make.pdf(table), "a.pdf"))
    assert found == [
        (
            "table",
            "Sägen\nAkku-Geräte\nProdukt: AKS 36; Preis: 399 Euro\n"
            "Netzgeräte\nProdukt: KS 5; Preis: auf Anfrage",
        )
    ]


def test_a_short_line_between_two_tables_of_a_pdf_stays_outside(
    parse: Parse, make: SimpleNamespace
) -> None:
    tables = _drawn(
        (740, "Preise", ""),
        (720, "Produkt", "Preis"),
        (700, "KS 5", "249 Euro"),
        (680, "KS 7", "299 Euro"),
        (645, "Laufzeiten", ""),
        (625, "Produkt", "Dauer"),
        (605, "KS 5", "2 Stunden"),
        (585, "Restposten", ""),
        (565, "Produkt", "Dauer"),
        (545, "KS 3", "1 Stunde"),
        (529, "Ohne Gewähr", ""),
    )
    found = pieces(parse(make.pdf(tables), "a.pdf"))
    assert found == [
        ("paragraph", "Preise"),
        ("table", "Produkt: KS 5; Preis: 249 Euro\nProdukt: KS 7; Preis: 299 Euro"),
        ("paragraph", "Laufzeiten"),
        ("table", "Produkt: KS 5; Dauer: 2 Stunden"),
        ("paragraph", "Restposten"),
        ("table", "Produkt: KS 3; Dauer: 1 Stunde"),
        ("paragraph", "Ohne Gewähr"),
    ]


@pytest.mark.parametrize("more", [("KS 7",), ("KS 7", "mit Koffer")])
def test_the_first_cell_of_the_last_row_of_a_pdf_keeps_all_its_lines(
    parse: Parse, make: SimpleNamespace, more: tuple[str, ...]
) -> None:
    table = _drawn(
        (720, "Produkt", "Preis"),
        (700, "Messer", "12 Euro"),
        (680, "Kappsäge", "399 Euro"),
        *((668 - 12 * n, text, "") for n, text in enumerate(more)),
        (600, "Alle Preise gelten ab Werk.", ""),
    )
    found = pieces(parse(make.pdf(table), "a.pdf"))
    assert found == [
        (
            "table",
            f"Produkt: Messer; Preis: 12 Euro\nProdukt: Kappsäge {' '.join(more)}; Preis: 399 Euro",
        ),
        ("paragraph", "Alle Preise gelten ab Werk."),
    ]


def test_two_blocks_of_text_side_by_side_are_no_table(parse: Parse, make: SimpleNamespace) -> None:
    left = [(70, 700 - 12 * n, 10, text) for n, text in enumerate(["Werk Nord", "Hafen 1", "Kiel"])]
    right = [(320, 700 - 12 * n, 10, text) for n, text in enumerate(["Werk Süd", "Ulm"])]
    found = pieces(parse(make.pdf([*left, *right]), "a.pdf"))
    assert [kind for kind, _ in found if kind == "table"] == []
    assert " ".join(text for _, text in found) == "Werk Nord Hafen 1 Kiel Werk Süd Ulm"


def test_running_titles_of_a_pdf_come_once(parse: Parse, make: SimpleNamespace) -> None:
    pages = [
        [
            (70, 820, 8, "Firma GmbH"),
            (70, 700, 10, f"Satz {n} des Textes."),
            (280, 20, 8, f"Seite {n}"),
        ]
        for n in range(1, 6)
    ]
    texts = [text for _, text in pieces(parse(make.pdf(*pages), "a.pdf"))]
    assert texts.count("Firma GmbH") == 1
    assert sum(text.startswith("Seite") for text in texts) == 1
    assert sum(text.startswith("Satz") for text in texts) == 5
