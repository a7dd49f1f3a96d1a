"""Text, Markdown, tables as text, JSON, XML and web pages."""

from collections.abc import Callable

import pytest

from fourfold.ingestion.base import Parsed

Parse = Callable[[bytes | str, str], Parsed]


def pieces(parsed: Parsed) -> list[tuple[str, str, int | None]]:
    return [(e.kind, e.text, e.place.line) for e in parsed.documents[0].elements]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252"],
)
def test_german_text_is_read_in_any_encoding(parse: Parse, encoding: str) -> None:
    text = "Für Größe und Übermaß gilt: „schön“ kostet 15 €. Ärger gibt es nicht."
    assert parse(text.encode(encoding), "a.txt").documents[0].text == text


@pytest.mark.parametrize("encoding", ["latin-1", "cp850", "cp437"])
def test_german_text_of_old_systems_is_read(parse: Parse, encoding: str) -> None:
    text = "Für Größe und Übermaß gilt die Prüfung der Geräte über äußere Schäden."
    assert parse(text.encode(encoding), "a.txt").documents[0].text == text


def test_text_that_was_encoded_twice_is_mended(parse: Parse) -> None:
    twice = "Prüfung – Größe".encode().decode("latin-1").encode()
    assert parse(twice, "a.txt").documents[0].text == "Prüfung – Größe"


def test_wrapped_lines_become_paragraphs_with_their_line(parse: Parse) -> None:
    text = (
        "\nDies ist ein Absatz, den ein Programm nach einer festen Zahl\n"
        "von Zeichen umgebrochen hat.\n\n- erstens\n- zweitens\n\nAnna\nBen\n"
    )
    assert pieces(parse(text, "a.txt")) == [
        (
            "paragraph",
            "Dies ist ein Absatz, den ein Programm nach einer festen Zahl "
            "von Zeichen umgebrochen hat.",
            2,
        ),
        ("list", "- erstens\n- zweitens", 5),
        ("paragraph", "Anna\nBen", 8),
    ]


def test_a_text_without_blank_lines_is_not_one_piece(parse: Parse) -> None:
    lines = "\n".join(f"Zeile {number} ist kurz." for number in range(1, 501))
    found = pieces(parse(lines, "a.txt"))
    assert len(found) > 3
    assert all(text.startswith(f"Zeile {line} ") for _, text, line in found)


def test_markdown_keeps_structure_and_loses_marks(parse: Parse) -> None:
    text = (
        "---\ntitle: Handbuch\n---\n# Garantie *Zeit*\n\nZwei **Jahre**, siehe [hier](http://x).\n\n"
        "- Akku\n  lang\n- Gerät\n\n## Preise\n\n| Teil | Preis |\n|---|--:|\n| A\\|B | 3 € |\n\n"
        "```python\na = 1\n\nb = 2\n```\nsnake_case_name\n"
    )
    document = parse(text, "a.md").documents[0]
    assert document.title == "Handbuch"
    assert pieces(Parsed(documents=(document,))) == [
        ("title", "Garantie Zeit", 4),
        ("paragraph", "Zwei Jahre, siehe hier.", 6),
        ("list", "- Akku lang\n- Gerät", 8),
        ("title", "Preise", 12),
        ("table", "Teil: A|B; Preis: 3 €", 14),
        ("code", "a = 1\n\nb = 2", 18),
        ("paragraph", "snake_case_name", 23),
    ]
    assert document.elements[4].place.headings == ("Garantie Zeit", "Preise")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_row_of_a_csv_stands_alone(parse: Parse, delimiter: str) -> None:
    rows = 'Artikel;Preis\n\nSäge;30\n"Hobel\nneu";40\nTon;5\n'
    text = rows.replace(";", delimiter)
    assert pieces(parse(text, "a.csv")) == [
        ("table", "Artikel: Säge; Preis: 30", 3),
        ("table", "Artikel: Hobel neu; Preis: 40", 4),
        ("table", "Artikel: Ton; Preis: 5", 6),
    ]


def test_a_csv_without_header_and_one_with_a_title(parse: Parse) -> None:
    assert pieces(parse("a,1\nb,2\n", "a.csv"))[0] == ("table", "a; 1", 1)
    titled = pieces(parse("Liste 2026,,\nTeil,Ort,Zahl\nA,B,3\nC,D,4\n", "a.csv"))
    assert titled[:2] == [("title", "Liste 2026", 1), ("table", "Teil: A; Ort: B; Zahl: 3", 3)]


def test_json_records_are_readable_lines(parse: Parse) -> None:
    found = pieces(parse('[{"name": "Anna", "tags": ["a", "b"], "at": {"x": 1}}, 7]', "a.json"))
    assert found == [("table", "name: Anna; tags: a, b; at.x: 1", 1), ("table", "7", 2)]


def test_json_lines_have_their_line(parse: Parse) -> None:
    assert pieces(parse('{"a": 1}\n\n{"a": "ü"}\n', "a.jsonl"))[1] == ("table", "a: ü", 3)


def test_xml_records_are_readable_lines(parse: Parse) -> None:
    text = (
        '<?xml version="1.0" encoding="utf-8"?><l><o n="1"><name>Kassel</name><zip>3</zip></o></l>'
    )
    assert pieces(parse(text.encode("utf-16"), "a.xml"))[0][1] == "n: 1; name: Kassel; zip: 3"


def test_a_web_page_gives_its_main_text(parse: Parse) -> None:
    page = (
        "<!doctype html><html><head><title>Shop</title><style>p{}</style></head><body>"
        "<nav><a>Start</a></nav><h1>Versand</h1><p>Wir liefern<br>schnell &amp; gut.</p>"
        "<script>alert(1)</script><h2>Kosten</h2><ul><li>Paket<ol><li>klein</li></ol></li>"
        "<li>Brief</li></ul><table><tr><th>Land</th><th>Preis</th></tr><tr><td>AT</td><td>5</td>"
        "</tr></table><footer>Impressum</footer></body></html>"
    )
    document = parse(page, "a.html").documents[0]
    assert document.title == "Shop"
    assert [(e.kind, e.text) for e in document.elements] == [
        ("title", "Versand"),
        ("paragraph", "Wir liefern\nschnell & gut."),
        ("title", "Kosten"),
        ("list", "- Paket\n  1. klein\n- Brief"),
        ("table", "Land: AT; Preis: 5"),
    ]


def test_the_page_says_its_encoding(parse: Parse) -> None:
    page = '<html><head><meta charset="iso-8859-2"></head><body><p>Łódź i Kraków</p></body></html>'
    assert parse(page.encode("iso-8859-2"), "a.html").documents[0].text == "Łódź i Kraków"


def test_tables_that_arrange_a_page_are_no_tables(parse: Parse) -> None:
    page = (
        "<html><table><tr><td>Links<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td>"
        "</tr></table></td><td>Rechts</td></tr></table></html>"
    )
    found = [(kind, text) for kind, text, _ in pieces(parse(page, "a.html"))]
    assert found == [("paragraph", "Links"), ("table", "A: 1; B: 2"), ("paragraph", "Rechts")]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Garantie beträgt zwei Jahre und beginnt mit dem Kauf.", "de"),
        ("THE WARRANTY LASTS TWO YEARS AND BEGINS WITH THE PURCHASE.", "en"),
        ("12 34 56 78", ""),
    ],
)
def test_the_language_is_told(parse: Parse, text: str, language: str) -> None:
    assert parse(text, "a.txt").documents[0].language == language
