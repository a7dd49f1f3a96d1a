# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "openpyxl==3.1.5", "pypdfium2==5.15.2", "python-docx==1.2.0", "python-pptx==1.0.2",
# ]
# ///
"""Check that every question of the demo's golden set is true to the demo's documents.

Run it with `uv run tools/check_demo_golden.py`, or with any Python that has the packages above.
It reads the documents with other libraries than Fourfold does, so the two cannot share a mistake.
A place is a page, slide or sheet; the line on which the quote starts (of the file, or of an
e-mail's body); or, where a format has no pages, the heading above it.
"""

import email
import email.policy
import io
import json
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[1] / "src/fourfold/project/demo"
DOCUMENTS = DEMO / "documents"
GOLDEN = DEMO / "datasets/golden.jsonl"
WRAPPED_LINES = 3  # a quote may run over this many lines of a text file
RESTRICTED = "personal/"

Passage = tuple[dict[str, Any], str]


def main() -> None:
    """Print each fault and a summary; exit with 1 if there is a fault."""
    passages = read_documents()
    records = [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]
    faults = [fault for record in records for fault in check_record(record, passages)]
    faults += check_set(records)
    for fault in faults:
        print(f"FAULT {fault}")
    print_summary(records, passages)
    if faults:
        raise SystemExit(1)


def check_record(record: dict[str, Any], passages: dict[str, list[Passage]]) -> Iterator[str]:
    """What is wrong with one question."""
    name = record["id"]
    if not record["answers"]:
        yield from check_unanswerable(record, passages)
        return
    if record["document"] not in passages:
        yield f"{name}: there is no document {record['document']}"
        return
    texts = [text for place, text in passages[record["document"]] if place == record["place"]]
    quote = spaced(record["quote"])
    if not any(quote in spaced(text) for text in texts):
        yield f"{name}: the quote is not at {record['place']}"
    elif "line" in record["place"] and quote in spaced(texts[0].partition("\n")[2]):
        yield f"{name}: the quote starts on a later line"
    if not any(plain(answer) in plain(quote) for answer in record["answers"]):
        yield f"{name}: no answer is in the quote"
    restricted = record["document"].startswith(RESTRICTED)
    if restricted != (record.get("groups") == ["hr"]):
        yield f"{name}: `groups` does not fit the folder"
    elsewhere = {document for document, parts in passages.items() if holds(parts, quote)}
    if restricted and elsewhere != {record["document"]}:
        yield f"{name}: the restricted quote is also in {sorted(elsewhere)}"


def check_unanswerable(record: dict[str, Any], passages: dict[str, list[Passage]]) -> Iterator[str]:
    """An unanswerable question names terms that no document holds."""
    name = record["id"]
    if any(record[key] is not None for key in ("document", "place", "quote")):
        yield f"{name}: an unanswerable question has no document, place or quote"
    if not record.get("absent"):
        yield f"{name}: `absent` is missing"
    for term in record.get("absent", []):
        for document, parts in passages.items():
            if holds(parts, term):
                yield f"{name}: `{term}` occurs in {document}"


def check_set(records: list[dict[str, Any]]) -> Iterator[str]:
    """The set as a whole: size, balance, and no question twice."""
    answerable = [record for record in records if record["answers"]]
    if (len(records), len(answerable)) != (60, 45):
        yield f"{len(records)} questions, {len(answerable)} answerable; expected 60 and 45"
    if len({record["id"] for record in records}) < len(records):
        yield "an id occurs twice"
    if len({plain(record["question"]) for record in records}) < len(records):
        yield "a question occurs twice"
    for pair, count in language_pairs(answerable).items():
        if count < 9:
            yield f"only {count} questions for {pair}"


def language_pairs(records: list[dict[str, Any]]) -> Counter[str]:
    """How many questions ask in one language about a document in which."""
    return Counter(f"{record['language']} to {record['document_language']}" for record in records)


def print_summary(records: list[dict[str, Any]], passages: dict[str, list[Passage]]) -> None:
    answerable = [record for record in records if record["answers"]]
    asked = Counter(record["document"] for record in answerable)
    print(f"{len(records)} questions, {len(answerable)} answerable")
    for pair, count in sorted(language_pairs(answerable).items()):
        print(f"  {pair}: {count}")
    none = Counter(record["language"] for record in records if not record["answers"])
    print(f"  unanswerable: {none['de']} German, {none['en']} English")
    for document, parts in sorted(passages.items()):
        whole = parts if "line" not in parts[0][0] else [(p, t.split("\n")[0]) for p, t in parts]
        words = sum(len(text.split()) for _, text in whole)
        print(f"{asked[document]:>3} questions {words:>5} words  {document}")


def holds(parts: list[Passage], term: str) -> bool:
    """Whether a document says this, in whatever case."""
    return any(plain(term) in plain(text) for _, text in parts)


def plain(text: str) -> str:
    """Case folded, white space made one space."""
    return spaced(text.casefold())


def spaced(text: str) -> str:
    """White space made one space."""
    return " ".join(text.split())


def read_documents() -> dict[str, list[Passage]]:
    """The text of every document, in passages with their place."""
    documents = {}
    for path in sorted(DOCUMENTS.rglob("*")):
        if path.is_file():
            name = path.relative_to(DOCUMENTS).as_posix()
            documents[name] = list(read_passages(name, path.read_bytes()))
            for member, content in attachments(name, path):
                documents[member] = list(read_passages(member, content))
    return documents


def read_passages(name: str, content: bytes) -> Iterator[Passage]:
    """Passages of one document."""
    readers = {
        "pdf": read_pdf,
        "docx": read_docx,
        "pptx": read_pptx,
        "xlsx": read_xlsx,
        "html": read_html,
        "eml": read_eml,
    }
    return readers.get(name.rpartition(".")[2], read_lines)(content)


def read_pdf(content: bytes) -> Iterator[Passage]:
    import pypdfium2

    with pypdfium2.PdfDocument(content) as document:
        for number, page in enumerate(document, start=1):
            yield {"page": number}, page.get_textpage().get_text_bounded()


def read_docx(content: bytes) -> Iterator[Passage]:
    from docx import Document
    from docx.table import Table

    heading, texts = "", []
    for block in Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            texts += [" ".join(cell.text for cell in row.cells) for row in block.rows]
        elif block.style.name.startswith(("Heading", "Title")):
            yield {"heading": heading}, "\n".join(texts)
            heading, texts = block.text, []
        else:
            texts.append(block.text)
    yield {"heading": heading}, "\n".join(texts)


def read_pptx(content: bytes) -> Iterator[Passage]:
    from pptx import Presentation

    for number, slide in enumerate(Presentation(io.BytesIO(content)).slides, start=1):
        texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        tables = [shape.table for shape in slide.shapes if shape.has_table]
        texts += [cell.text for table in tables for cell in table.iter_cells()]
        if slide.has_notes_slide:
            texts.append(slide.notes_slide.notes_text_frame.text)
        yield {"slide": number}, "\n".join(texts)


def read_xlsx(content: bytes) -> Iterator[Passage]:
    from openpyxl import load_workbook

    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        values = [str(value) for row in sheet.values for value in row if value is not None]
        yield {"sheet": sheet.title}, "\n".join(values)


class Sections(HTMLParser):
    """Collects the text below each heading."""

    def __init__(self) -> None:
        super().__init__()
        self.headings = [""]
        self.texts = [""]
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A heading opens a section."""
        if tag in {"h1", "h2", "title", "style"}:
            self.inside = tag
        if tag in {"h1", "h2"}:
            self.headings.append("")
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Words of two elements do not run together, except inside a sentence."""
        if tag == self.inside:
            self.inside = ""
        elif tag in {"p", "li", "td", "th", "a"}:
            self.texts[-1] += "\n"

    def handle_data(self, data: str) -> None:
        """Text belongs to the open heading or to the section."""
        if self.inside in {"h1", "h2"}:
            self.headings[-1] += data
        elif not self.inside:
            self.texts[-1] += data


def read_html(content: bytes) -> Iterator[Passage]:
    parser = Sections()
    parser.feed(content.decode("utf-8"))
    for heading, text in zip(parser.headings, parser.texts, strict=True):
        yield {"heading": heading}, text


def read_eml(content: bytes) -> Iterator[Passage]:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    return read_lines(body.get_content().encode("utf-8"))


def read_lines(content: bytes) -> Iterator[Passage]:
    lines = content.decode("utf-8").splitlines()
    for number in range(len(lines)):
        yield {"line": number + 1}, "\n".join(lines[number : number + WRAPPED_LINES])


def attachments(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Files inside an e-mail, named as Fourfold names them: `mail.eml!/attachment.pdf`."""
    if path.suffix != ".eml":
        return
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    for part in mail.iter_attachments():
        yield f"{name}!/{part.get_filename()}", part.get_payload(decode=True)


if __name__ == "__main__":
    main()
