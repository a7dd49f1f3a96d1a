"""Passages: where they end, how large they are, and that they are exact."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from fourfold.core.records import Chunk
from fourfold.ingestion.base import Parsed, SourceFile
from fourfold.ingestion.chunker import MAX_TOKENS, chunk_document

Parse = Callable[[bytes | str, str], Parsed]


def words(text: str) -> int:
    return len(text.split())


def chunks(parsed: Parsed, target: int = 20, most: int = 40) -> list[Chunk]:
    file = SourceFile(
        source="s",
        path="ordner/a.md",
        location=Path("a.md"),
        size_bytes=0,
        modified_ns=0,
        groups=frozenset({"hr"}),
        metadata={"team": "x", "author": "rule"},
    )
    found = []
    for document in parsed.documents:
        new = chunk_document(
            document, file, count_tokens=words, target_tokens=target, max_tokens=most
        )
        assert all(c.text == document.text[c.place.start : c.place.end] for c in new)
        assert all(words(c.text) <= most for c in new)
        found += new
    return found


def test_small_paragraphs_under_one_heading_are_joined(parse: Parse) -> None:
    text = "# A\n\neins zwei\n\ndrei vier\n\n# B\n\nfünf\n"
    found = chunks(parse(text, "a.md"))
    assert [(c.text, c.place.heading, c.place.line) for c in found] == [
        ("eins zwei\n\ndrei vier", "A", 3),
        ("fünf", "B", 9),
    ]


def test_a_chunk_repeats_what_its_document_says(parse: Parse) -> None:
    found = chunks(parse("---\nauthor: Anna\nkind: k\n---\n# Titel\n\nText", "a.md"))[0]
    assert (found.path, found.title) == ("ordner/a.md", "Titel")
    assert found.groups == frozenset({"hr"})
    assert found.metadata == {"author": "rule", "kind": "k", "team": "x"}
    assert found.context == "Titel"


def test_a_member_has_its_own_path(parse: Parse, make: SimpleNamespace) -> None:
    assert chunks(parse(make.zipped({"b.txt": "Hallo"}), "a.zip"))[0].path == "ordner/a.md!/b.txt"


def test_a_heading_without_text_is_a_passage(parse: Parse) -> None:
    assert [c.text for c in chunks(parse("# Nur ein Titel\n\n# B\n\nText\n\n# Ende", "a.md"))] == [
        "Nur ein Titel",
        "Text",
        "Ende",
    ]


def test_messages_slides_and_pages_are_never_joined(parse: Parse, make: SimpleNamespace) -> None:
    chat = "12.03.26, 09:15 - Anna: Hallo\n12.03.26, 09:16 - Ben: Ja\n"
    assert len(chunks(parse(chat, "chat.txt"))) == 2
    slides = make.pptx(("", ["eins"], ""), ("", ["zwei"], ""))
    assert [c.place.slide for c in chunks(parse(slides, "a.pptx"))] == [1, 2]
    pages = make.pdf([(70, 700, 10, "eins")], [(70, 700, 10, "zwei")])
    assert [c.place.page for c in chunks(parse(pages, "a.pdf"))] == [1, 2]


def test_a_long_paragraph_is_cut_at_ends_of_sentences(parse: Parse) -> None:
    sentence = "Die Frist endet z. B. am 3. März, wie es in Abs. 2 steht."
    found = chunks(parse(" ".join([sentence] * 12), "a.txt"))
    assert len(found) > 2
    assert all(c.text.startswith("Die Frist") and c.text.endswith("steht.") for c in found)


def test_a_paragraph_below_the_maximum_stays_whole(parse: Parse) -> None:
    text = " ".join(["wort"] * 36) + "."
    assert [c.text for c in chunks(parse(text, "a.txt"))] == [text]


def test_a_table_is_cut_between_rows(parse: Parse) -> None:
    rows = "".join(f"| Teil {n} | {n} € |\n" for n in range(40))
    found = chunks(parse(f"| Name | Preis |\n|--|--|\n{rows}", "a.md"))
    assert len(found) > 5
    assert all(c.text.startswith("Name: Teil") and c.text.endswith("€") for c in found)


@pytest.mark.parametrize("text", ["wort " * 5_000, "x" * 50_000, "a. " * 9_000, "ä" * 50_000])
def test_nothing_is_larger_than_the_maximum(parse: Parse, text: str) -> None:
    def letters(some: str) -> int:
        return len(some) // 3

    document = parse(text, "a.txt").documents[0]
    file = SourceFile(source="s", path="a", location=Path("a"), size_bytes=0, modified_ns=0)
    found = chunk_document(document, file, count_tokens=letters)
    assert all(letters(c.text) <= MAX_TOKENS for c in found)
    kept = "".join("".join(c.text.split()) for c in found)
    assert kept == "".join(document.text.split())


def test_counting_is_sparing_and_time_linear(parse: Parse) -> None:
    calls = 0

    def counted(text: str) -> int:
        nonlocal calls
        calls += 1
        return words(text) * 4 // 3

    text = ("Ein Satz mit einigen Wörtern steht hier. " * 8 + "\n\n") * 4_000
    document = parse(text, "a.txt").documents[0]
    file = SourceFile(source="s", path="a", location=Path("a"), size_bytes=0, modified_ns=0)
    before = time.process_time()
    found = chunk_document(document, file, count_tokens=counted)
    assert calls <= len(found) * 1.2 + 2
    assert time.process_time() - before < 5


def test_passages_of_every_format_are_exact(parse: Parse, make: SimpleNamespace) -> None:
    for name, data in make.everything().items():
        parsed = parse(data, name)
        for document in parsed.documents:
            for element in document.elements:
                place = element.place
                assert document.text[place.start : place.end] == element.text, name
        assert chunks(parsed), name


LINED = {
    "a.txt": "Stand 2026\n\nJeder bekommt im Jahr dreißig Tage Urlaub, die er nach Absprache\n"
    "selbst wählt und einträgt. Der Sonderurlaub beträgt bei einem Umzug einen Tag.\nAußerdem: 5",
    "a.md": "# T\n\nEin **fetter** Absatz über\nzwei Zeilen. Der Sonderurlaub ist kurz.\n\n"
    "| A | B |\n|---|---|\n| x | 1 |\n| Außerdem: | 2 |\n",
    "a.csv": "Artikel;Preis\nSäge;10\nSonderurlaub;20\nAußerdem:;30\n",
}


@pytest.mark.parametrize("name", LINED)
@pytest.mark.parametrize("words_of_it", ["Sonderurlaub", "Außerdem"])
def test_each_part_of_a_passage_knows_its_line(parse: Parse, name: str, words_of_it: str) -> None:
    source = LINED[name].split("\n")
    line = next(n for n, text in enumerate(source, 1) if words_of_it in text)
    chunk = next(c for c in chunks(parse(LINED[name], name), 90, 99) if words_of_it in c.text)
    start = chunk.place.start + chunk.text.index(words_of_it)
    assert chunk.place.part(start, start + 5).line == line
    assert chunk.place.part(chunk.place.start, chunk.place.end).line == chunk.place.line


def test_a_table_of_a_sheet_knows_its_rows(parse: Parse, make: SimpleNamespace) -> None:
    rows = "".join(make.cells(n, f"Maschine {n}", n * 10) for n in range(1, 6))
    (chunk,) = chunks(parse(make.xlsx({"Wartung": rows}), "a.xlsx"), 90, 99)
    start = chunk.place.start + chunk.text.index("Maschine 4")
    assert (chunk.place.part(start, start + 5).line, chunk.place.sheet) == (4, "Wartung")
